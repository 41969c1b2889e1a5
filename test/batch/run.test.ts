/** Running plans: what is rendered, what is reused, what is recorded, and what failures do. */
import fs, { readFile, rm, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Atlas, type PlanFile, withoutDigests } from '../../data/schema.ts';
import { sha256 } from '../../generator/batch/canonical.ts';
import type { Disk } from '../../generator/batch/disk.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { type RunRequest, runPlan } from '../../generator/batch/run.ts';
import { temporaryFolder } from '../temporary.ts';
import { standInEngine } from './stand-in-engine.ts';
import { SMALL_PLAN, SMALL_PLAN_PICTURES, storeHashes, storeLines, storeRenders, untrueRenders } from './store-state.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder('run');
});

const run = (options: Partial<RunRequest> = {}, plan: PlanFile = SMALL_PLAN) =>
  runPlan({ plan: checkPlan(plan, 'plan.json'), folder, engine: standInEngine(), ...options });
const readAtlas = async () => JSON.parse(await readFile(`${folder}/atlas.json`, 'utf8')) as Atlas;

describe('a whole run', () => {
  it('records every unit of every layer in order, each with its images', async () => {
    const result = await run();
    expect(result).toMatchObject({ rendered: SMALL_PLAN_PICTURES, reused: 0, failed: [] });
    expect(storeRenders(folder)).toHaveLength(SMALL_PLAN_PICTURES);
    expect(untrueRenders(folder)).toEqual([]);
    const early = (await readFile(`${folder}/layers/early.jsonl`, 'utf8')).trim().split('\n');
    expect(early.map((line) => JSON.parse(line).id)).toEqual([
      ...[0, 1, 2, 3, 4, 5].map((i) => `channel-${i}`),
      ...[0, 1, 2, 3, 4, 5].map((i) => `channel-${i}-negative`),
      ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `random-${i}`),
    ]);
  });

  it('describes itself in atlas.json, complete only at the end', async () => {
    const seen: boolean[] = [];
    const engine = standInEngine({ onRender: () => void readAtlas().then(({ complete }) => seen.push(complete)) });
    await run({ engine });
    const atlas = await readAtlas();
    expect(new Set(seen)).toEqual(new Set([false]));
    expect(atlas).toMatchObject({ slug: 'stand-in', title: 'Stand-in', edition: 1, complete: true });
    expect(atlas.layers.map(({ slug, units }) => [slug, units])).toEqual([
      ['early', { basis: 6, 'basis-negative': 6, random: 10 }],
      ['bottleneck', { basis: 5, 'basis-negative': 5, random: 10 }],
      ['late', { basis: 9, random: 10 }],
    ]);
  });

  it('keeps the random vectors, row after row, as their hashes say', async () => {
    await run();
    const bytes = await readFile(`${folder}/directions/early.f32`);
    expect(bytes.length).toBe(10 * 6 * 4);
    const hashes = storeLines(folder)
      .slice(0)
      .filter(({ arm, direction }) => arm === 'random' && direction.kind === 'haar')
      .map(({ direction }) => (direction.kind === 'haar' ? direction.sha256 : ''));
    for (let i = 0; i < 10; i++) expect(hashes).toContain(sha256(bytes.subarray(i * 24, i * 24 + 24)));
  });

  it('gives the same bytes whatever the batch size', async () => {
    await run({ batch: 8 });
    const whole = storeHashes(folder);
    await rm(folder, { recursive: true });
    await run({ batch: 3 });
    expect(storeHashes(folder)).toEqual(whole);
  });
});

describe('a second run', () => {
  it('renders nothing and changes no byte', async () => {
    await run();
    const before = { ...storeHashes(folder), atlas: await readFile(`${folder}/atlas.json`, 'utf8') };
    expect(await run()).toMatchObject({ rendered: 0, reused: SMALL_PLAN_PICTURES, removed: 0 });
    expect({ ...storeHashes(folder), atlas: await readFile(`${folder}/atlas.json`, 'utf8') }).toEqual(before);
  });

  it('renders anew what has another key, removes what it replaced, and starts an edition', async () => {
    await run();
    const plan = { ...SMALL_PLAN, layers: ['early', 'net/bottleneck', { layer: 'late', render: { steps: 5 } }] };
    expect(await run({}, plan)).toMatchObject({ rendered: 29, reused: SMALL_PLAN_PICTURES - 29 });
    expect(await readAtlas()).toMatchObject({ edition: 2, complete: true });
    const once = storeHashes(folder);
    await rm(folder, { recursive: true });
    await run({}, plan);
    expect(storeHashes(folder)).toEqual(once);
  });

  it('renders an image again that someone deleted', async () => {
    await run();
    const before = storeHashes(folder);
    const image = Object.keys(before).find((file) => file.startsWith('images/')) ?? '';
    await rm(`${folder}/${image}`);
    expect(await run()).toMatchObject({ rendered: 1 });
    expect(storeHashes(folder)).toEqual(before);
  });

  it('keeps measures of pictures that are as they were, and drops those of pictures that are others', async () => {
    await run();
    const file = `${folder}/layers/late.jsonl`;
    const measures = { attainment: 1, exceeds: 0, robustness: 1, render_identity: null };
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    await writeFile(file, lines.map((line) => `${JSON.stringify({ ...JSON.parse(withoutDigests(line)), measures })}\n`).join(''));
    const first = JSON.parse(lines[0]).renders[0].image as string;
    await rm(`${folder}/images/${first.slice(0, 2)}/${first}.webp`);
    const measured = async () =>
      (await readFile(file, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).measures);
    expect(await run()).toMatchObject({ rendered: 1 });
    expect(await measured()).toEqual(lines.map(() => measures));
    const text = withoutDigests(await readFile(file, 'utf8'));
    await writeFile(file, text.replace(`"image":"${first}"`, `"image":"${'0'.repeat(64)}"`));
    expect(await run()).toMatchObject({ rendered: 1 });
    expect(await measured()).toEqual([undefined, ...lines.slice(1).map(() => measures)]);
  });

  it('will not write one atlas or one network over another', async () => {
    await run();
    await expect(run({}, { ...SMALL_PLAN, atlas: 'other' })).rejects.toThrow(
      `expected the atlas "other" for atlas.json, received "stand-in"`,
    );
    await expect(run({ engine: standInEngine({ weights: 'cd'.repeat(32) }) })).rejects.toThrow('an atlas of the network with weights cdcd');
  });
});

describe('failures', () => {
  it('are recorded for the unit alone and tried again by the next run', async () => {
    const result = await run({ engine: standInEngine({ broken: ['channel-2', 'random-3'] }) });
    expect(result.failed.map(({ layer, unit, message }) => `${layer} ${unit}: ${message}`)).toContain(
      'early random-3: no picture of random-3',
    );
    expect(new Set(result.failed.map(({ unit }) => unit))).toEqual(new Set(['channel-2', 'random-3']));
    expect(await readAtlas()).toMatchObject({ complete: false });
    const again = await run();
    expect(again).toMatchObject({ rendered: result.failed.length, failed: [] });
    expect(await readAtlas()).toMatchObject({ complete: true });
  });

  it('of the disk stop the run with one error, lose nothing and leave no half files', async () => {
    await expect(run({ disk: fullDisk(30_000) })).rejects.toThrow(
      /expected room on the disk for (images|layers)\/\S+, received "ENOSPC: .*"\nFree some space and run the same command again/,
    );
    expect(untrueRenders(folder)).toEqual([]);
    expect(storeRenders(folder).length).toBeGreaterThan(0);
    expect(Object.keys(storeHashes(folder)).filter((file) => file.endsWith('.tmp') || file.endsWith('.lock'))).toEqual([]);
    await run();
    const resumed = storeHashes(folder);
    await rm(folder, { recursive: true });
    await run();
    expect(resumed).toEqual(storeHashes(folder));
  });

  it('to write at all are one error', async () => {
    const refuse = () => Promise.reject(Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' }));
    await expect(run({ disk: { ...fs, mkdir: refuse } })).rejects.toThrow(
      /expected permission to write for \., received "EROFS: .*"\nMake the folder writable/,
    );
  });
});

describe('stopping', () => {
  it('keeps the batches that are finished, and the next run goes on from them', async () => {
    const controller = new AbortController();
    let batches = 0;
    const onRender = () => void (++batches === 4 && controller.abort());
    await expect(run({ engine: standInEngine({ onRender }), signal: controller.signal })).rejects.toThrow('aborted');
    const kept = storeRenders(folder).length;
    expect(kept).toBeGreaterThanOrEqual(16);
    expect(await run()).toMatchObject({ rendered: SMALL_PLAN_PICTURES - kept, reused: kept });
  });
});

/** A disk with room for so many bytes. */
function fullDisk(room: number): Disk {
  let left = room;
  return {
    ...fs,
    async open(file, flags) {
      const handle = await fs.open(file, flags);
      const writeFile = handle.writeFile.bind(handle);
      handle.writeFile = async (data) => {
        const bytes = Buffer.from(String(data));
        const size = typeof data === 'string' ? Buffer.byteLength(data) : (data as Uint8Array).length;
        if (size <= left) {
          left -= size;
          return writeFile(data);
        }
        await writeFile(bytes.subarray(0, left));
        left = 0;
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      };
      return handle;
    },
  };
}
