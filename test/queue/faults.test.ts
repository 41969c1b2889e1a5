/** What goes wrong around a queue, with real processes and a real Redis: in the end the atlas is an undisturbed run's, byte for byte. */
import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PlanFile } from '../../data/schema.ts';
import { RENDERER_VERSION } from '../../generator/render/renderer.ts';
import { SMALL_PLAN_PICTURES, storeHashes, untrueRenders } from '../batch/store-state.ts';
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

const worker = (options: Partial<Parameters<typeof startWorker>[0]> = {}) =>
  startWorker({ url: redis.url, folder: path.join(folder, `cache-${readdirSync(folder).length}-${Math.random()}`), ...options });
const ONE_LAYER: PlanFile = {
  atlas: 'one-layer',
  model: 'stand-in',
  layers: ['early'],
  arms: { basis: 'every', random: 10 },
  seeds: { count: 1, subset: 0 },
};
const run = () => startRun({ url: redis.url, folder: store });

it('survives kill -9 of run and workers at random moments', async () => {
  await killRounds(10, redis, folder);
}, 600_000);

it('survives a Redis that is emptied, stands still, and is started anew with nothing in it', async () => {
  const child = run();
  const workers = [worker({ stepTime: 60 }), worker({ stepTime: 60 })];
  await Promise.all(workers.map((one) => one.says(/renders/)));
  await redis.client.flushall();
  await workers[0].says(/"batch"/);
  redis.process.kill('SIGSTOP');
  await sleep(3000);
  redis.process.kill('SIGCONT');
  await workers[1].says(/"batch"/);
  await redis.restart();
  expect(await child.ended, child.output()).toBe(0);
  expect(child.output()).toContain('gone from the queue, and are in it again');
  expect(child.output()).toContain('answers again');
  expect(workers[0].output()).toContain('answers again');
  expect(child.output()).toContain(`"rendered":${SMALL_PLAN_PICTURES},`);
  expect(storeHashes(store)).toEqual(await undisturbedHashes());
}, 300_000);

it('finishes the batch in hand when a worker is asked to leave, and takes up what an earlier run left', async () => {
  const first = run();
  const leaving = worker({ stepTime: 100 });
  await leaving.says(/renders/);
  await first.kill('SIGKILL');
  await leaving.kill('SIGTERM');
  expect(leaving.output()).toMatch(/renders[\s\S]*"event":"batch"[\s\S]*left \{"batches":[1-9]/);
  const second = run();
  await second.says(/batches of an earlier run are in the queue still, and are taken up/);
  worker();
  expect(await second.ended, second.output()).toBe(0);
  expect(storeHashes(store)).toEqual(await undisturbedHashes());
}, 300_000);

it('keeps what is done when a run is stopped, and leaves no work behind for workers', async () => {
  const child = run();
  const helper = worker({ stepTime: 30 });
  await child.says(/pictures to render/);
  await helper.says(/"batch"/);
  child.process.kill('SIGINT');
  expect(await child.ended).not.toBe(0);
  expect(untrueRenders(store)).toEqual([]);
  expect(await redis.client.zcard('atlas:batches:prioritized')).toBe(0);
  await runAlone(store);
  expect(storeHashes(store)).toEqual(await undisturbedHashes());
}, 300_000);

it('names the owner of a store that another run is at', async () => {
  const first = run();
  await first.says(/pictures to render/);
  const second = run();
  expect(await second.ended).not.toBe(0);
  expect(second.output()).toContain(`received "process ${first.process.pid} on ${hostname()}, which is at work"`);
}, 300_000);

it('sets a unit aside that fails three times, with its error, and makes all others', async () => {
  const child = startRun({ url: redis.url, folder: store, plan: ONE_LAYER });
  const one = worker({ broken: ['channel-2'] });
  expect(await child.ended, child.output()).toBe(0);
  expect(child.output()).toContain('"failed":[{"layer":"early","unit":"channel-2","seed":0,"message":"no picture of channel-2"}]');
  // With the others of its batch, then each of these by itself, then twice more alone.
  expect(one.output().match(/renders channel-2$/gm)?.length).toBeGreaterThanOrEqual(3);
  await runAlone(store, ONE_LAYER);
  expect(storeHashes(store)).toEqual(await undisturbedHashes(ONE_LAYER));
}, 300_000);

it('a worker of another version, or with other weights, leaves the job to others and says why', async () => {
  const child = run();
  const others = worker({ weights: 'cd'.repeat(32) });
  expect(await others.ended).not.toBe(0);
  expect(others.output()).toContain(`expected ${'ab'.repeat(32)} for the SHA-256 of the network's weights, received "${'cd'.repeat(32)}"`);
  const newer = worker({ version: RENDERER_VERSION + 1 });
  expect(await newer.ended).not.toBe(0);
  const [ours, theirs] = [RENDERER_VERSION, RENDERER_VERSION + 1].map((renderer) => `protocol 1, renderer ${renderer}, encoding`);
  expect(newer.output()).toMatch(new RegExp(`expected ${ours} \\w+ for the version, received "${theirs}`));
  worker();
  expect(await child.ended, child.output()).toBe(0);
  expect(child.output()).not.toContain('failed (');
  expect(storeHashes(store)).toEqual(await undisturbedHashes());
}, 300_000);

it('loses nothing to clocks that jump, a day forth and a day back', async () => {
  const jumping = ['--import', path.join(import.meta.dirname, 'jumping-clock.ts')];
  const child = startRun({ url: redis.url, folder: store }, {}, jumping);
  const workers = [0, 1].map((i) =>
    startWorker({ url: redis.url, folder: path.join(folder, `w${i}`), stepTime: 30, broken: i === 0 ? ['random-3'] : [] }, {}, jumping),
  );
  expect(await child.ended, child.output()).toBe(0);
  expect(workers[0].output()).toContain('the clock jumps');
  await runAlone(store);
  expect(storeHashes(store)).toEqual(await undisturbedHashes());
}, 300_000);

it('frees a job whose delay would last a year longer than any should', async () => {
  const child = startRun({ url: redis.url, folder: store, plan: ONE_LAYER });
  worker({ broken: ['channel-2'] });
  const key = 'atlas:batches:delayed';
  // BullMQ's scores are milliseconds times 4096.
  const year = 365 * 24 * 3600 * 1000 * 4096;
  let late = 0;
  while (child.process.exitCode === null) {
    const [id, score] = await redis.client.zrange(key, 0, 0, 'WITHSCORES');
    if (id && Number(score) < Date.now() * 4096 + year / 2)
      late += Number(await redis.client.zadd(key, 'XX', 'CH', Number(score) + year, id));
    await sleep(2);
  }
  expect(late).toBeGreaterThan(0);
  expect(await child.ended, child.output()).toBe(0);
  expect(child.output()).toContain('"failed":[{"layer":"early","unit":"channel-2","seed":0,"message":"no picture of channel-2"}]');
}, 120_000);

it('outlasts a Redis that has no memory left: the run says so, and goes on when it has', async () => {
  const child = run();
  const one = worker({ stepTime: 20 });
  await one.says(/"batch"/);
  await redis.client.config('SET', 'maxmemory', '1');
  await child.says(/command not allowed when used memory > 'maxmemory'.*; trying again/);
  await sleep(1000);
  expect(child.process.exitCode).toBe(null);
  await redis.client.config('SET', 'maxmemory', '0');
  expect(await child.ended, child.output()).toBe(0);
  await runAlone(store);
  expect(storeHashes(store)).toEqual(await undisturbedHashes());
}, 120_000);
