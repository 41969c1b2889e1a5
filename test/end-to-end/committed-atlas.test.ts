/** The committed atlas is what the committed code makes of the committed plan. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readLines } from '../../generator/batch/journal.ts';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { encodePicture } from '../../generator/batch/picture.ts';
import { pictureDistance, SAME_PICTURE } from '../../generator/batch/picture-distance.ts';
import { readPlan } from '../../generator/batch/plan.ts';
import { imageFile, readAtlas } from '../../generator/batch/store.ts';
import { verifyStore } from '../../generator/batch/verify.ts';
import { listTasks, listWork } from '../../generator/batch/work.ts';
import { RandomStream } from '../../generator/render/random.ts';
import { defaultModel } from '../requires.ts';

const PROJECT = path.resolve(import.meta.dirname, '..', '..');
const FOLDER = path.join(PROJECT, 'data', 'atlases', 'coco-ssd-mobilenet-v2');
const PLAN = path.join(PROJECT, 'data', 'plans', 'default.json');

async function recordsOf(layer: string) {
  return readLines(await readFile(path.join(FOLDER, 'layers', `${layer}.jsonl`)), layer).lines;
}

test('its files are whole', async () => {
  const { layers, units, findings } = await verifyStore(FOLDER);
  expect(findings).toEqual([]);
  expect(layers).toBeGreaterThanOrEqual(3);
  expect(units).toBeGreaterThan(500);
});

test('its records are complete, and their keys are those of the plan and of this code', async (context) => {
  await defaultModel(context);
  const plan = await readPlan(PLAN);
  const atlas = await readAtlas(FOLDER);
  expect(atlas).toMatchObject({ complete: true, plan_sha256: plan.sha256 });
  const engine = openEngine();
  const model = await engine.openModel(plan.plan.model);
  for (const work of listWork(plan, model, engine)) {
    const keys = (await recordsOf(work.layer.slug)).flatMap(({ id, renders }) => renders.map(({ seed, key }) => `${id} ${seed} ${key}`));
    expect(keys).toEqual(listTasks(work, model).map(({ unit, seed, key }) => `${unit.id} ${seed} ${key}`));
  }
});

test('a sample of its pictures, rendered again, is as near as rounding lets it be', async (context) => {
  await defaultModel(context);
  const plan = await readPlan(PLAN);
  const engine = openEngine();
  const model = await engine.openModel(plan.plan.model);
  const runtime = await engine.openRuntime({});
  const distances: number[] = [];
  for (const { layer, settings, units } of listWork(plan, model, engine)) {
    const records = await recordsOf(layer.slug);
    const order = new RandomStream('committed-atlas', layer.slug).permutation(units.length);
    const picked = [...order.subarray(0, 2)].map((i) => units[i]);
    const seed = picked[0].seeds[0];
    const renderer = await engine.openRenderer({ model, runtime, layer: layer.name, settings, batch: 2 });
    const rendered = await renderer.render(picked.map(({ id, vector }) => ({ unit: id, direction: vector, seed })));
    for (const [i, { pixels }] of rendered.entries()) {
      const published = records.find(({ id }) => id === picked[i].id)?.renders.find((render) => render.seed === seed)?.image;
      const distance = await pictureDistance(await encodePicture(pixels, settings.size), path.join(FOLDER, imageFile(published ?? '')));
      expect(distance, `${layer.slug} ${picked[i].id}`).toBeLessThan(SAME_PICTURE.largest);
      distances.push(distance);
    }
    await renderer.dispose();
  }
  expect(distances).toHaveLength(14);
  expect(distances.toSorted((a, b) => a - b)[7]).toBeLessThan(SAME_PICTURE.median);
}, 240_000);
