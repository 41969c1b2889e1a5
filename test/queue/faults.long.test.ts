/** The faults that take minutes: many kills, a server that stands still for half a minute, a unit that ends every worker. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PlanFile } from '../../data/schema.ts';
import { storeHashes } from '../batch/store-state.ts';
import { temporaryFolder } from '../temporary.ts';
import { endChildren, startRun, startWorker } from './children.ts';
import { killRounds } from './kill-rounds.ts';
import type { RedisServer } from './redis-server.ts';
import { startRedis } from './start-redis.ts';
import { runAlone, undisturbedHashes } from './undisturbed.ts';

let folder: string;
let store: string;
let redis: RedisServer;
beforeEach(async (context) => {
  folder = temporaryFolder('faults');
  store = path.join(folder, 'store');
  redis = await startRedis(context);
});
afterEach(async () => {
  await endChildren();
  await redis?.stop();
});

it('survives thirty kills of run and workers at random moments', async () => {
  await killRounds(30, redis, folder);
});

it('outlives a server that stands still for half a minute, with locks as long as they are, and renders nothing twice', async () => {
  const child = startRun({ url: redis.url, folder: store });
  const one = startWorker({ url: redis.url, folder, stepTime: 1500, lock: 75_000 });
  await one.says(/renders/);
  redis.process.kill('SIGSTOP');
  await sleep(30_000);
  redis.process.kill('SIGCONT');
  await one.says(/"batch"/);
  await one.kill('SIGTERM');
  const other = startWorker({ url: redis.url, folder });
  expect(await child.ended, child.output()).toBe(0);
  const batches = `${one.output()}${other.output()}`.match(/renders .*/g) ?? [];
  expect(new Set(batches).size).toBe(batches.length);
  expect(storeHashes(store)).toEqual(await undisturbedHashes());
});

it('sets a unit aside that ends three workers by itself, and makes all others', async () => {
  const plan: PlanFile = {
    atlas: 'deadly',
    model: 'stand-in',
    layers: ['early'],
    arms: { basis: 'every', random: 10 },
    seeds: { count: 1, subset: 0 },
  };
  const child = startRun({ url: redis.url, folder: store, plan });
  let deaths = 0;
  for (;;) {
    const one = startWorker({ url: redis.url, folder, deadly: ['random-7'], lock: 1000 });
    await Promise.race([one.ended, child.ended]);
    if (child.process.exitCode !== null) break;
    deaths++;
  }
  // Three with its batch, three alone.
  expect(deaths).toBe(6);
  expect(child.output()).toContain('"unit":"random-7","seed":0,"message":"whoever rendered it was gone before it was done, every time"');
  expect(child.output()).toContain('"rendered":15,');
  await runAlone(store, plan);
  expect(storeHashes(store)).toEqual(await undisturbedHashes(plan));
});
