/** A plan in shards as a user runs it, with the real renderer: parts, their merge, and what is said where something is wrong. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeHashes, storeRenders } from '../batch/store-state.ts';
import { defaultModel } from '../requires.ts';
import { temporaryFolder } from '../temporary.ts';
import { atlas, outcome, rendering, start, writeTinyModel, writeTinyPlan } from './command.ts';

const PICTURES = 52;

/** Several processes of the real renderer, one after the other, on a machine that may be busy. */
const LONG = { timeout: 600_000 };

describe('a tiny network', LONG, () => {
  let folder: string;
  let plan: string;
  beforeAll(async () => {
    const model = await writeTinyModel();
    folder = path.dirname(model);
    plan = await writeTinyPlan(model);
    await atlas('render', plan, '--out', `${folder}/one`);
    for (const shard of ['1/2', '2/2']) {
      const { code, stdout } = await atlas('run', plan, '--shard', shard, '--out', `${folder}/${shard[0]}`);
      expect(code).toBe(0);
      expect(stdout).toMatch(/\d+ pictures rendered, 0 were there\n$/);
    }
  }, 600_000);
  afterAll(() => rm(path.dirname(folder), { recursive: true, force: true }));

  it('in two shards, merged, is what one process renders; a run of the plan finds every picture there', async () => {
    const { code, stdout, stderr } = await atlas('merge', `${folder}/1`, `${folder}/2`, '--out', `${folder}/merged`);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(
      `${folder}/merged: ${PICTURES} pictures merged, 0 were there\n"atlas run PLAN" finds every picture there, and compares.\n`,
    );
    expect(storeHashes(`${folder}/merged`)).toEqual(storeHashes(`${folder}/one`));
    const again = await atlas('merge', `${folder}/1`, `${folder}/2`, '--out', `${folder}/merged`, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ copied: 0, reused: PICTURES, missing: 0, damaged: [], failed: [] });
    expect((await atlas('render', plan, '--out', `${folder}/merged`)).stdout).toContain(`0 pictures rendered, ${PICTURES} were there`);
    for (const store of ['1', '2', 'merged']) expect((await atlas('verify', `${folder}/${store}`)).code).toBe(0);
  });

  it('names what is missing, and merges a part on demand', async () => {
    const two = storeRenders(`${folder}/2`).length;
    const { code, stderr } = await atlas('merge', `${folder}/1`, '--out', `${folder}/half`);
    expect(stderr).toContain(
      `${folder}/half: expected every picture of the plan for the stores, received "${two} too few"\nMissing are ${two} of shard 2/2 (its store was not given).`,
    );
    expect(code).toBe(1);
    const partial = await atlas('merge', `${folder}/1`, '--out', `${folder}/half`, '--partial');
    expect(partial.stdout).toContain(
      `${PICTURES - two} pictures merged, 0 were there, ${two} MISSING\n"atlas run PLAN" renders what is missing, and compares.\n`,
    );
    expect(partial.code).toBe(0);
  });

  it('names a file of a shard that was altered, and exits with 1', async () => {
    const file = glob.sync('images/*/*', { cwd: `${folder}/2` })[0];
    const bytes = readFileSync(`${folder}/2/${file}`);
    writeFileSync(
      `${folder}/2/${file}`,
      bytes.map((byte, i) => (i === 20 ? byte ^ 1 : byte)),
    );
    const { code, stdout } = await atlas('merge', `${folder}/1`, `${folder}/2`, '--out', `${folder}/altered`);
    writeFileSync(`${folder}/2/${file}`, bytes);
    expect(stdout).toMatch(
      new RegExp(
        `1 MISSING\\n  ${folder}/2: ${file} was altered: its hash is [0-9a-f]{64}\\nRemove these files and give the command of their shard again`,
      ),
    );
    expect(code).toBe(1);
  });

  it('goes on with a shard that was stopped, by the same command', async () => {
    const store = `${folder}/stopped`;
    const child = start('render', plan, '--shard', '1/2', '--out', store, '--batch', '1');
    const ended = outcome(child);
    await rendering(child);
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    expect(stderr).toContain(`npx atlas render ${plan} --shard 1/2 --out ${store}`);
    expect(code).toBe(130);
    expect((await atlas('render', plan, '--shard', '1/2', '--out', store)).code).toBe(0);
    expect(storeHashes(store)).toEqual(storeHashes(`${folder}/1`));
  });

  it('is divided by measured costs where they are given', async () => {
    const measured = await atlas('bench', '--plan', plan, '--json', '--steps', '2', '--batch', '2');
    expect(Object.keys(JSON.parse(measured.stdout).costs)).toEqual(['first', 'second']);
    await writeFile(`${folder}/costs.json`, JSON.stringify({ costs: { first: 1, second: 1000 } }));
    const store = `${folder}/costly`;
    expect((await atlas('run', plan, '--shard', '2/2', '--costs', `${folder}/costs.json`, '--out', store)).code).toBe(0);
    // Half of the time is half of the second layer.
    expect(Object.keys(storeHashes(store)).filter((file) => file.startsWith('layers/'))).toEqual(['layers/second.jsonl']);
    await writeFile(`${folder}/costs.json`, '{"costs": {"first": 1}}');
    const lacking = await atlas('run', plan, '--shard', '2/2', '--costs', `${folder}/costs.json`, '--out', store);
    expect(lacking.stderr).toContain('costs.json: expected a number for every layer of the plan for second, received nothing');
    expect(lacking.code).toBe(2);
  });

  it.each([
    [['--shard', '3/2'], '--shard: expected i/n, the i-th of n parts'],
    [['--shard', '1/2', '--build'], 'cannot be used with'],
    [['--costs', 'costs.json'], '--costs: expected --shard beside it'],
  ])('refuses %s as wrong usage', async (args, message) => {
    const { code, stderr } = await atlas('run', plan, ...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(existsSync('data/shards/tiny')).toBe(false);
  });
});

it('the default model in two shards, merged, is what one process renders', LONG, async (context) => {
  await defaultModel(context);
  const folder = temporaryFolder('shards');
  const plan = `${folder}/plan.json`;
  await writeFile(
    plan,
    JSON.stringify({
      ...{ atlas: 'default-shards', model: 'coco-ssd-mobilenet-v2', layers: ['expanded-conv-3-expand', 'expanded-conv-10-project'] },
      ...{ arms: { basis: 5, random: 3 }, seeds: { count: 2, subset: 2 }, diverse: { count: 2, subset: 1 } },
      render: { size: 32, steps: 6 },
    }),
  );
  const one = outcome(start('render', plan, '--out', `${folder}/one`, '--threads', '2'));
  const shards = ['1/2', '2/2'].map((shard) => atlas('run', plan, '--shard', shard, '--out', `${folder}/${shard[0]}`, '--threads', '1'));
  for (const { code } of await Promise.all([one, ...shards])) expect(code).toBe(0);
  expect((await atlas('merge', `${folder}/2`, `${folder}/1`, '--out', `${folder}/merged`)).code).toBe(0);
  expect(storeHashes(`${folder}/merged`)).toEqual(storeHashes(`${folder}/one`));
});
