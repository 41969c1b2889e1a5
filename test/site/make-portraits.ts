/** Portraits for the fixture store: examples with fields, neighbours and weights that name its own units. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AtlasLayer, Example, Portrait, UnitRecord } from '../../data/schema.ts';
import { drawFrom, makePicture } from './make-picture.ts';

const EXAMPLES = 12;

/** Writes portraits/<layer>.jsonl for every layer; the same settings give the same files. */
export async function makePortraits(root: string, layers: readonly AtlasLayer[], units: ReadonlyMap<string, readonly UnitRecord[]>) {
  const images = await makeExamples(root);
  await mkdir(join(root, 'portraits'), { recursive: true });
  for (const [depth, layer] of layers.entries()) {
    const records = units.get(layer.slug) ?? [];
    const below = layers[depth - 1];
    const lines = records.map((record, i): Portrait => {
      const draw = drawFrom(depth * 1000 + i);
      const near = (step: number) =>
        records.slice(0, 5).flatMap((_, n) => {
          const other = records[(i + (n + 1) * step) % records.length];
          return other && other !== record ? [{ layer: layer.slug, id: other.id, similarity: Number((0.95 - 0.1 * n).toFixed(2)) }] : [];
        });
      const side = Math.min(1, layer.receptive_field / layer.render.size);
      const example = (n: number, score: number): Example => {
        const [x, y] = [draw() * (1 - side), draw() * (1 - side)];
        const image = images[(i + n) % images.length] ?? '';
        return { image, number: (i + n) % images.length, score, box: [x, y, side, side] };
      };
      const read = {
        value: `${layer.name}/input`,
        ...(below ? { layer: below.slug } : {}),
        through: ['Conv', 'Conv', 'Add'],
        size: [3, 3] as [number, number],
        channels: [0, 2, 3].map((channel) => {
          const kernel = Array.from({ length: 9 }, () => Number((draw() - 0.5).toFixed(3)));
          return { channel, weight: Number(kernel.reduce((a, b) => a + b, 0).toFixed(3)), kernel };
        }),
      };
      const feed = {
        value: 'a/later/layer',
        through: [],
        size: [1, 1] as [number, number],
        channels: [{ channel: 7, weight: -0.25 }],
      };
      return {
        id: record.id,
        top: [4.2, 3.9, 3.1].map((score, n) => example(n, score)),
        middle: [0.1, -0.1].map((score, n) => example(n + 4, score)),
        near: { response: near(1), look: near(3) },
        reads: [read],
        feeds: [feed],
      };
    });
    await writeFile(join(root, 'portraits', `${layer.slug}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
}

async function makeExamples(root: string): Promise<string[]> {
  const hashes: string[] = [];
  for (let i = 0; i < EXAMPLES; i++) {
    const bytes = await makePicture({ seed: 9000 + i, start: 0, size: 96, waves: 2, detail: 1 });
    const image = createHash('sha256').update(bytes).digest('hex');
    await mkdir(join(root, 'images', image.slice(0, 2)), { recursive: true });
    await writeFile(join(root, 'images', image.slice(0, 2), `${image}.webp`), bytes);
    hashes.push(image);
  }
  return hashes;
}
