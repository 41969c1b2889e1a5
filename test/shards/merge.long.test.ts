/** Merging the stores of shards: the atlas of one run, whatever happens on the way. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import fs, { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Atlas, type PlanFile, parseSealed, type UnitRecord } from '../../data/schema.ts';
import { sha256 } from '../../generator/batch/canonical.ts';
import type { Disk } from '../../generator/batch/disk.ts';
import { imageFile } from '../../generator/batch/store.ts';
import { verifyStore } from '../../generator/batch/verify.ts';
import { standInEngine } from '../batch/stand-in-engine.ts';
import { SMALL_PLAN, SMALL_PLAN_PICTURES, storeHashes, storeRenders, untrueRenders } from '../batch/store-state.ts';
import { temporaryFolder } from '../temporary.ts';
import { merge, renderShard, renderShards } from './stand-in-shards.ts';

/** What every test starts from: an atlas of one run, and the same in three shards. */
let whole: string;
let shards: string[];
let folder: string;
let merged: string;

beforeAll(async () => {
  const fixed = temporaryFolder('merge-fixed');
  whole = `${fixed}/whole`;
  await renderShard(whole, { index: 0, of: 0 });
  shards = await renderShards(fixed, 3);
});
beforeEach(() => {
  folder = temporaryFolder('merge');
  merged = `${folder}/merged`;
});

/** Without the digest, which is of its time too. */
const atlasOf = (store: string) => parseSealed(readFileSync(`${store}/atlas.json`, 'utf8')) as Atlas;
/** The shards as they are, but one, which is a copy to be changed. */
function copyOf(index: number): { stores: string[]; copy: string } {
  const copy = `${folder}/copy`;
  cpSync(shards[index - 1], copy, { recursive: true });
  return { stores: shards.map((store, i) => (i === index - 1 ? copy : store)), copy };
}
function changeAtlas(store: string, change: (atlas: Atlas) => void): void {
  const atlas = atlasOf(store);
  change(atlas);
  writeFileSync(`${store}/atlas.json`, JSON.stringify(atlas));
}
/** Changes the first record that has a render, and says whose. */
function changeRecord(store: string, change: (record: UnitRecord) => void): { layer: string; record: UnitRecord } {
  const file = glob.sync('layers/*.jsonl', { cwd: store }).sort()[0];
  const lines = readFileSync(`${store}/${file}`, 'utf8').trimEnd().split('\n');
  const i = lines.findIndex((line) => (JSON.parse(line) as UnitRecord).renders.length > 0);
  const record = parseSealed(lines[i]) as UnitRecord;
  const before = structuredClone(record);
  change(record);
  lines[i] = JSON.stringify(record);
  writeFileSync(`${store}/${file}`, `${lines.join('\n')}\n`);
  return { layer: path.basename(file, '.jsonl'), record: before };
}
function putImage(store: string, bytes: Buffer): string {
  const hash = sha256(bytes);
  mkdirSync(path.dirname(`${store}/${imageFile(hash)}`), { recursive: true });
  writeFileSync(`${store}/${imageFile(hash)}`, bytes);
  return hash;
}
const sameAsWhole = () => {
  expect(storeHashes(merged)).toEqual(storeHashes(whole));
  expect({ ...atlasOf(merged), created: '' }).toEqual({ ...atlasOf(whole), created: '' });
};

describe('an atlas in shards', () => {
  it.each([1, 2, 3, 7])('of %i is the atlas of one run, every byte but the time in atlas.json', async (of) => {
    const stores = of === 3 ? shards : await renderShards(folder, of);
    expect(await merge(stores, merged)).toMatchObject({ copied: SMALL_PLAN_PICTURES, reused: 0, missing: 0, failed: [], damaged: [] });
    sameAsWhole();
    expect((await verifyStore(merged)).findings).toEqual([]);
    const before = await readFile(`${merged}/atlas.json`, 'utf8');
    expect(await renderShard(merged, { index: 0, of: 0 })).toMatchObject({ rendered: 0, reused: SMALL_PLAN_PICTURES });
    expect(await merge(stores, merged)).toMatchObject({ copied: 0, reused: SMALL_PLAN_PICTURES });
    expect(await readFile(`${merged}/atlas.json`, 'utf8')).toBe(before);
  });

  it('has its pictures once in all stores, and each store says what it is', async () => {
    const keys = shards.flatMap((store) => storeRenders(store).map(({ key }) => key));
    expect(new Set(keys).size).toBe(SMALL_PLAN_PICTURES);
    expect(keys.length).toBe(SMALL_PLAN_PICTURES);
    for (const [i, store] of shards.entries()) {
      const { complete, shard } = atlasOf(store);
      expect(complete).toBe(false);
      expect(shard).toMatchObject({ index: i + 1, of: 3, complete: true, costs: { early: 1, bottleneck: 1, late: 1 } });
      expect(shard?.pictures[i]).toBe(storeRenders(store).length);
      expect((await verifyStore(store)).findings).toEqual([]);
    }
  });

  it('is found short by verify where a line of a shard is lost', async () => {
    const { copy } = copyOf(2);
    const file = glob.sync('layers/*.jsonl', { cwd: copy })[0];
    writeFileSync(`${copy}/${file}`, readFileSync(`${copy}/${file}`, 'utf8').split('\n').slice(1).join('\n'));
    const { findings } = await verifyStore(copy);
    expect(findings.map(({ file, problem }) => `${file}: ${problem}`)).toContainEqual(
      expect.stringMatching(/^atlas\.json: expected \d+ pictures of shard 2\/3, received \d+$/),
    );
  });

  it('goes into a store of its own alone', async () => {
    const { copy } = copyOf(1);
    await expect(renderShard(copy, { index: 2, of: 3 })).rejects.toThrow('expected shard 2/3 for atlas.json, received "shard 1/3"');
    await expect(renderShard(copy, { index: 0, of: 0 })).rejects.toThrow(
      'expected an atlas that is no shard for atlas.json, received "shard 1/3"',
    );
    await expect(renderShard(whole, { index: 1, of: 3 })).rejects.toThrow(
      'expected shard 1/3 for atlas.json, received "an atlas that is no shard"',
    );
    await expect(merge(shards.slice(1), copy, { partial: true })).rejects.toThrow('received "shard 1/3"');
    expect(await renderShard(copy, { index: 1, of: 3 })).toMatchObject({ rendered: 0, reused: storeRenders(shards[0]).length });
  });

  it('replaces an earlier edition as a run does, and leaves what it still has', async () => {
    const earlier: PlanFile = { ...SMALL_PLAN, layers: ['early', 'net/bottleneck', { layer: 'late', render: { steps: 5 } }] };
    for (const store of [merged, `${folder}/run`]) await renderShard(store, { index: 0, of: 0 }, {}, earlier);
    expect(await merge(shards, merged)).toMatchObject({ copied: 29, reused: SMALL_PLAN_PICTURES - 29 });
    await renderShard(`${folder}/run`, { index: 0, of: 0 });
    expect(storeHashes(merged)).toEqual(storeHashes(`${folder}/run`));
    expect(atlasOf(merged)).toMatchObject({ edition: 2, complete: true });
  });
});

describe('what is missing', () => {
  it('is named with the shards that should have it, and nothing is written', async () => {
    const { copy } = copyOf(3);
    changeAtlas(copy, ({ shard }) => shard && Object.assign(shard, { complete: false }));
    for (const file of glob.sync('layers/*.jsonl', { cwd: copy })) writeFileSync(`${copy}/${file}`, '');
    const counts = shards.map((store) => storeRenders(store).length);
    await expect(merge([shards[0], copy], merged)).rejects.toThrow(
      `${merged}: expected every picture of the plan for the stores, received "${counts[1] + counts[2]} too few"\n` +
        `Missing are ${counts[1]} of shard 2/3 (its store was not given), ${counts[2]} of shard 3/3 (${copy} is not finished). Render them, or merge what there is with --partial.`,
    );
    expect(storeHashes(merged)).toEqual({});
  });

  it('is counted by layer where the stores are of no one division', async () => {
    const [half] = await renderShards(folder, 2);
    await expect(merge([shards[0], half], merged)).rejects.toThrow(/Missing are \d+ of bottleneck, \d+ of late\. Render them/);
  });

  it('is left out on demand, and rendered by a run of the plan', async () => {
    const first = storeRenders(shards[0]).length;
    expect(await merge([shards[0]], merged, { partial: true })).toMatchObject({ copied: first, missing: SMALL_PLAN_PICTURES - first });
    expect(atlasOf(merged)).toMatchObject({ complete: false });
    expect((await verifyStore(merged)).findings).toEqual([]);
    expect(untrueRenders(merged)).toEqual([]);
    expect(await merge([shards[2]], merged, { partial: true })).toMatchObject({ reused: first });
    const second = storeRenders(shards[1]).length;
    expect(await renderShard(merged, { index: 0, of: 0 })).toMatchObject({ rendered: second, reused: SMALL_PLAN_PICTURES - second });
    sameAsWhole();
  });

  it('is nothing where a picture failed: that is recorded, as by a run', async () => {
    const engine = standInEngine({ broken: ['channel-2'] });
    for (const index of [1, 2]) await renderShard(`${folder}/${index}`, { index, of: 2 }, { engine });
    const { failed } = await merge([`${folder}/1`, `${folder}/2`], merged);
    expect(new Set(failed.map(({ unit }) => unit))).toEqual(new Set(['channel-2']));
    expect(atlasOf(merged).complete).toBe(false);
    await renderShard(`${folder}/run`, { index: 0, of: 0 }, { engine });
    expect(storeHashes(merged)).toEqual(storeHashes(`${folder}/run`));
    expect(await merge([...shards, `${folder}/1`], merged)).toMatchObject({ failed: [], copied: failed.length });
    sameAsWhole();
  });
});

describe('stores that disagree', () => {
  it('on an image under one key are named with both hashes, and nothing is written unless one is preferred', async () => {
    const { copy } = copyOf(1);
    const other = putImage(copy, readFileSync(path.join(whole, glob.sync('images/*/*', { cwd: whole })[0])).subarray(1));
    const { layer, record } = changeRecord(copy, ({ renders }) => Object.assign(renders[0], { image: other }));
    await expect(merge([...shards, copy], merged)).rejects.toThrow(
      `${layer} ${record.id}, seed 0: expected one image under one key for ${shards[0]} (${record.renders[0].image}) and ${copy} (${other}), received "two"\nNothing was written.`,
    );
    expect(storeHashes(merged)).toEqual({});
    await merge([...shards, copy], merged, { prefer: shards[0] });
    sameAsWhole();
    await merge([...shards, copy], `${folder}/believed`, { prefer: copy });
    expect(storeHashes(`${folder}/believed`)).toHaveProperty([imageFile(other)]);
    await expect(merge([...shards.slice(1), copy], merged)).rejects.toThrow(
      `for ${copy} (${other}) and ${merged} (${record.renders[0].image})`,
    );
    await merge([...shards.slice(1), copy], merged, { prefer: copy });
    expect(storeHashes(merged)).toEqual(storeHashes(`${folder}/believed`));
  });

  it('on a filmstrip are too', async () => {
    const { copy } = copyOf(1);
    const other = putImage(copy, Buffer.from('another strip'));
    changeRecord(copy, ({ renders: [{ frames }] }) => frames && Object.assign(frames, { image: other }));
    await expect(merge([...shards, copy], merged)).rejects.toThrow('expected one filmstrip under one key');
  });

  it('on a key are refused by name', async () => {
    const { stores, copy } = copyOf(1);
    const { layer, record } = changeRecord(copy, ({ renders }) => Object.assign(renders[0], { key: 'cd'.repeat(32) }));
    await expect(merge(stores, merged)).rejects.toThrow(
      `${copy}, ${layer} ${record.id}, seed 0: expected the key ${record.renders[0].key} for its record, received "${'cd'.repeat(32)}"`,
    );
    expect(storeHashes(merged)).toEqual({});
  });

  it.each([
    ['the atlas', (atlas: Atlas) => Object.assign(atlas, { slug: 'other' })],
    ['plan_sha256', (atlas: Atlas) => Object.assign(atlas, { plan_sha256: 'ef'.repeat(32) })],
    ['model.weights_sha256', ({ model }: Atlas) => Object.assign(model, { weights_sha256: 'ef'.repeat(32) })],
    ['software.renderer', ({ software }: Atlas) => Object.assign(software, { renderer: 99 })],
  ])('on %s are refused by name', async (name, change) => {
    const { stores, copy } = copyOf(2);
    changeAtlas(copy, change);
    await expect(merge(stores, merged)).rejects.toThrow(new RegExp(`^${copy}: expected .*, as in ${shards[0]}, for ${name}, received`));
    expect(existsSync(merged)).toBe(false);
  });

  it('with the network as it is now are refused', async () => {
    await expect(merge(shards, merged, { engine: standInEngine({ weights: 'cd'.repeat(32) }) })).rejects.toThrow(
      /^stand-in: expected the network that .* was rendered from, with weights (ab)+, for the model, received "(cd)+"/,
    );
  });

  it('are no matter where they are the target itself, or no stores', async () => {
    await expect(merge(shards, shards[0])).rejects.toThrow('expected another folder than those that are merged for --out');
    await expect(merge([folder], merged)).rejects.toThrow(`${folder}: expected a store for atlas.json, received nothing`);
  });
});

describe('a file of a shard', () => {
  it.each(['altered', 'missing'])('that is %s is named, all else is merged, and the rest follows when it is repaired', async (state) => {
    const { stores, copy } = copyOf(2);
    const file = glob.sync('images/*/*', { cwd: copy }).sort()[3];
    const bytes = readFileSync(`${copy}/${file}`);
    const flipped = Buffer.from(bytes);
    flipped[40] ^= 4;
    if (state === 'altered') writeFileSync(`${copy}/${file}`, flipped);
    else await rm(`${copy}/${file}`);
    const problem = state === 'altered' ? `was altered: its hash is ${sha256(flipped)}` : 'is missing, though a record names it';
    expect(await merge(stores, merged)).toMatchObject({ missing: 1, damaged: [{ folder: copy, file, problem }] });
    expect(atlasOf(merged).complete).toBe(false);
    expect(untrueRenders(merged)).toEqual([]);
    expect((await verifyStore(merged)).findings).toEqual([]);
    writeFileSync(`${copy}/${file}`, bytes);
    expect(await merge(stores, merged)).toMatchObject({ copied: 1, missing: 0, damaged: [] });
    sameAsWhole();
  });

  it('that is altered is taken from another store that has it whole', async () => {
    const { copy } = copyOf(2);
    for (const file of glob.sync('images/*/*', { cwd: copy })) writeFileSync(`${copy}/${file}`, 'spoilt');
    const { damaged, missing } = await merge([shards[0], copy, shards[1], shards[2]], merged);
    expect(damaged.length).toBeGreaterThan(0);
    expect(missing).toBe(0);
    sameAsWhole();
  });

  it('of records that is spoilt is named with its line', async () => {
    const { stores, copy } = copyOf(2);
    const file = glob.sync('layers/*.jsonl', { cwd: copy })[0];
    writeFileSync(`${copy}/${file}`, `{"id": 3}\n${readFileSync(`${copy}/${file}`, 'utf8')}`);
    await expect(merge(stores, merged)).rejects.toThrow(`${copy}/${file}, line 1: expected the record of a unit`);
  });
});

describe('a merge', () => {
  it('survives kill -9 at random moments, twenty times over', async () => {
    const child = () =>
      spawn(process.execPath, [path.join(import.meta.dirname, 'merge-child.ts'), merged, ...shards], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    let kills = 0;
    let recorded = 0;
    while (kills < 20) {
      const finished = await killAfter(child(), Math.random() * 150);
      expect(untrueRenders(merged)).toEqual([]);
      const now = new Set(storeRenders(merged).map(({ key }) => key)).size;
      expect(now).toBeGreaterThanOrEqual(recorded);
      recorded = now;
      if (!finished) kills++;
      else {
        sameAsWhole();
        await rm(merged, { recursive: true });
        recorded = 0;
      }
    }
    expect(await merge(shards, merged)).toMatchObject({ copied: SMALL_PLAN_PICTURES - recorded, reused: recorded });
    sameAsWhole();
  }, 240_000);

  it('fails with one error at every write that the disk has no room for, and goes on from there', async () => {
    let failures = 0;
    for (;;) {
      // Its atlas.json is written first, each time; one file more is let through.
      const outcome = await merge(shards, merged, { disk: diskWithRoomFor(2) }).catch((error: Error) => error);
      expect(untrueRenders(merged)).toEqual([]);
      if (!(outcome instanceof Error)) break;
      failures++;
      expect(outcome.message).toMatch(
        /expected room on the disk for \S+, received "ENOSPC: .*"\nFree some space and run the same command again/,
      );
      expect(Object.keys(storeHashes(merged)).filter((file) => file.endsWith('.tmp') || file.endsWith('.lock'))).toEqual([]);
    }
    // As many files as the atlas has, less atlas.json and the last.
    expect(failures).toBeGreaterThan(Object.keys(storeHashes(whole)).length - 5);
    sameAsWhole();
  }, 240_000);

  it('takes pictures that look alike, and writes their one file once', async () => {
    const { stores, copy } = copyOf(1);
    const file = glob.sync('layers/*.jsonl', { cwd: copy }).sort()[0];
    const lines = readFileSync(`${copy}/${file}`, 'utf8').trimEnd().split('\n');
    const records = lines.map((line) => parseSealed(line) as UnitRecord);
    const alike = records.find(({ renders }) => renders.length > 0)?.renders[0].image;
    for (const { renders } of records) for (const render of renders) render.image = alike;
    writeFileSync(`${copy}/${file}`, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    expect(await merge(stores, merged)).toMatchObject({ copied: SMALL_PLAN_PICTURES, missing: 0, damaged: [] });
    expect(untrueRenders(merged)).toEqual([]);
  });

  it('into a folder that cannot be written is one error', async () => {
    const refuse = () => Promise.reject(Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' }));
    await expect(merge(shards, merged, { disk: { ...fs, mkdir: refuse } })).rejects.toThrow(
      /expected permission to write for \., received "EROFS/,
    );
  });

  it('stops when it is told to, and goes on', async () => {
    const controller = new AbortController();
    const progress = { start() {}, update: () => controller.abort(), note() {}, stop() {} };
    await expect(merge(shards, merged, { signal: controller.signal, progress })).rejects.toThrow('aborted');
    expect(storeRenders(merged).length).toBeGreaterThan(0);
    await merge(shards, merged);
    sameAsWhole();
  });
});

/** Kills the process so many milliseconds after it began to copy; whether it had finished. */
async function killAfter(process: ChildProcess, delay: number): Promise<boolean> {
  process.stdout?.once('data', () => setTimeout(() => process.kill('SIGKILL'), delay));
  const [code] = await once(process, 'close');
  return code === 0;
}

/** A disk that takes so many writes of a file, and then none. */
function diskWithRoomFor(writes: number): Disk {
  let left = writes;
  return {
    ...fs,
    async open(file, flags) {
      const handle = await fs.open(file, flags);
      const writeFile = handle.writeFile.bind(handle);
      handle.writeFile = async (data) => {
        if (left-- > 0) return writeFile(data);
        await writeFile(Buffer.from(String(data)).subarray(0, 5));
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      };
      return handle;
    },
  };
}
