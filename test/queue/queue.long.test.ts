/** A plan through the queue: real processes, a real Redis, and the bytes of a run alone. */
import type { ChildProcess } from 'node:child_process';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { queueCrew } from '../../generator/queue/crew.ts';
import { openStatus } from '../../generator/queue/status.ts';
import { standInEngine } from '../batch/stand-in-engine.ts';
import { SMALL_PLAN, SMALL_PLAN_PICTURES, storeHashes } from '../batch/store-state.ts';
import { atlas, outcome, start, writeTinyModel, writeTinyPlan } from '../end-to-end/command.ts';
import { merge, renderShard } from '../shards/stand-in-shards.ts';
import { temporaryFolder } from '../temporary.ts';
import { endChildren, startRun, startWorker } from './children.ts';
import type { RedisServer } from './redis-server.ts';
import { standInPost } from './stand-in-post.ts';
import { startRedis } from './start-redis.ts';

let folder: string;
let redis: RedisServer;
beforeEach(async (context) => {
  folder = temporaryFolder('queue');
  redis = await startRedis(context);
});
const commands: ChildProcess[] = [];
afterEach(async () => {
  for (const command of commands.splice(0)) command.kill('SIGKILL');
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
  await Promise.all(workers.map((worker) => worker.kill('SIGTERM')));
  expect(workers.map((worker) => worker.output()).join()).toMatch(/left \{"batches":\d+/);
  const keys = await redis.client.keys('*');
  expect(keys.filter((key) => !/^atlas:batches:(meta|events|id|stalled-check|pc|marker|metrics.*)$|^atlas:file:/.test(key))).toEqual([]);
});

it('finishes the first layer first, whatever order the batches stand in', async () => {
  const run = startRun({ url: redis.url, folder: path.join(folder, 'store') });
  const waiting = async () => redis.client.zcard('atlas:batches:prioritized');
  // All of the plan's batches are in the queue before anybody takes one.
  let [count, before] = [0, -1];
  while (count === 0 || count !== before) {
    [before, count] = [count, await waiting()];
    await sleep(200);
  }
  const worker = startWorker({ url: redis.url, folder: path.join(folder, 'worker') });
  expect(await run.ended, run.output()).toBe(0);
  await worker.kill('SIGTERM');
  const layers = [...worker.output().matchAll(/"event":"batch".*?"layer":"([^"]+)"/g)].map(([, layer]) => layer);
  expect(new Set(layers).size).toBe(3);
  expect(layers.filter((layer, i) => layer !== layers[i - 1])).toEqual(['early', 'bottleneck', 'late']);
});

it('renders the shards of a plan too, one after the other, and their merger is a run alone', async () => {
  startWorker({ url: redis.url, folder: path.join(folder, 'worker') });
  const crew = queueCrew({ address: { url: redis.url }, post: standInPost(), poll: 10 });
  const stores = ['1-of-2', '2-of-2'].map((name) => path.join(folder, name));
  const rendered: number[] = [];
  for (const [i, store] of stores.entries()) rendered.push((await renderShard(store, { index: i + 1, of: 2 }, { crew })).rendered);
  expect(Math.min(...rendered)).toBeGreaterThan(SMALL_PLAN_PICTURES / 4);
  const whole = path.join(folder, 'whole');
  await merge(stores, whole);
  expect(storeHashes(whole)).toEqual(await undisturbed());
});

it('renders a real network’s pictures to the same bytes by the command line, with status and logs on the way', async () => {
  const model = await writeTinyModel();
  const plan = await writeTinyPlan(model, { diverse: { count: 2, subset: 1 } });
  const stores = ['alone', 'queue'].map((name) => path.join(path.dirname(model), name));
  const worker = start('worker', '--queue', redis.url, '--device', 'cpu', '--threads', '1', '--name', 'first', '--json');
  commands.push(worker);
  const left = outcome(worker);
  const alone = await atlas('render', plan, '--out', stores[0], '--device', 'cpu');
  expect(alone.code, alone.stderr).toBe(0);
  const run = start('run', plan, '--out', stores[1], '--device', 'cpu', '--queue', redis.url, '--json');
  commands.push(run);
  const done = outcome(run);
  const reader = await openStatus({ url: redis.url }, () => undefined);
  let status = await reader.read();
  while (status.runs.length === 0 && run.exitCode === null) status = await reader.read();
  await reader.close();
  const { runs, workers } = status;
  expect(workers.map(({ report }) => report)).toMatchObject([
    { name: 'first', host: hostname(), pid: worker.pid, device: expect.stringContaining('onnxruntime') },
  ]);
  expect(runs.map(({ report: { atlas, pid } }) => ({ atlas, pid }))).toEqual([{ atlas: 'tiny', pid: run.pid }]);
  const { code, stdout, stderr } = await done;
  expect(code, stderr).toBe(0);
  const events = logLines(stdout);
  expect(events.map(({ event }) => event)).toEqual(expect.arrayContaining(['start', 'note', 'rendered', 'compared', 'portrayed']));
  expect(events.find(({ event }) => event === 'rendered')).toMatchObject({
    level: 'info',
    failed: [],
    reused: 0,
    rendered: expect.any(Number),
  });
  const shown = await atlas('status', '--queue', redis.url);
  expect(shown.stdout).toMatch(/No run is at work\.\nfirst \(process \d+ on .*1 threads\): waiting; \d\d+ pictures\n/);
  worker.kill('SIGTERM');
  const summary = logLines((await left).stdout);
  expect(summary.at(-1)).toMatchObject({ event: 'left', failures: 0 });
  const images = (store: string) =>
    Object.entries(storeHashes(store)).filter(([file]) => /^(images|directions)\//.test(file) && !file.includes('portrait'));
  expect(Object.fromEntries(images(stores[1]))).toMatchObject(Object.fromEntries(images(stores[0])));
  expect(images(stores[0]).length).toBeGreaterThan(50);
}, 600_000);

interface LogLine {
  readonly event: string;
  readonly level: string;
}

/** Every line is one JSON object with a time. */
function logLines(text: string): LogLine[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const parsed = JSON.parse(line) as LogLine & { time: string };
      expect(Date.parse(parsed.time)).toBeGreaterThan(0);
      return parsed;
    });
}
