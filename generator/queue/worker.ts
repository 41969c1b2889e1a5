/** A worker: takes batches off the queue one after the other, renders them, and sends the pictures back. */
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { Engine } from '../batch/engine.ts';
import { AtlasError, reason } from '../graph/errors.ts';
import type { RuntimeChoice } from '../runtime/open.ts';
import { atMost } from './at-most.ts';
import { type Connection, connect, type QueueAddress } from './connection.ts';
import { getFile } from './files.ts';
import { PREFIX, QUEUE, RESULT_SECONDS, resultKey } from './keys.ts';
import { JobMaker, readJob, UnreadableJob, WrongWorker, wrongWorker } from './maker.ts';
import { jobId, VERSIONS, type WorkerReport } from './messages.ts';
import { MODEL_POST, type ModelPost } from './model-files.ts';
import { endReports, REPORT_INTERVAL, readRuns, sendReport } from './reports.ts';
import { writeResult } from './results.ts';

/** How a worker works. */
export interface WorkerRequest {
  readonly address: QueueAddress;
  readonly engine: Engine;
  readonly runtime?: RuntimeChoice;
  readonly post?: ModelPost;
  /** Where files that come through the queue are kept. */
  readonly cache: string;
  readonly name?: string;
  readonly batch?: number;
  /** Leaves when no run is at the queue, instead of waiting for one. */
  readonly once?: boolean;
  /** The batch in hand is finished, then the worker leaves. */
  readonly signal?: AbortSignal;
  readonly on?: (event: WorkerEvent) => void;
  /** Milliseconds for which a job stays a worker's that says nothing. */
  readonly lock?: number;
}

/** What happens to a worker, for logs. */
export type WorkerEvent =
  | { readonly event: 'ready'; readonly worker: string; readonly queue: string; readonly device: string; readonly threads: number }
  | {
      readonly event: 'batch';
      readonly job: string;
      readonly layer: string;
      readonly pictures: number;
      readonly failed: number;
      readonly seconds: number;
    }
  | { readonly event: 'failed'; readonly job: string; readonly message: string }
  | { readonly event: 'note'; readonly message: string };

/** What a worker did. */
export interface WorkerSummary {
  readonly batches: number;
  readonly pictures: number;
  /** Batches and pictures that failed. */
  readonly failures: number;
}

/**
 * Long enough to outlive a server that stands still for half a minute, since it is renewed after half of that at the latest; a worker that is gone
 * is missed after as long again.
 */
const LOCK = 75_000;
/** A job whose workers were gone so many times is not given to another. */
const MOST_LOST = 2;
/** Seconds without a run after which a worker that waits for none leaves. */
const ONCE = 3;
const LONGEST_REST = 60_000;

/** Works until the signal says to leave. Throws where the queue cannot be reached at first, and where a run is of another version or network. */
export async function runWorker(request: WorkerRequest): Promise<WorkerSummary> {
  const { on = () => undefined } = request;
  const note = (message: string) => on({ event: 'note', message });
  const connection = await connect(request.address, note);
  try {
    const runtime = await request.engine.openRuntime(request.runtime ?? {});
    const fetch = async (sha256: string, to: string) => {
      await mkdir(path.dirname(to), { recursive: true });
      await getFile(connection.redis, sha256, to);
    };
    const { engine, cache, post = MODEL_POST, batch } = request;
    const maker = new JobMaker({ engine, runtime, post, cache, fetch, note, ...(batch ? { batch } : {}) });
    const bench = new Bench(request, connection, maker, { device: `${runtime.version}, ${runtime.device}`, threads: runtime.threads }, on);
    try {
      return await bench.work();
    } finally {
      await maker.close();
    }
  } finally {
    await connection.close();
  }
}

class Bench {
  readonly #request: WorkerRequest;
  readonly #connection: Connection;
  readonly #maker: JobMaker;
  readonly #machine: { device: string; threads: number };
  readonly #on: (event: WorkerEvent) => void;
  readonly #id = randomUUID();
  readonly #name: string;
  #at: { readonly text: string; readonly since: number } | undefined;
  #batches = 0;
  #pictures = 0;
  #failures = 0;
  #lastError: string | undefined;
  /** Failed jobs in a row: a worker that is out of order must not go through all of a run's. */
  #troubles = 0;
  #leave: (error?: unknown) => void = () => undefined;

  constructor(
    request: WorkerRequest,
    connection: Connection,
    maker: JobMaker,
    machine: { device: string; threads: number },
    on: (event: WorkerEvent) => void,
  ) {
    this.#request = request;
    this.#connection = connection;
    this.#maker = maker;
    this.#machine = machine;
    this.#on = on;
    this.#name = request.name ?? `${hostname()}-${process.pid}`;
  }

  async work(): Promise<WorkerSummary> {
    const { lock = LOCK, signal } = this.#request;
    const { promise: left, resolve, reject } = Promise.withResolvers<void>();
    this.#leave = (error) => (error === undefined ? resolve() : reject(error));
    const worker = new Worker(QUEUE, (job, token) => this.#perform(job, token), {
      connection: this.#connection.redis,
      prefix: PREFIX,
      name: this.#name,
      autorun: false,
      lockDuration: lock,
      stalledInterval: lock / 5,
      maxStalledCount: MOST_LOST,
      runRetryDelay: 1000,
    });
    worker.on('error', (error) => this.#trouble(error));
    const stop = () => resolve();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    const reports = this.#reportRegularly();
    this.#on({ event: 'ready', worker: this.#name, queue: this.#connection.shown, ...this.#machine });
    worker.run().catch(reject);
    try {
      await left;
    } finally {
      signal?.removeEventListener('abort', stop);
      clearInterval(reports);
      // The batch in hand is finished and sent back first.
      await worker.close();
      await atMost(2_000, endReports(this.#connection.redis, 'worker', this.#id));
    }
    return { batches: this.#batches, pictures: this.#pictures, failures: this.#failures };
  }

  async #perform(job: Job, token?: string): Promise<Record<string, never>> {
    try {
      await this.#make(job);
      this.#troubles = 0;
      return {};
    } catch (error) {
      return this.#fail(job, token, error);
    }
  }

  async #make(job: Job): Promise<void> {
    const id = jobId.safeParse(job.id).data;
    if (id === undefined) throw new UnreadableJob('the job has no id that a run would give it');
    const message = readJob(job.data);
    const started = performance.now();
    this.#at = { text: `${message.layer}, ${message.tasks.length} pictures`, since: started };
    const { tasks, made, layer } = await this.#maker.make(message);
    await this.#connection.redis.set(resultKey(id), writeResult(this.#name, tasks, made), 'EX', RESULT_SECONDS);
    const failed = made.filter(({ state }) => state === 'failed').length;
    const seconds = (performance.now() - started) / 1000;
    this.#batches++;
    this.#pictures += made.length - failed;
    this.#failures += failed;
    this.#lastError = made.findLast(({ state }) => state === 'failed')?.message ?? this.#lastError;
    this.#at = undefined;
    this.#on({ event: 'batch', job: id, layer: layer.slug, pictures: made.length, failed, seconds });
  }

  /** A job for others goes back as it was, and so does this worker; one that nobody can do fails for good; anything else is tried again. */
  async #fail(job: Job, token: string | undefined, error: unknown): Promise<never> {
    this.#at = undefined;
    if (error instanceof WrongWorker) {
      await job.moveToWait(token);
      this.#leave(wrongWorker(this.#connection.shown, error));
      throw new WaitingError(reason(error));
    }
    const message = reason(error);
    this.#failures++;
    this.#lastError = message;
    this.#on({ event: 'failed', job: String(job.id), message });
    if (error instanceof UnreadableJob) throw new UnrecoverableError(message);
    await this.#rest(++this.#troubles);
    // A bug is told in full here; the run hears what it says of itself.
    if (!(error instanceof AtlasError)) this.#on({ event: 'note', message: error instanceof Error ? (error.stack ?? message) : message });
    throw new Error(`${message.split('\n')[0]} (worker ${this.#name})`);
  }

  async #rest(troubles: number): Promise<void> {
    if (troubles < 2) return;
    const { signal } = this.#request;
    await sleep(Math.min(500 * 2 ** troubles, LONGEST_REST), undefined, signal ? { signal } : {}).catch(() => undefined);
  }

  /** BullMQ's own troubles; those of the connection are told once by the connection itself. */
  #trouble(error: Error): void {
    const words = reason(error);
    if (/ECONN|EPIPE|ETIMEDOUT|closed/i.test(words) || ('code' in error && /^E/.test(String(error.code)))) return;
    this.#on({ event: 'note', message: words });
  }

  #reportRegularly(): NodeJS.Timeout {
    let underway = false;
    let lonely = 0;
    const report = async () => {
      if (underway) return;
      underway = true;
      try {
        await sendReport(this.#connection.redis, 'worker', this.#id, this.#describe());
        if (!this.#request.once) return;
        const idle = this.#at === undefined && (await readRuns(this.#connection.redis)).length === 0;
        lonely = idle ? lonely + REPORT_INTERVAL / 1000 : 0;
        if (lonely > ONCE) this.#leave();
      } catch {
        // The connection tells of its outages; the next report comes soon.
      } finally {
        underway = false;
      }
    };
    void report();
    return setInterval(report, REPORT_INTERVAL);
  }

  #describe(): WorkerReport {
    return {
      name: this.#name,
      host: hostname(),
      pid: process.pid,
      versions: VERSIONS,
      ...this.#machine,
      ...(this.#at ? { at: this.#at.text, seconds: (performance.now() - this.#at.since) / 1000 } : {}),
      pictures: this.#pictures,
      failures: this.#failures,
      ...(this.#lastError ? { last_error: this.#lastError.slice(0, 1000) } : {}),
    };
  }
}
