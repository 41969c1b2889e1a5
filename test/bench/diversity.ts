/**
 * What a weight of the diversity does: `node test/bench/diversity.ts FOLDER [WEIGHT …]`. Four seeded units of three layers of the default model, four
 * pictures each: apart from four seeds, then together at each weight. Mean score as published (of the objective, not of the diversity), how alike a
 * unit's pictures are to the hand-built observer, milliseconds a picture; and a sheet a layer to look at, a row for each unit and weight.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { labGabor, similarity } from '../../generator/measure/observer.ts';
import { RandomStream } from '../../generator/render/random.ts';
import type { RenderJob } from '../../generator/render/renderer.ts';

const [folder, ...given] = process.argv.slice(2);
if (!folder) throw new Error('diversity.ts: expected a folder for FOLDER, received nothing\nRun "node test/bench/diversity.ts FOLDER".');
const WEIGHTS = given.length > 0 ? given.map(Number) : [0.25, 0.5, 1, 2, 4];
const [UNITS, PICTURES, SIZE] = [4, 4, 128];
await mkdir(folder, { recursive: true });

const engine = openEngine();
const model = await engine.openModel('coco-ssd-mobilenet-v2');
const runtime = await engine.openRuntime({});
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

for (const slug of ['expanded-conv-3-expand', 'expanded-conv-6-expand', 'expanded-conv-13-expand']) {
  const layer = engine.findLayer(model, slug, SIZE);
  const channels = [...new RandomStream('diversity', slug).permutation(layer.shape[0]).subarray(0, UNITS)];
  const jobsOf = (channel: number): RenderJob[] =>
    Array.from({ length: PICTURES }, (_, seed) => {
      const direction = new Float32Array(layer.shape[0]);
      direction[channel] = 1;
      return { unit: `channel-${channel}`, direction, seed };
    });
  const sheet: { input: Buffer; left: number; top: number; raw: { width: number; height: number; channels: 3 } }[] = [];
  for (const [row, weight] of [0, ...WEIGHTS].entries()) {
    const group = weight > 0 ? { group: { pictures: PICTURES, diversity: weight } } : {};
    const settings = engine.resolveSettings({ preset: 'atlas', size: SIZE, steps: 128 }, group);
    const request = { model, runtime, layer: layer.name, settings };
    const renderer = await engine.openRenderer({ ...request, batch: 2 * PICTURES });
    const probe = await engine.openProbe({ ...request, batch: 1 });
    const [scores, likenesses]: number[][] = [[], []];
    let milliseconds = 0;
    for (let u = 0; u < UNITS; u += 2) {
      const jobs = [channels[u], channels[u + 1]].flatMap(jobsOf);
      const start = performance.now();
      const ordered = weight > 0 ? [jobs] : Array.from({ length: PICTURES }, (_, seed) => jobs.filter((job) => job.seed === seed));
      const made = new Map<RenderJob, Uint8Array>();
      for (const list of ordered) for (const [i, { pixels }] of (await renderer.render(list)).entries()) made.set(list[i], pixels);
      milliseconds += performance.now() - start;
      for (const [k, job] of jobs.entries()) {
        const pixels = made.get(job) ?? new Uint8Array();
        const planar = Float32Array.from(
          { length: pixels.length },
          (_, i) => pixels[(i % SIZE ** 2) * 3 + Math.floor(i / SIZE ** 2)] / 255,
        );
        const pooled = await probe.pooled(planar, 1);
        scores.push(job.direction.reduce((sum, d, c) => sum + d * pooled[c], 0));
        const unit = u + Math.floor(k / PICTURES);
        const place = {
          left: (unit % 2) * (PICTURES * (SIZE + 2) + 12) + (k % PICTURES) * (SIZE + 2),
          top: (Math.floor(unit / 2) * (WEIGHTS.length + 1) + row) * (SIZE + 2),
        };
        sheet.push({ input: Buffer.from(pixels), ...place, raw: { width: SIZE, height: SIZE, channels: 3 } });
      }
      for (let g = 0; g < jobs.length; g += PICTURES) {
        const views = jobs
          .slice(g, g + PICTURES)
          .map((job) => labGabor.describe({ pixels: made.get(job) ?? new Uint8Array(), size: SIZE }));
        likenesses.push(mean(views.flatMap((a, i) => views.slice(i + 1).map((b) => similarity(a, b)))));
      }
    }
    await renderer.dispose();
    await probe.dispose();
    console.log(
      `${slug}, ${weight > 0 ? `weight ${weight}` : 'four seeds apart'}: score ${mean(scores).toFixed(2)}, alike ${mean(likenesses).toFixed(3)}, ${(milliseconds / UNITS / PICTURES).toFixed(0)} ms a picture`,
    );
  }
  const [width, height] = [2 * PICTURES * (SIZE + 2) + 12, 2 * (WEIGHTS.length + 1) * (SIZE + 2)];
  await sharp({ create: { width, height, channels: 3, background: 'black' } })
    .composite(sheet)
    .png()
    .toFile(path.join(folder, `${slug}.png`));
}
