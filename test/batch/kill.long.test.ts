/** kill -9 at random moments: no record without its image, no more lost than what was in flight, and the same bytes in the end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { temporaryFolder } from '../temporary.ts';
import { standInEngine } from './stand-in-engine.ts';
import { SMALL_PLAN, SMALL_PLAN_PICTURES, storeHashes, storeLines, storeRenders, untrueRenders } from './store-state.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder('kill');
});

const child = (store: string, stepTime: number) =>
  spawn(process.execPath, [path.join(import.meta.dirname, 'run-child.ts'), store, String(stepTime)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

const run = (store: string) => runPlan({ plan: checkPlan(SMALL_PLAN, 'plan.json'), folder: store, engine: standInEngine() });

it('survives ten kills at random moments', async () => {
  const store = path.join(folder, 'killed');
  let kills = 0;
  let before = 0;
  while (kills < 10) {
    const { started, finished } = await killAfter(child(store, 4), Math.random() * 120);
    if (finished) {
      await rm(store, { recursive: true });
      before = 0;
      continue;
    }
    kills++;
    expect(untrueRenders(store)).toEqual([]);
    const recorded = new Set(
      storeLines(store).flatMap(({ id, direction, renders, diverse = [] }) =>
        [...renders, ...diverse].map(({ key }) => `${id} ${JSON.stringify(direction)} ${key}`),
      ),
    );
    // When a batch starts, all before it are stored.
    expect(recorded.size).toBeGreaterThanOrEqual(before + started.slice(0, -1).reduce((sum, jobs) => sum + jobs, 0));
    before = recorded.size;
  }
  const result = await run(store);
  expect(result).toMatchObject({ reused: before, rendered: SMALL_PLAN_PICTURES - before });
  const undisturbed = path.join(folder, 'undisturbed');
  await run(undisturbed);
  expect(storeHashes(store)).toEqual(storeHashes(undisturbed));
}, 120_000);

it('cuts off a torn last line and renders its unit again', async () => {
  await run(folder);
  const before = storeHashes(folder);
  for (const cut of [1, 2, 40, 150]) {
    const file = `${folder}/layers/early.jsonl`;
    await writeFile(file, readFileSync(file).subarray(0, -cut));
    const whole = storeRenders(folder).length;
    expect(whole).toBeLessThan(SMALL_PLAN_PICTURES);
    expect(await run(folder)).toMatchObject({ rendered: SMALL_PLAN_PICTURES - whole, reused: whole });
    expect(storeHashes(folder)).toEqual(before);
  }
});

it('names the line of a record that is spoilt in the middle', async () => {
  await run(folder);
  const file = `${folder}/layers/early.jsonl`;
  const lines = readFileSync(file, 'utf8').split('\n');
  lines[2] = '{"id": 3}';
  await writeFile(file, lines.join('\n'));
  await expect(run(folder)).rejects.toThrow(
    /early\.jsonl, line 3: expected the record of a unit for the line, received ".*"\nRun "atlas repair": the unit is rendered anew/,
  );
});

it('keeps a second run out and names the first', async () => {
  const first = child(folder, 20);
  await once(first.stdout ?? first, 'data');
  await expect(run(folder)).rejects.toThrow(
    `${folder}: expected one writer at a time for run.lock, received "process ${first.pid} on ${hostname()}, which is at work"\nWait for it to end.`,
  );
  first.kill('SIGKILL');
  await once(first, 'exit');
  expect((await run(folder)).failed).toEqual([]);
});

it('takes over the lock of a process that is gone, even if its number lives on', async () => {
  await writeFile(`${folder}/run.lock`, JSON.stringify({ pid: process.ppid, host: hostname(), started: 'long ago' }));
  expect((await run(folder)).failed).toEqual([]);
  await writeFile(`${folder}/run.lock`, 'torn');
  expect((await run(folder)).rendered).toBe(0);
});

/** Kills the process so many milliseconds after its first batch began; the sizes of the batches that it began. */
async function killAfter(process: ChildProcess, delay: number): Promise<{ started: number[]; finished: boolean }> {
  let output = '';
  let timer: NodeJS.Timeout | undefined;
  process.stdout?.on('data', (data) => {
    output += String(data);
    timer ??= setTimeout(() => process.kill('SIGKILL'), delay);
  });
  const [code] = await once(process, 'close');
  clearTimeout(timer);
  return { started: output.split('\n').filter(Boolean).map(Number), finished: code === 0 };
}
