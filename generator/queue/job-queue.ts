/** A run's jobs in BullMQ's queue: put there, looked for in every state, taken off. What it says is what Redis knows at the moment, which may forget everything at any. */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { reason } from '../graph/errors.ts';
import { PREFIX, QUEUE, resultKey } from './keys.ts';
import type { JobMessage } from './messages.ts';

/** Times that BullMQ lets a job be tried. */
export const ATTEMPTS = 3;
/** Letters of a worker's error that are read. */
const LONGEST_ERROR = 10_000;

/** How a job is put into the queue. */
export interface JobOptions {
  /** One is the first; zero would go before every priority. */
  readonly priority: number;
  /** Milliseconds before a failed job is tried again, twice that before the third time. */
  readonly backoff: number;
  /** Milliseconds before it is tried at all. */
  readonly delay?: number;
}

/** The jobs of the run of a name, which is the first part of their ids. */
export class JobQueue {
  readonly #redis: Redis;
  readonly #run: string;
  readonly #queue: Queue;

  constructor(redis: Redis, run: string) {
    this.#redis = redis;
    this.#run = run;
    this.#queue = new Queue(QUEUE, { connection: redis, prefix: PREFIX });
    // The connection tells of its own troubles.
    this.#queue.on('error', () => undefined);
  }

  async add(id: string, job: JobMessage, { priority, backoff, delay }: JobOptions): Promise<void> {
    await this.#queue.add('pictures', job, {
      jobId: id,
      priority,
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: backoff },
      stackTraceLimit: 0,
      ...(delay ? { delay } : {}),
    });
  }

  /** Takes a job off, with its result. One that a worker has at this moment stays, and is to be removed when it comes back. */
  async remove(id: string): Promise<void> {
    await this.#redis.del(resultKey(id));
    await this.#queue.remove(id).catch((error: unknown) => {
      if (!/locked/i.test(reason(error))) throw error;
    });
  }

  /** `unknown` for a job that is not there. */
  async stateOf(id: string): Promise<string> {
    return this.#queue.getJobState(id);
  }

  /** The ids of all jobs, whoever's, that are back in this way. */
  async finished(state: 'completed' | 'failed'): Promise<string[]> {
    return this.#redis.zrange(this.#queue.toKey(state), 0, -1);
  }

  /** A result's first bytes, `limit` and one more at most; none where there is no result. */
  async result(id: string, limit: number): Promise<Buffer> {
    return this.#redis.getrangeBuffer(resultKey(id), 0, limit);
  }

  /** Why a job failed the last time. */
  async errorOf(id: string): Promise<string> {
    const key = this.#queue.toKey(id);
    if ((await this.#redis.hstrlen(key, 'failedReason')) > LONGEST_ERROR) return 'an error too long to tell';
    return (await this.#redis.hget(key, 'failedReason')) ?? 'no reason given';
  }

  /** The ids of this run's jobs in every state but being rendered. */
  async mine(): Promise<string[]> {
    const key = (state: string) => this.#queue.toKey(state);
    const sets = ['prioritized', 'delayed', 'completed', 'failed'].map((state) => this.#redis.zrange(key(state), 0, -1));
    const ids = (await Promise.all([...sets, this.#redis.lrange(key('wait'), 0, -1)])).flat();
    return ids.filter((id) => id.startsWith(`${this.#run}-`));
  }

  /** Ends a job's delay. */
  async promote(id: string): Promise<void> {
    await (await this.#queue.getJob(id))?.promote();
  }
}
