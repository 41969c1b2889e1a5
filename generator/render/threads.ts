/** Several threads that render, each with a runtime and pictures of its own. */
import { Worker } from 'node:worker_threads';
import { AtlasError } from '../graph/errors.ts';
import { allReady, endThread } from '../runtime/end-thread.ts';
import type { HostPrograms } from './host-programs.ts';
import type { Rendered, Renderer, RenderJob, RenderOptions } from './renderer.ts';

/** What a thread is started with. `stop[0]` becomes 1 to stop the render under way. */
export interface ThreadData {
  readonly programs: HostPrograms;
  readonly stop: Int32Array<SharedArrayBuffer>;
}

/** What a thread is asked for: the pictures of some jobs, and after which steps they are kept too. */
export interface ThreadRequest {
  readonly jobs: readonly RenderJob[];
  readonly frames?: readonly number[] | undefined;
}

/** What a thread says: that its programs are compiled, that a step is done, what it made, or what went wrong. */
export type ThreadReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'step'; readonly step: number }
  | { readonly kind: 'rendered'; readonly rendered: Rendered[] }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly message: string };

/** Starts the threads and compiles the programs in each. A batch is dealt out in equal shares, in order. */
export async function openThreads(programs: HostPrograms, count: number): Promise<Pick<Renderer, 'render' | 'dispose'>> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const threads = Array.from({ length: count }, () => new Thread({ programs, stop }));
  const dispose = await allReady(threads, (thread) => thread.reply());
  return {
    render: async (jobs, { signal, onStep, frames }: RenderOptions = {}) => {
      signal?.throwIfAborted();
      Atomics.store(stop, 0, 0);
      const halt = () => Atomics.store(stop, 0, 1);
      signal?.addEventListener('abort', halt);
      const shares = deal(jobs, count, programs.pictures);
      const reached = shares.map(() => -1);
      const advance = (share: number, step: number) => {
        const before = Math.min(...reached);
        reached[share] = step;
        if (Math.min(...reached) > before) onStep?.(Math.min(...reached));
      };
      try {
        const parts = await Promise.allSettled(
          shares.map((share, i) => threads[i].render({ jobs: share, frames }, (step) => advance(i, step), halt)),
        );
        signal?.throwIfAborted();
        return parts.flatMap((part) => {
          if (part.status === 'rejected') throw part.reason;
          return part.value;
        });
      } finally {
        signal?.removeEventListener('abort', halt);
      }
    },
    dispose,
  };
}

/** Splits a list into at most `count` runs as equal as can be, without breaking up groups of `size` values. */
export function deal<T>(values: readonly T[], count: number, size = 1): T[][] {
  const groups = Math.ceil(values.length / size);
  const shares = Math.min(count, groups);
  const bound = (i: number) => size * Math.floor((i * groups) / shares);
  return Array.from({ length: shares }, (_, i) => values.slice(bound(i), bound(i + 1)));
}

class Thread {
  readonly #worker: Worker;
  #listener: ((reply: ThreadReply | Error) => void) | undefined;

  constructor(data: ThreadData) {
    this.#worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: data });
    this.#worker.on('message', (reply: ThreadReply) => this.#listener?.(reply));
    this.#worker.on('error', (error) => this.#listener?.(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', (code) => this.#listener?.(new AtlasError(`render: a thread ended before it was done, with code ${code}`)));
  }

  /** The next reply that is not a step. */
  reply(onStep?: (step: number) => void): Promise<ThreadReply> {
    return new Promise((resolve, reject) => {
      this.#listener = (reply) => {
        if (reply instanceof Error) reject(reply);
        else if (reply.kind === 'failed') reject(new AtlasError(reply.message));
        else if (reply.kind === 'step') onStep?.(reply.step);
        else resolve(reply);
      };
    });
  }

  /** Renders; where it fails, the other threads need not go on. */
  async render(request: ThreadRequest, onStep: (step: number) => void, onFailure: () => void): Promise<Rendered[]> {
    this.#worker.postMessage(request);
    try {
      const reply = await this.reply(onStep);
      return reply.kind === 'rendered' ? reply.rendered : [];
    } catch (error) {
      onFailure();
      throw error;
    }
  }

  async end(): Promise<void> {
    this.#listener = undefined;
    await endThread(this.#worker);
  }
}
