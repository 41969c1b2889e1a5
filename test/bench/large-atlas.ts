/**
 * Writes an atlas of any number of units for measuring the site's build: records with measures and curves, a handful of shared pictures.
 * `node test/bench/large-atlas.ts DIR --units 100000 [--layers 50]` writes DIR/large/.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type AtlasLayer, atlas, type UnitRecord } from '../../data/schema.ts';
import { drawFrom, makePicture } from '../site/make-picture.ts';
import { renderOf } from '../site/make-store.ts';

const PICTURES = 8;
/** Side of the pictures in pixels. */
const SIZE = 96;
const STEPS = Array.from({ length: 33 }, (_, i) => 4 * i);
/** Of a layer's units, so many are random directions. */
const RANDOM_SHARE = 0.2;
const hash = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { units: { type: 'string', default: '100000' }, layers: { type: 'string', default: '50' } },
});
const [folder] = positionals;
if (!folder) throw new Error('large-atlas: expected a folder for DIR, received nothing\nRun "node test/bench/large-atlas.ts DIR".');
await writeLarge(path.join(folder, 'large'), Number(values.units), Number(values.layers));

async function writeLarge(root: string, units: number, layers: number): Promise<void> {
  mkdirSync(path.join(root, 'layers'), { recursive: true });
  const pictures = await Promise.all(Array.from({ length: PICTURES }, (_, seed) => writePicture(root, seed)));
  const each = Math.ceil(units / layers);
  const made = Array.from({ length: layers }, (_, i) => makeLayer(i, Math.min(each, units - i * each)));
  for (const [i, layer] of made.entries()) {
    const lines = unitsOf(layer, i, pictures).map((unit) => `${JSON.stringify(unit)}\n`);
    writeFileSync(path.join(root, 'layers', `${layer.slug}.jsonl`), lines.join(''));
  }
  writeFileSync(path.join(root, 'atlas.json'), JSON.stringify(makeAtlas(made)));
}

async function writePicture(root: string, seed: number): Promise<string> {
  const bytes = await makePicture({ seed, start: 0, size: SIZE, waves: 2, detail: 1 });
  const image = hash(bytes);
  mkdirSync(path.join(root, 'images', image.slice(0, 2)), { recursive: true });
  writeFileSync(path.join(root, 'images', image.slice(0, 2), `${image}.webp`), bytes);
  return image;
}

function makeLayer(index: number, units: number): AtlasLayer {
  const random = Math.round(RANDOM_SHARE * units);
  return {
    slug: `block-${index}-conv`,
    name: `block_${index}/conv`,
    tap: 'before',
    nonlinearity: 'ReLU',
    operator: 'Conv',
    shape: [units - random, 14, 14],
    receptive_field: 11 + 8 * index,
    stride: 8,
    render: renderOf(SIZE),
    units: { basis: units - random, random },
  };
}

function unitsOf(layer: AtlasLayer, depth: number, pictures: readonly string[]): UnitRecord[] {
  const [channels] = layer.shape;
  const draw = drawFrom(depth + 1);
  const share = () => Number(draw().toFixed(4));
  return Array.from({ length: channels + (layer.units.random ?? 0) }, (_, i): UnitRecord => {
    const basis = i < channels;
    const index = basis ? i : i - channels;
    const id = basis ? `channel-${index}` : `random-${index}`;
    const top = 3 + 4 * draw();
    const curve = STEPS.map((step) => Number((top * (1 - Math.exp(-step / 24))).toFixed(4)));
    return {
      id,
      arm: basis ? 'basis' : 'random',
      index,
      direction: basis
        ? { kind: 'channel', channel: index, sign: 1 }
        : { kind: 'haar', frame: 0, row: index, sha256: hash(`${layer.slug} ${id}`) },
      renders: [
        {
          seed: 0,
          key: hash(`${layer.slug} ${id} 0`),
          state: 'ok',
          image: pictures[(i + depth) % pictures.length],
          score: top,
          curve,
          curve_steps: STEPS,
        },
      ],
      measures: {
        attainment: 8 * share(),
        exceeds: 1,
        robustness: share(),
        render_identity: share(),
        natural_2afc: share(),
        synthetic_2afc: share(),
        dissection: 0.1 * share(),
      },
    };
  });
}

function makeAtlas(layers: AtlasLayer[]) {
  const plan = { atlas: 'large', model: 'large', layers: layers.map(({ slug }) => slug), arms: { basis: 'every', random: 400 } };
  return atlas.parse({
    schema: 'basis-atlas/1',
    slug: 'large',
    title: 'A large network',
    edition: 1,
    complete: true,
    model: {
      id: 'large',
      title: 'A large network',
      format: 'onnx',
      source: 'large.onnx',
      licence: 'MIT',
      weights_sha256: hash('weights'),
      size: 96,
      preprocess: { scale: [1, 1, 1], offset: [0, 0, 0] },
    },
    plan,
    plan_sha256: hash(JSON.stringify(plan)),
    layers,
    software: {
      atlas: '0.1.0',
      renderer: 1,
      node: process.version,
      runtime: 'none',
      device: 'cpu',
      threads: 2,
      platform: 'linux-x64',
    },
    created: '2026-01-02T03:04:05.000Z',
  });
}
