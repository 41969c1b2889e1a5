/** Filmstrips: which renders have one, that nothing else depends on them, how a store gets and loses them, and that they are checked. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PlanFile } from '../../data/schema.ts';
import { frameSteps, makeStrip } from '../../generator/batch/frames.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { imageFile } from '../../generator/batch/store.ts';
import { verifyStore } from '../../generator/batch/verify.ts';
import { temporaryFolder } from '../temporary.ts';
import { standInEngine } from './stand-in-engine.ts';
import { SMALL_PLAN, SMALL_PLAN_PICTURES, SMALL_PLAN_UNITS, storeHashes, storeLines, storeRenders } from './store-state.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder('frames');
});

const run = (plan: PlanFile = SMALL_PLAN) => runPlan({ plan: checkPlan(plan, 'plan.json'), folder, engine: standInEngine() });
const WITHOUT: PlanFile = { ...SMALL_PLAN, frames: 0 };
const firstStrip = () => storeLines(folder)[0].renders[0].frames?.image ?? '';

describe('the steps of a filmstrip', () => {
  it.each([
    [128, 6, [0, 3, 7, 18, 49, 128]],
    [512, 6, [0, 3, 12, 42, 147, 512]],
    [4, 6, [0, 1, 2, 3, 4]],
    [1, 16, [0, 1]],
    [128, 2, [0, 128]],
    [128, 1, [128]],
    [128, 0, []],
  ])('%j steps in %j tiles', (steps, count, expected) => {
    expect(frameSteps(steps, count)).toEqual(expected);
  });
});

describe('a filmstrip', () => {
  const plain = (size: number, colour: number[]) =>
    Uint8Array.from({ length: size * size * colour.length }, (_, i) => colour[i % colour.length]);

  it.each([
    [128, 64],
    [100, 64],
    [24, 24],
  ])('of pictures of %j px has tiles of %j px from left to right', async (size, side) => {
    const strip = await makeStrip([plain(size, [255, 0, 0]), plain(size, [0, 0, 255]), plain(size, [255, 255, 255])], size);
    const { data, info } = await sharp(strip).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([3 * side, side, 3]);
    for (const [tile, colour] of [
      [255, 0, 0],
      [0, 0, 255],
      [255, 255, 255],
    ].entries()) {
      const at = 3 * ((side / 2) * info.width + tile * side + side / 2);
      for (let k = 0; k < 3; k++) expect(Math.abs(data[at + k] - colour[k])).toBeLessThan(12);
    }
  });

  it('keeps what is transparent', async () => {
    const { channels, isOpaque } = await sharp(await makeStrip([plain(16, [9, 9, 9, 0])], 16)).stats();
    expect([channels.length, isOpaque]).toEqual([4, false]);
  });
});

describe('a store', () => {
  it('has a filmstrip for the first seed of every unit, and for no other', async () => {
    await run();
    const units = storeLines(folder);
    expect(units).toHaveLength(SMALL_PLAN_UNITS);
    for (const { renders } of units) {
      expect(renders[0].frames?.steps).toEqual(renders[0].curve.length === 3 ? [0, 1, 2, 3] : [0, 1, 2, 3, 4]);
      for (const { frames } of renders.slice(1)) expect(frames).toBeUndefined();
    }
    const { width, height } = await sharp(path.join(folder, imageFile(firstStrip()))).metadata();
    expect([width, height]).toEqual([5 * 16, 16]);
  });

  it('has the same pictures under the same keys without', async () => {
    await run();
    const pictures = () => storeRenders(folder).map(({ frames: _, ...rest }) => rest);
    const before = pictures();
    await rm(folder, { recursive: true });
    await run(WITHOUT);
    expect(storeRenders(folder).every(({ frames }) => frames === undefined)).toBe(true);
    expect(pictures()).toEqual(before);
  });

  it('without them gets them by rendering the first seeds again, and is then as if it had always had them', async () => {
    await run();
    const fresh = storeHashes(folder);
    await rm(folder, { recursive: true });
    await run(WITHOUT);
    expect(await run()).toMatchObject({ rendered: SMALL_PLAN_UNITS, reused: SMALL_PLAN_PICTURES - SMALL_PLAN_UNITS });
    expect(storeHashes(folder)).toEqual(fresh);
    expect(await run()).toMatchObject({ rendered: 0 });
  });

  it('gets other ones when the plan asks for more', async () => {
    await run({ ...SMALL_PLAN, frames: 2 });
    expect(await run()).toMatchObject({ rendered: SMALL_PLAN_UNITS });
  });

  it('loses them where the plan asks for none, without rendering anything', async () => {
    await run(WITHOUT);
    const fresh = storeHashes(folder);
    await run();
    expect(await run(WITHOUT)).toMatchObject({ rendered: 0, removed: SMALL_PLAN_UNITS });
    expect(storeHashes(folder)).toEqual(fresh);
  });

  it('makes one again that someone deleted', async () => {
    await run();
    const before = storeHashes(folder);
    await rm(path.join(folder, imageFile(firstStrip())));
    expect(await run()).toMatchObject({ rendered: 1 });
    expect(storeHashes(folder)).toEqual(before);
  });
});

describe('verify', () => {
  const problems = async () => (await verifyStore(folder)).findings.map(({ file, problem }) => `${file} ${problem}`);

  it('passes a store with filmstrips and counts them', async () => {
    await run();
    expect(await verifyStore(folder)).toMatchObject({ findings: [], images: SMALL_PLAN_PICTURES + SMALL_PLAN_UNITS });
  });

  it('finds one that is missing, altered, or named by nobody', async () => {
    await run();
    const file = imageFile(firstStrip());
    await writeFile(path.join(folder, file), 'altered');
    expect((await problems())[0]).toMatch(new RegExp(`^${file} was altered: its hash is`));
    await rm(path.join(folder, file));
    expect(await problems()).toEqual([`${file} is missing, though a record names it`]);
    await run();
    const stray = imageFile('0'.repeat(64));
    await mkdir(path.dirname(path.join(folder, stray)), { recursive: true });
    await writeFile(path.join(folder, stray), 'a strip of nobody');
    expect(await problems()).toEqual([`${stray} is named by no record`]);
  });

  it('finds a record without the frames that the plan asks for', async () => {
    await run();
    const file = path.join(folder, 'layers/late.jsonl');
    const [first, ...others] = (await readFile(file, 'utf8')).split('\n');
    const { digest: _, ...unit } = JSON.parse(first);
    delete unit.renders[0].frames;
    await writeFile(file, [JSON.stringify(unit), ...others].join('\n'));
    expect(await problems()).toContain('layers/late.jsonl channel-0, seed 0: expected frames after 0, 1, 2, 3 steps, received none');
  });
});
