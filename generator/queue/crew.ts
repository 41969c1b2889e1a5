/**
 * The run's side of the queue: batches go out as BullMQ's jobs, a few at a time; their pictures come back, are checked and stored by this process
 * alone, and only then taken off the queue. Nothing is known of a job but what Redis says at the moment, so that it may forget everything at any.
 */
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { DEFAULT_BATCH } from '../batch/batch-size.ts';
import { sha256 } from '../batch/canonical.ts';
import type { MadePicture } from '../batch/make-pictures.ts';
import { SILENT } from '../batch/progress.ts';
import type { Part } from '../batch/render-part.ts';
import type { Context, Crew, OpenCrew } from '../batch/run.ts';
import { storePictures } from '../batch/store-pictures.ts';
import type { Task } from '../batch/work.ts';
import { AtlasError, reason } from '../graph/errors.ts';
import { atMost } from './at-most.ts';
import { type Connection, connect, type QueueAddress } from './connection.ts';
import { putFile } from './files.ts';
import { ATTEMPTS, JobQueue } from './job-queue.ts';
import { type Batch, type JobModel, listPartBatches, nameJob, splitBatch, writeJob } from './jobs.ts';
import { type JobMessage, mostResultBytes } from './messages.ts';
import { MODEL_POST, type ModelPost, type NamedFile } from './model-files.ts';
import { countWorkers, endReports, REPORT_INTERVAL, sendReport } from './reports.ts';
import { readResult, WrongResult } from './results.ts';
import { Tally } from './tally.ts';

/** How a run deals with its queue. */
export interface CrewOptions {
  readonly address: QueueAddress;
  readonly post?: ModelPost;
  /** Milliseconds before a failed job is tried again, twice that before the third time; 5,000 if left out. */
  readonly backoff?: number;
  /** Milliseconds between looks at the queue where nothing came back, and between looks at everything. */
  readonly poll?: number;
  readonly sweep?: number;
}

/** What is in the queue. */
interface Sent {
  readonly id: string;
  readonly batch: Batch;
  readonly job: JobMessage;
  readonly files: readonly NamedFile[];
  /** When it was put there, by the process's own clock, which never jumps. */
  since: number;
}

/** Batches in the queue at a time, at least; three to a worker where there are more workers. */
const WINDOW = 32;
const PER_WORKER = 3;

/** Opens the queue as a run's crew. */
export function queueCrew(options: CrewOptions): OpenCrew {
  return async (run, parts) => {
    const { progress = SILENT } = run;
    const pack = (options.post ?? MODEL_POST).pack;
    if (parts.every(({ tasks }) => tasks.length === 0)) return { make: async () => undefined, close: async () => undefined };
    const packed = await pack(run.plan.plan.model);
    const connection = await connect(options.address, (text) => progress.note(text));
    return new QueueCrew(options, connection, run, parts, { weights: run.model.weightsSha256, packed });
  };
}

class QueueCrew implements Crew {
  readonly #options: CrewOptions & { readonly backoff: number };
  readonly #connection: Connection;
  readonly #jobs: JobQueue;
  readonly #run: Context;
  readonly #model: JobModel;
  readonly #parts: readonly Part[];
  /** The run's name in the queue: the same for the same plan and store, so that what it left there is found again. */
  readonly #name: string;
  readonly #ahead: Batch[];
  readonly #sent = new Map<string, Sent>();
  readonly #tally: Tally;
  readonly #stop = new AbortController();
  readonly #work: Promise<void>;
  /** Jobs that an earlier run of the same plan left in the queue and that this one will ask for. */
  #left: ReadonlySet<string> = new Set();
  readonly #writer = pLimit(1);
  /** The last of what is being stored. */
  #storing: Promise<void> = Promise.resolve();
  /** The last report under way. */
  #reporting: Promise<void> = Promise.resolve();
  #window = WINDOW;
  #looked = Number.NEGATIVE_INFINITY;
  #reported = Number.NEGATIVE_INFINITY;
  #alone = performance.now();

  constructor(options: CrewOptions, connection: Connection, run: Context, parts: readonly Part[], model: JobModel) {
    this.#options = { ...options, backoff: options.backoff ?? 5_000 };
    this.#connection = connection;
    this.#run = run;
    this.#model = model;
    this.#parts = parts;
    this.#name = sha256(JSON.stringify([hostname(), path.resolve(run.folder), run.plan.sha256])).slice(0, 16);
    const size = typeof run.batch === 'number' ? run.batch : DEFAULT_BATCH;
    this.#ahead = parts.flatMap((part) => listPartBatches(part, size));
    this.#tally = new Tally(run.plan.plan.atlas, parts);
    this.#jobs = new JobQueue(connection.redis, this.#name);
    // Whoever awaits a part is told; until somebody does, it is no unhandled rejection.
    this.#work = this.#perform();
    this.#work.catch(() => undefined);
  }

  async make(part: Part, onProgress: (pictures: number) => void): Promise<void> {
    const whole = this.#tally.whole(part, onProgress);
    await Promise.race([whole, this.#work.then(() => whole)]);
  }

  /** Takes what is not begun off the queue, so that nobody renders for a run that has left. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#work.catch(() => undefined);
    await this.#storing.catch(() => undefined);
    const leave = async () => {
      // A report under way would come after the farewell.
      await this.#reporting.catch(() => undefined);
      for (const id of this.#sent.keys())
        if ((await this.#jobs.stateOf(id)) !== 'completed') await this.#jobs.remove(id).catch(() => undefined);
      await endReports(this.#connection.redis, 'run', this.#name);
    };
    await atMost(5_000, leave());
    await this.#connection.close();
  }

  get #redis() {
    return this.#connection.redis;
  }

  #note(text: string): void {
    (this.#run.progress ?? SILENT).note(text);
  }

  /** Until every picture is stored. An error of Redis passes; one of the store, or the user's wish, does not. */
  async #perform(): Promise<void> {
    const signal = this.#run.signal ? AbortSignal.any([this.#run.signal, this.#stop.signal]) : this.#stop.signal;
    let greeted = false;
    for (let troubles = 0; this.#ahead.length + this.#sent.size > 0; ) {
      try {
        const round = greeted ? this.#round() : this.#takeUp().then(() => true);
        const busy = await unlessAborted(round, signal);
        [greeted, troubles] = [true, 0];
        if (!busy) await sleep(this.#options.poll ?? 100, undefined, { signal });
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof AtlasError || !isOfRedis(error)) throw error;
        if (troubles++ === 0) this.#note(`${this.#connection.shown}: ${reason(error)}; trying again`);
        await sleep(Math.min(250 * 2 ** troubles, 10_000), undefined, { signal });
      }
    }
    await unlessAborted(this.#report(true), signal);
  }

  /** Whether anything came back. */
  async #round(): Promise<boolean> {
    if (performance.now() - this.#looked > (this.#options.sweep ?? 5_000)) {
      await this.#sweep();
      this.#looked = performance.now();
    }
    await this.#send();
    const completed = await this.#finished('completed');
    // Checked side by side, stored one after the other.
    await Promise.all(completed.map((sent) => this.#receive(sent)));
    const failed = await this.#finished('failed');
    for (const sent of failed) await this.#fail(sent);
    await this.#report();
    return completed.length + failed.length > 0;
  }

  /** Keeps the window full: a long list never lies in Redis at once. */
  async #send(): Promise<void> {
    const batches = this.#ahead.splice(0, Math.max(0, this.#window - this.#sent.size));
    const sent = batches.map((batch) => this.#prepare(batch));
    for (const one of sent) this.#sent.set(one.id, one);
    for (const { files } of sent) for (const { sha256, path } of files) await putFile(this.#redis, sha256, path);
    await Promise.all(sent.map((one) => this.#add(one)));
  }

  #prepare(batch: Batch): Sent {
    const { job, files } = writeJob(batch, this.#model);
    return { id: nameJob(this.#name, job), batch, job, files, since: performance.now() };
  }

  async #add({ id, batch, job }: Sent): Promise<void> {
    const { backoff } = this.#options;
    const delay = batch.attempt > 1 ? backoff * 2 ** (batch.attempt - 2) : 0;
    await this.#jobs.add(id, job, { priority: 1 + this.#parts.indexOf(batch.part), backoff, delay });
  }

  /** Of what is in the queue, that which is back from it in this way. */
  async #finished(state: 'completed' | 'failed'): Promise<Sent[]> {
    return (await this.#jobs.finished(state)).flatMap((id) => this.#sent.get(id) ?? []);
  }

  async #receive(sent: Sent): Promise<void> {
    const { id, batch } = sent;
    const { work } = batch.part;
    const limit = mostResultBytes(work.settings.size, batch.tasks.length);
    const bytes = await this.#jobs.result(id, limit);
    if (bytes.length === 0) return this.#again(sent, 'its pictures are not there');
    try {
      if (bytes.length > limit) throw new WrongResult(`a result of more than ${limit} bytes`);
      await this.#keep(sent, await readResult(bytes, batch.tasks, work.settings));
    } catch (error) {
      if (!(error instanceof WrongResult)) throw error;
      this.#note(`${work.layer.slug}: refused ${error.message}`);
      await this.#giveUpOrTryAgain(sent, error.message, batch.attempt);
    }
  }

  /** Stores what was made. Pictures that failed are asked for again, by themselves, until they have had their three tries. */
  async #keep(sent: Sent, made: readonly MadePicture[]): Promise<void> {
    const { batch } = sent;
    const pictures = new Map(batch.tasks.map((task, i) => [task, made[i]]));
    const units = splitBatch(batch, batch.attempt + 1);
    const again = batch.attempt < ATTEMPTS ? units.filter(({ tasks }) => tasks.some((task) => pictures.get(task)?.state === 'failed')) : [];
    const retried = new Set(again.flatMap(({ tasks }) => tasks));
    await this.#store(
      batch,
      batch.tasks.flatMap((task) => (retried.has(task) ? [] : [[task, pictures.get(task)] as const])),
    );
    await this.#replace(sent, again);
  }

  async #fail(sent: Sent): Promise<void> {
    const text = await this.#jobs.errorOf(sent.id);
    const message = text.includes('stalled') ? 'whoever rendered it was gone before it was done, every time' : text.slice(0, 1000);
    // BullMQ has tried it often enough.
    await this.#giveUpOrTryAgain(sent, message, ATTEMPTS);
  }

  /** A batch that cannot be made is tried unit by unit: what is wrong may be wrong with one of them. */
  async #giveUpOrTryAgain(sent: Sent, message: string, tries: number): Promise<void> {
    const { batch } = sent;
    const units = splitBatch(batch, 1);
    if (units.length > 1) {
      this.#note(
        `${batch.part.work.layer.slug}: a batch of ${batch.tasks.length} failed (${message.split('\n')[0]}); trying its units one by one`,
      );
      return this.#replace(sent, units);
    }
    if (tries < ATTEMPTS) return this.#replace(sent, splitBatch(batch, tries + 1));
    const made: MadePicture = { state: 'failed', message, score: null, curve: [], curve_steps: [] };
    await this.#store(
      batch,
      batch.tasks.map((task) => [task, made] as const),
    );
    await this.#replace(sent, []);
  }

  async #store({ part }: Batch, pictures: readonly (readonly [Task, MadePicture | undefined])[]): Promise<void> {
    const pairs = pictures.flatMap(([task, made]) => (made ? [[task, made] as const] : []));
    this.#storing = this.#writer(async () => {
      // Nothing begins to be stored when the run is about to leave, and with it the store's lock.
      this.#stop.signal.throwIfAborted();
      await storePictures(
        { store: this.#run.store, journal: part.journal },
        pairs.map(([task]) => task),
        pairs.map(([, made]) => made),
      );
    });
    await this.#storing;
    this.#tally.add(part, pairs);
  }

  /** Takes a batch off the queue, and puts others in its place ahead of all that is not yet sent. */
  async #replace({ id }: Sent, batches: readonly Batch[]): Promise<void> {
    this.#sent.delete(id);
    this.#ahead.unshift(...batches);
    await this.#jobs.remove(id);
  }

  async #again(sent: Sent, why: string): Promise<void> {
    this.#note(`${sent.batch.part.work.layer.slug}: a batch is asked for again: ${why}`);
    await this.#jobs.remove(sent.id);
    sent.since = performance.now();
    await this.#add(sent);
  }

  /** What an earlier run of the same plan left in the queue is taken up first, as it is, where this one asks for it; the rest is removed. */
  async #takeUp(): Promise<void> {
    const found = new Set(await this.#jobs.mine());
    if (found.size === 0) return;
    const [left, others] = [[] as Batch[], [] as Batch[]];
    const kept = new Set<string>();
    for (const batch of this.#ahead) {
      const { id } = this.#prepare(batch);
      if (found.has(id)) kept.add(id);
      (found.has(id) ? left : others).push(batch);
    }
    this.#left = kept;
    this.#ahead.splice(0, this.#ahead.length, ...left, ...others);
    for (const id of found) if (!kept.has(id)) await this.#jobs.remove(id);
    if (kept.size > 0) this.#note(`${kept.size} batches of an earlier run are in the queue still, and are taken up`);
  }

  /** Looks at everything: what Redis lost is put there again, what waits for a clock that went wrong is freed, what nobody asks for is removed. */
  async #sweep(): Promise<void> {
    const files = [...this.#model.packed.files, ...[...this.#sent.values()].flatMap((sent) => sent.files)];
    for (const [sha256, path] of new Map(files.map((file) => [file.sha256, file.path]))) await putFile(this.#redis, sha256, path);
    let lost = 0;
    for (const sent of this.#sent.values()) {
      const state = await this.#jobs.stateOf(sent.id);
      if (state === 'unknown') {
        lost++;
        await this.#jobs.remove(sent.id);
        await this.#add(sent);
      } else if (state === 'delayed') await this.#freeDelayed(sent);
      else sent.since = performance.now();
    }
    if (lost > 0) this.#note(`${lost} batches were gone from the queue, and are in it again`);
    for (const id of await this.#jobs.mine()) if (!this.#sent.has(id) && !this.#left.has(id)) await this.#jobs.remove(id);
    const workers = await countWorkers(this.#redis);
    this.#window = Math.max(WINDOW, PER_WORKER * workers);
    this.#tellIfAlone(workers);
  }

  /** A delay is counted by the clocks of two machines: one that has lasted twice as long as any should is ended. */
  async #freeDelayed(sent: Sent): Promise<void> {
    const longest = 2 * this.#options.backoff * 2 ** (ATTEMPTS - 1);
    if (performance.now() - sent.since < longest) return;
    await this.#jobs.promote(sent.id);
    sent.since = performance.now();
  }

  #tellIfAlone(workers: number): void {
    const now = performance.now();
    if (workers > 0) this.#alone = now;
    else if (now - this.#alone > 10_000) {
      this.#note(`No worker is at ${this.#connection.shown}: start some with "atlas worker --queue ${this.#connection.shown}"`);
      this.#alone = now + 50_000;
    }
  }

  async #report(last = false): Promise<void> {
    const now = performance.now();
    if (!last && now - this.#reported < REPORT_INTERVAL) return;
    this.#reported = now;
    this.#reporting = sendReport(this.#redis, 'run', this.#name, this.#tally.describe(this.#sent.size));
    await this.#reporting;
  }
}

/** Of the server, of the client, or of BullMQ about either: none of the store's, and no bug. */
function isOfRedis(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return (
    ['ReplyError', 'AbortError', 'MaxRetriesPerRequestError', 'ConnectionClosedError'].includes(error.name) ||
    /^E[A-Z]+$/.test(code) ||
    /connection is closed|missing key for job|missing lock|job .* is not in|could not be/i.test(error.message)
  );
}

/** The promise's own outcome, or the signal's reason as soon as it has one: a server that does not answer must not keep a user waiting. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
