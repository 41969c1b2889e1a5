/** A plan through the queue: real processes, a real Redis, and the bytes of a run alone. */
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { standInEngine } from '../batch/stand-in-engine.ts';
import { SMALL_PLAN, SMALL_PLAN_PICTURES, storeHashes } from '../batch/store-state.ts';
import { temporaryFolder } from '../temporary.ts';
import { endChildren, startRun, startWorker } from './children.ts';
import type { RedisServer } from './redis-server.ts';
import { startRedis } from './start-redis.ts';

let folder: string;
let redis: RedisServer;
beforeEach(async (context) => {
  folder = temporaryFolder('queue');
  redis = await startRedis(context);
});
afterEach(async () => {
  await endChildren();
  await redis?.stop();
});

const undisturbed = async () => {
  const store = path.join(folder, 'undisturbed');
  await runPlan({ plan: checkPlan(SMALL_PLAN, 'plan.json'), folder: store, engine: standInEngine() });
  return storeHashes(store);
};

it('gives the bytes of a run alone, and leaves nothing in Redis', async () => {
  const store = path.join(folder, 'store');
  const run = startRun({ url: redis.url, folder: store });
  const workers = ['a', 'b'].map((name) => startWorker({ url: redis.url, folder: path.join(folder, name), name }));
  expect(await run.ended, run.output()).toBe(0);
  expect(run.output()).toContain(`"rendered":${SMALL_PLAN_PICTURES},"reused":0`);
  expect(storeHashes(store)).toEqual(await undisturbed());
  for (const worker of workers) await worker.kill('SIGTERM');
  expect(workers.map((worker) => worker.output()).join()).toMatch(/left \{"batches":\d+/);
  const keys = await redis.client.keys('*');
  expect(keys.filter((key) => !/^atlas:batches:(meta|events|id|stalled-check|pc|marker|metrics.*)$|^atlas:file:/.test(key))).toEqual([]);
});
