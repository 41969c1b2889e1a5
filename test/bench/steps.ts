/**
 * Fewer steps for the same picture: `node test/bench/steps.ts FOLDER [LAYER …]`. Units of four layers of the default model, half channels and half
 * random directions, by Lucid's preset, the default and `vivid`; of the first four also by 512 steps of our own. Each picture as published is scored
 * under the held-out transformations, less the images' mean. Pictures are kept in FOLDER, so that a run goes on where one ended, and
 * several, of a layer each, share it. Prints a row for each layer and preset of the units that all have, and makes the contact sheet, FOLDER/steps.webp.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import type { Plan, RenderSettings } from '../../data/schema.ts';
import { HaarFrames, placeOf } from '../../generator/batch/haar.ts';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { encodePicture } from '../../generator/batch/picture.ts';
import { heldOutTransforms } from '../../generator/measure/held-out-transforms.ts';
import { openImages } from '../../generator/measure/images/open-images.ts';
import { readPicture } from '../../generator/measure/picture.ts';
import { dot, pooledRows } from '../../generator/measure/pooled-rows.ts';
import { RandomStream } from '../../generator/render/random.ts';
import type { Probe, RenderJob } from '../../generator/render/renderer.ts';

/** `IMAGES` are those whose mean is taken off. */
const [SIZE, BATCH, IMAGES, RESAMPLES] = [128, 4, 600, 10_000];
/** Units of an arm in each layer. */
const UNITS = 8;
const LAYERS = ['expanded-conv-3-expand', 'expanded-conv-6-expand', 'expanded-conv-13-expand', 'conv-1'];
const SETTINGS: Readonly<Record<string, Plan['render']>> = {
  lucid: { preset: 'lucid' },
  own: { preset: 'atlas', steps: 512 },
  atlas: { preset: 'atlas' },
  vivid: { preset: 'vivid' },
};
const ROWS = Object.keys(SETTINGS);

/** How often each setting renders pictures that are timed, by turns. */
const ROUNDS = 3;

const [folder, ...asked] = process.argv.slice(2);
if (!folder) throw new Error('steps.ts: expected a folder for FOLDER, received nothing\nRun "node test/bench/steps.ts FOLDER".');
await mkdir(folder, { recursive: true });
const engine = openEngine();
const model = await engine.openModel('coco-ssd-mobilenet-v2');
const runtime = await engine.openRuntime({ threads: 1 });
const transforms = heldOutTransforms(SIZE);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const pictureOf = (slug: string, unit: string, row: string) => path.join(folder, `${slug}-${unit}-${row}.webp`);

/** Seeded channels and the first random directions, each arm's next two by turns: a batch is half one and half the other. */
function listJobs(slug: string): RenderJob[] {
  const layer = engine.findLayer(model, slug, SIZE);
  const channels = layer.shape[0];
  const order = new RandomStream('steps', slug).permutation(channels);
  const frames = new HaarFrames(model.weightsSha256, layer.name, channels);
  const channelJob = (i: number) => ({
    unit: `channel-${order[i]}`,
    direction: new Float32Array(channels).fill(1, order[i], order[i] + 1),
  });
  const randomJob = (i: number) => ({ unit: `random-${i}`, direction: frames.row(placeOf(i, channels)) });
  return Array.from({ length: UNITS / 2 }, (_, i) => [2 * i, 2 * i + 1])
    .flatMap((pair) => [...pair.map(channelJob), ...pair.map(randomJob)])
    .map((job) => ({ ...job, seed: 0 }));
}

/** The layer's mean activation over generated images, `[C]`. */
async function meanRow(probe: Probe): Promise<Float64Array> {
  const images = await openImages({ size: SIZE, n: IMAGES, cache: path.join(folder ?? '', 'images'), minimum: 1 });
  const sum = new Float64Array(probe.layer.shape[0]);
  const pictures = async function* () {
    for (let i = 0; i < images.n; i++) yield await images.picture(i);
  };
  for await (const rows of pooledRows(probe, pictures())) for (let i = 0; i < rows.length; i++) sum[i % sum.length] += rows[i] / images.n;
  return sum;
}

async function renderLayer(slug: string): Promise<void> {
  const jobs = listJobs(slug);
  for (let from = 0; from < jobs.length; from += BATCH) {
    const part = jobs.slice(from, from + BATCH);
    for (const row of ROWS) {
      if ((row === 'own' && from > 0) || part.every(({ unit }) => existsSync(pictureOf(slug, unit, row)))) continue;
      const renderer = await openRenderer(slug, engine.resolveSettings(SETTINGS[row]));
      for (const [k, { pixels }] of (await renderer.render(part)).entries()) {
        const file = pictureOf(slug, part[k].unit, row);
        await writeFile(`${file}.part`, await encodePicture(pixels, SIZE));
        await rename(`${file}.part`, file);
      }
      await renderer.dispose();
      console.log(`${slug}: units ${from} to ${from + part.length - 1} by ${row}`);
    }
  }
}

const openRenderer = (slug: string, settings: RenderSettings) =>
  engine.openRenderer({ model, runtime, layer: engine.findLayer(model, slug, SIZE).name, settings, batch: BATCH });

/** What the units' pictures score by a setting, `[unit]`. */
async function scoreRow(slug: string, row: string, jobs: readonly RenderJob[], probe: Probe, centre: Float64Array): Promise<number[]> {
  const scores: number[] = [];
  for (const { unit, direction } of jobs) {
    const seen = await readPicture(pictureOf(slug, unit, row));
    const pictures = transforms.map((transform) => transform.apply(seen));
    for await (const rows of pooledRows(probe, pictures))
      scores.push(mean(transforms.map((_, t) => dot(direction, rows, t * centre.length))) - dot(direction, centre, 0));
  }
  return scores;
}

/** A processor's time for a picture by a setting, from its start to its pixels, as a share of that for 512 steps of our own: medians of renders by turns. */
async function timeShares(slug: string): Promise<Map<string, number>> {
  const jobs = listJobs(slug).slice(0, BATCH);
  const timed = await Promise.all(
    ROWS.map(async (row) => {
      const settings = engine.resolveSettings(SETTINGS[row]);
      return { row, renderer: await openRenderer(slug, settings), times: [] as number[] };
    }),
  );
  for (let round = -1; round < ROUNDS; round++)
    for (const { renderer, times } of timed) {
      const before = process.cpuUsage();
      await renderer.render(jobs);
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) times.push(user + system);
    }
  await Promise.all(timed.map(({ renderer }) => renderer.dispose()));
  const cost = new Map(timed.map(({ row, times }) => [row, times.sort((a, b) => a - b)[ROUNDS >> 1]]));
  return new Map([...cost].map(([row, of]) => [row, of / (cost.get('own') ?? 0)]));
}

/** Mean of `ours` over mean of `theirs`, with the middle 95% of what other draws of the units would give. */
function ratio(ours: readonly number[], theirs: readonly number[]): string {
  const stream = new RandomStream('steps', 'bootstrap');
  const drawn = Array.from({ length: RESAMPLES }, () => {
    const units = ours.map(() => stream.below(ours.length));
    return mean(units.map((i) => ours[i])) / mean(units.map((i) => theirs[i]));
  }).sort((a, b) => a - b);
  const [low, high] = [0.025, 0.975].map((share) => drawn[Math.floor(share * RESAMPLES)].toFixed(2));
  return `${(mean(ours) / mean(theirs)).toFixed(3)} (${low}–${high})`;
}

async function printRows(slug: string): Promise<void> {
  const layer = engine.findLayer(model, slug, SIZE);
  const probe = await engine.openProbe({
    model,
    runtime,
    layer: layer.name,
    settings: engine.resolveSettings({ preset: 'atlas' }),
    batch: 8,
  });
  const centre = await meanRow(probe);
  const shares = await timeShares(slug);
  for (const row of ROWS.filter((name) => name !== 'lucid')) {
    const jobs = listJobs(slug).filter(({ unit }) => [row, 'lucid', 'atlas', 'vivid'].every((of) => existsSync(pictureOf(slug, unit, of))));
    const arms = [jobs.filter(({ unit }) => unit.startsWith('channel')), jobs.filter(({ unit }) => unit.startsWith('random'))];
    const cells: string[] = [];
    for (const arm of arms)
      cells.push(ratio(await scoreRow(slug, row, arm, probe, centre), await scoreRow(slug, 'lucid', arm, probe, centre)));
    console.log(`| ${slug} | ${row} | ${arms[0].length} + ${arms[1].length} | ${cells.join(' | ')} | ${shares.get(row)?.toFixed(3)} |`);
  }
  await probe.dispose();
}

/** A row for each setting; of each layer two channels and two random directions. */
async function makeSheet(): Promise<void> {
  const side = SIZE + 2;
  const tiles = LAYERS.flatMap((slug, l) =>
    listJobs(slug)
      .slice(0, BATCH)
      .flatMap(({ unit }, k) =>
        ROWS.map((row, y) => ({ input: pictureOf(slug, unit, row), left: (l * BATCH + k) * side + 6 * l, top: y * side })),
      ),
  );
  const [width, height] = [LAYERS.length * BATCH * side + 6 * (LAYERS.length - 1), ROWS.length * side];
  await sharp({ create: { width, height, channels: 3, background: 'white' } })
    .composite(tiles)
    .webp({ quality: 65, effort: 6, smartSubsample: true })
    .toFile(path.join(folder ?? '', 'steps.webp'));
}

const slugs = asked.length > 0 ? asked : LAYERS;
for (const slug of slugs) await renderLayer(slug);
for (const slug of slugs) await printRows(slug);
const first = LAYERS.flatMap((slug) =>
  listJobs(slug)
    .slice(0, BATCH)
    .map(({ unit }) => ({ slug, unit })),
);
if (first.every(({ slug, unit }) => ROWS.every((row) => existsSync(pictureOf(slug, unit, row))))) await makeSheet();
