/**
 * What the queue costs. `node test/bench/queue.ts jobs 100000`: so many jobs of one tiny picture, with the memory of all who take part.
 * `node test/bench/queue.ts workers 96`: so many pictures of the default model by one worker of one thread and by two, each on a core of its own,
 * by turns; and what lies between two batches of a worker. `node test/bench/queue.ts store DIR`: what a batch of the committed atlas's pictures
 * costs the run, in a folder on the disk. `node test/bench/queue.ts fleet 30 8000 80`: how many workers one run keeps busy, simulated.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { unitRecord } from '../../data/schema.ts';
import { imageFile, Store } from '../../generator/batch/store.ts';
import { storePictures } from '../../generator/batch/store-pictures.ts';
import type { Task } from '../../generator/batch/work.ts';
import { readResult, writeResult } from '../../generator/queue/results.ts';
import { startRun, startWorker } from '../queue/children.ts';
import { launchRedis, type RedisServer } from '../queue/redis-server.ts';
import { simulateFleet } from './queue-fleet.ts';

const PROJECT = path.resolve(import.meta.dirname, '..', '..');
const [what, count = ''] = process.argv.slice(2);
/** Of one worker and two, by turns. */
const ROUNDS = 1;
// In memory: the disk's own time is not the queue's.
const folder = mkdtempSync('/dev/shm/atlas-bench-');
try {
  if (what === 'jobs') await drain(Number(count));
  else if (what === 'workers') await compareWorkers(Number(count));
  else if (what === 'store') await timeStoring(count);
  else fleet();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Peak of a process's memory in MiB, as Linux counts it. */
function peak({ pid }: ChildProcess): number {
  return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
}

async function redisPeak({ client }: RedisServer): Promise<number> {
  return Math.round(Number(/used_memory_peak:(\d+)/.exec(await client.info('memory'))?.[1]) / 2 ** 20);
}

async function drain(jobs: number): Promise<void> {
  const redis = await launchRedis(folder);
  const plan = {
    atlas: 'tiny',
    model: 'stand-in',
    layers: ['early'],
    arms: { basis: 0, random: jobs },
    seeds: { count: 1, subset: 0 },
    frames: 0,
  };
  const started = performance.now();
  const run = startRun({ url: redis.url, folder: path.join(folder, 'store'), plan, batch: 1 });
  const worker = startWorker({ url: redis.url, folder: path.join(folder, 'worker'), lock: 60_000 });
  let [longest, runPeak, workerPeak] = [0, 0, 0];
  const watch = setInterval(async () => {
    longest = Math.max(longest, await redis.client.zcard('atlas:batches:prioritized'));
    [runPeak, workerPeak] = [peak(run.process), peak(worker.process)];
    process.stderr.write(`${run.output().trim().split('\n').at(-1)} · run ${runPeak} MiB, worker ${workerPeak} MiB, queue ${longest}\n`);
  }, 10_000);
  const code = await run.ended;
  clearInterval(watch);
  const seconds = (performance.now() - started) / 1000;
  say(
    `${jobs} jobs in ${seconds.toFixed(0)} s (exit code ${code}), ${((seconds / jobs) * 1000).toFixed(1)} ms each; at most ${longest} waiting`,
  );
  say(`peaks: run ${runPeak} MiB, worker ${workerPeak} MiB, Redis ${await redisPeak(redis)} MiB`);
  await worker.kill('SIGTERM');
  await redis.stop();
}

interface BatchEvent {
  readonly time: string;
  readonly event: string;
  readonly seconds: number;
  readonly pictures: number;
}

/** A worker on one core, with what it says. */
function pinnedWorker(url: string, core: number): { child: ChildProcess; events: BatchEvent[]; ready: Promise<void> } {
  const cli = [path.join(PROJECT, 'generator', 'cli.ts'), 'worker', '--queue', url, '--threads', '1', '--device', 'cpu', '--json'];
  const child = spawn('taskset', ['-c', String(core), process.execPath, ...cli], { stdio: ['ignore', 'pipe', 'inherit'] });
  const events: BatchEvent[] = [];
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as BatchEvent;
    events.push(event);
    if (event.event === 'ready') resolve();
  });
  return { child, events, ready };
}

/** Seconds from the first batch's beginning to the last one's end, and milliseconds between batches, of a run with workers on so many cores. */
async function timeRun(
  redis: RedisServer,
  pictures: number,
  cores: number,
  seed: number,
): Promise<{ seconds: number; gaps: number[]; busy: number }> {
  const workers = Array.from({ length: cores }, (_, core) => pinnedWorker(redis.url, core));
  await Promise.all(workers.map(({ ready }) => ready));
  const file = path.join(folder, `plan-${seed}.json`);
  const layers = ['expanded-conv-6-expand'];
  writeFileSync(
    file,
    JSON.stringify({
      atlas: 'bench',
      model: 'coco-ssd-mobilenet-v2',
      layers,
      arms: { basis: pictures, random: 0 },
      seeds: { count: 1, subset: 0 },
      seed,
    }),
  );
  const args = ['render', file, '--queue', redis.url, '--device', 'cpu', '--threads', '1', '--out', path.join(folder, `store-${seed}`)];
  const run = spawn(process.execPath, [path.join(PROJECT, 'generator', 'cli.ts'), ...args], { stdio: 'ignore' });
  await once(run, 'exit');
  await Promise.all(
    workers.map(async ({ child }) => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }),
  );
  const batches = workers.map(({ events }) => events.filter(({ event }) => event === 'batch'));
  const ends = batches.flat().map(({ time }) => Date.parse(time));
  // The first of each worker opens the model and compiles.
  const gaps = batches.flatMap((list) =>
    list.slice(1).map(({ time, seconds }, i) => Date.parse(time) - Date.parse(list[i].time) - 1000 * seconds),
  );
  const warm = batches.flatMap((list) => list.slice(1));
  const firsts = batches.flatMap(([first]) => (first ? [Date.parse(first.time)] : []));
  const rendered = warm.reduce((sum, batch) => sum + batch.pictures, 0);
  const span = (Math.max(...ends) - Math.min(...firsts)) / 1000;
  return { seconds: span / rendered, gaps, busy: warm.reduce((sum, { seconds }) => sum + seconds, 0) / rendered };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

async function compareWorkers(pictures: number): Promise<void> {
  const redis = await launchRedis(folder);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const one = await timeRun(redis, pictures, 1, 2 * round);
    const two = await timeRun(redis, pictures, 2, 2 * round + 1);
    const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
    ratios.push(one.seconds / two.seconds);
    const gap = median([...one.gaps, ...two.gaps]);
    say(
      `one worker ${one.seconds.toFixed(3)} s a picture, two ${two.seconds.toFixed(3)}: ${(one.seconds / two.seconds).toFixed(2)} times as fast; ` +
        `between batches ${gap.toFixed(0)} ms of ${(8000 * one.busy).toFixed(0)}, ${(gap / (80 * one.busy)).toFixed(2)}%; load ${load}`,
    );
  }
  say(`ratio, median of ${ratios.length}: ${median(ratios).toFixed(2)}; ${execFileSync('nproc').toString().trim()} cores`);
  await redis.stop();
}

/** Checking and storing a batch of eight pictures, each with its filmstrip, as they come back from a worker. */
async function timeStoring(disk: string): Promise<void> {
  const atlas = path.join(PROJECT, 'data', 'atlases', 'coco-ssd-mobilenet-v2');
  const lines = readFileSync(path.join(atlas, 'layers', 'expanded-conv-6-expand.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const records = lines.map((line) => unitRecord.parse(JSON.parse(line))).slice(0, 240);
  const store = await Store.open(mkdtempSync(path.join(disk, 'atlas-bench-')));
  const journal = await store.journal('expanded-conv-6-expand');
  const read = (hash: string) => readFileSync(path.join(atlas, imageFile(hash)));
  const [times, sizes]: [number[], number[]] = [[], []];
  for (let start = 0; start < records.length; start += 8) {
    const batch = records.slice(start, start + 8);
    const tasks = batch.map(
      ({ renders: [{ seed, key, frames }], ...unit }): Task => ({
        unit: { ...unit, vector: new Float32Array(1), seeds: [seed] },
        ...{ seed, key, frames: frames?.steps ?? [], series: 'renders' },
      }),
    );
    const made = batch.map(({ renders: [{ seed: _, key: __, image = '', frames, ...rest }] }) => ({
      ...{ ...rest, image: read(image) },
      ...(frames ? { strip: read(frames.image) } : {}),
    }));
    const result = Buffer.from(writeResult('bench', tasks, made));
    const began = performance.now();
    await storePictures({ store, journal }, tasks, await readResult(result, tasks, { size: 128, steps: 128 }));
    times.push(performance.now() - began);
    sizes.push(result.length / 1024);
  }
  rmSync(store.folder.path, { recursive: true });
  say(
    `${times.length} batches of 8: ${median(times).toFixed(1)} ms each (${Math.min(...times).toFixed(1)} to ${Math.max(...times).toFixed(1)}), ${median(sizes).toFixed(0)} KiB`,
  );
}

/** `fleet COMMIT_MS BATCH_MS KIB`: what a batch costs the run to store, a worker to render, and weighs. */
function fleet(): void {
  const [commit, render, kib] = process.argv.slice(3).map(Number);
  say('workers  batches/s  run busy  workers busy  MiB/s');
  for (const workers of [1, 10, 30, 100, 200, 300, 500, 1000]) {
    const { rate, runBusy, workersBusy } = simulateFleet({ workers, commit, render });
    say(
      `${String(workers).padStart(7)}  ${rate.toFixed(1).padStart(9)}  ${(100 * runBusy).toFixed(0).padStart(7)}%  ${(100 * workersBusy).toFixed(0).padStart(11)}%  ${((rate * kib) / 1024).toFixed(2).padStart(5)}`,
    );
  }
}
