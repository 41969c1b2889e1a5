/** Diverse pictures: which units have them, that nothing else depends on them, how a store gets and loses them, and that they are diverse. */

import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Atlas, type PlanFile, type RenderRecord, withoutDigests } from '../../data/schema.ts';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { imageFile } from '../../generator/batch/store.ts';
import { verifyStore } from '../../generator/batch/verify.ts';
import { labGabor, similarity } from '../../generator/measure/observer.ts';
import { readPicture } from '../../generator/measure/picture.ts';
import { tinyModel } from '../render/tiny-model.ts';
import { temporaryFolder } from '../temporary.ts';
import { standInEngine } from './stand-in-engine.ts';
import { SMALL_PLAN, SMALL_PLAN_PICTURES, SMALL_PLAN_UNITS, storeHashes, storeLines } from './store-state.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder('diverse');
});

const run = (plan: PlanFile = SMALL_PLAN) => runPlan({ plan: checkPlan(plan, 'plan.json'), folder, engine: standInEngine() });
const { diverse: _, ...WITHOUT } = SMALL_PLAN;
/** Of the eight units of the three layers that get a group of three. */
const DIVERSE = 8 * 3;
const withGroups = () => storeLines(folder).filter(({ diverse }) => diverse !== undefined);

describe('a store', () => {
  it('has a group for the first of the units that the seeds draw, of each arm and layer', async () => {
    await run();
    expect(
      withGroups()
        .map(({ arm }) => arm)
        .sort(),
    ).toEqual(['basis', 'basis', 'basis', 'basis-negative', 'basis-negative', 'random', 'random', 'random']);
    for (const { renders, diverse = [] } of withGroups()) {
      expect(renders).toHaveLength(2);
      expect(diverse.map(({ seed }) => seed)).toEqual([0, 1, 2]);
      expect(diverse.every(({ frames }) => frames === undefined)).toBe(true);
      expect(new Set([...renders, ...diverse].map(({ key }) => key)).size).toBe(5);
      expect(new Set([...renders, ...diverse].map(({ image }) => image)).size).toBe(5);
    }
  });

  it('counts its pictures in atlas.json', async () => {
    await run();
    const atlas = JSON.parse(await readFile(`${folder}/atlas.json`, 'utf8')) as Atlas;
    expect(atlas.layers.map(({ pictures }) => pictures)).toEqual([
      { renders: 28, frames: 22, diverse: 9 },
      { renders: 26, frames: 20, diverse: 9 },
      { renders: 23, frames: 19, diverse: 6 },
    ]);
  });

  it('has the same renders under the same keys without, gets groups without touching them, and loses them without rendering', async () => {
    await run(WITHOUT);
    const bare = storeHashes(folder);
    const renders = () => storeLines(folder).map((line) => line.renders);
    const before = renders();
    expect(await run()).toMatchObject({ rendered: DIVERSE, reused: SMALL_PLAN_PICTURES - DIVERSE });
    expect(renders()).toEqual(before);
    const grown = storeHashes(folder);
    expect(await run(WITHOUT)).toMatchObject({ rendered: 0, removed: DIVERSE });
    expect(storeHashes(folder)).toEqual(bare);
    await rm(folder, { recursive: true });
    await run();
    expect(storeHashes(folder)).toEqual(grown);
  });

  it('keeps the measures of units that get a group', async () => {
    await run(WITHOUT);
    const file = `${folder}/layers/late.jsonl`;
    const measures = { attainment: 1, exceeds: 0, robustness: 1, render_identity: null };
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    await writeFile(file, lines.map((line) => `${JSON.stringify({ ...JSON.parse(withoutDigests(line)), measures })}\n`).join(''));
    await run();
    const after = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(after.map((unit) => unit.measures)).toEqual(lines.map(() => measures));
    expect(after.filter(({ diverse }) => diverse)).toHaveLength(2);
  });

  it('makes a whole group again where one of its pictures is gone, and all of them for another weight', async () => {
    await run();
    const before = storeHashes(folder);
    await rm(path.join(folder, imageFile(withGroups()[0].diverse?.[1].image ?? '')));
    expect(await run()).toMatchObject({ rendered: 3 });
    expect(storeHashes(folder)).toEqual(before);
    expect(await run({ ...SMALL_PLAN, diverse: { count: 3, subset: 1, weight: 2 } })).toMatchObject({ rendered: DIVERSE });
  });

  it('records a unit whose group fails, and tries it again', async () => {
    await run();
    const early = (await readFile(`${folder}/layers/early.jsonl`, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { id } = early.find(({ diverse }) => diverse);
    await rm(folder, { recursive: true });
    const engine = standInEngine({ broken: [id] });
    const { failed } = await runPlan({ plan: checkPlan(SMALL_PLAN, 'plan.json'), folder, engine });
    expect(failed.filter(({ layer, unit }) => layer === 'early' && unit === id)).toHaveLength(5);
    expect(await run()).toMatchObject({ failed: [], rendered: failed.length });
  });
});

it('is refused beside renders that are groups themselves', async () => {
  await expect(run({ ...SMALL_PLAN, render: { group: { pictures: 2, diversity: 1 } } })).rejects.toThrow(
    /plan\.json: expected no "group" in the render settings, where "diverse" asks for groups beside the renders, for diverse, received .*\nLeave one of the two out\./,
  );
});

describe('verify', () => {
  const problems = async () => (await verifyStore(folder)).findings.map(({ file, problem }) => `${file} ${problem}`);

  it('passes a store with groups, and finds a picture of one that is altered or missing', async () => {
    await run();
    expect(await verifyStore(folder)).toMatchObject({ findings: [], images: SMALL_PLAN_PICTURES + SMALL_PLAN_UNITS });
    const file = imageFile(withGroups()[0].diverse?.[0].image ?? '');
    await writeFile(path.join(folder, file), 'altered');
    expect((await problems())[0]).toMatch(new RegExp(`^${file} was altered: its hash is`));
    await rm(path.join(folder, file));
    expect(await problems()).toEqual([`${file} is missing, though a record names it`]);
  });

  it('finds a record that lost its group, and the images that nobody names any more', async () => {
    await run();
    const file = `${folder}/layers/late.jsonl`;
    const units = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(withoutDigests(line)));
    const lost = units.find(({ diverse }) => diverse);
    const images = lost.diverse.map(({ image }: RenderRecord) => imageFile(image ?? ''));
    delete lost.diverse;
    await writeFile(file, units.map((unit) => `${JSON.stringify(unit)}\n`).join(''));
    expect(await problems()).toEqual([
      'layers/late.jsonl expected 6 diverse, as atlas.json says, received 3',
      ...images.sort().map((image: string) => `${image} is named by no record`),
    ]);
  });
});

it('a group on a real network is less alike than seeds are, and the renders beside it are those of a plan without', async () => {
  const engine = { ...openEngine(), openModel: async () => tinyModel() };
  const plan: PlanFile = {
    atlas: 'tiny',
    model: 'tiny',
    layers: ['second'],
    arms: { basis: 3, random: 3 },
    seeds: { count: 3, subset: 3 },
    render: { size: 32, steps: 48, pad: 2, jitter: 2, final_jitter: 1, redirect_steps: 2 },
  };
  const render = (file: PlanFile, name: string) =>
    runPlan({ plan: checkPlan(file, 'plan.json'), folder: path.join(folder, name), engine, runtime: { threads: 1 } });
  await render(plan, 'without');
  const summary = await render({ ...plan, diverse: { count: 3, subset: 3 } }, 'with');
  expect(summary).toMatchObject({ failed: [], diverged: 0, rendered: 2 * 3 * 2 * 3 });
  const store = path.join(folder, 'with');
  const units = storeLines(store);
  expect(units.map(({ renders }) => renders)).toEqual(storeLines(path.join(folder, 'without')).map(({ renders }) => renders));
  const likeness = async (records: readonly RenderRecord[] = []) => {
    const views = await Promise.all(
      records.map(async ({ image = '' }) => labGabor.describe(await readPicture(path.join(store, imageFile(image))))),
    );
    return (similarity(views[0], views[1]) + similarity(views[0], views[2]) + similarity(views[1], views[2])) / 3;
  };
  for (const { id, renders, diverse } of units) expect(await likeness(diverse), id).toBeLessThan((await likeness(renders)) - 0.01);
});
