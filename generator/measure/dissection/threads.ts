/** Several threads that count, each with a runtime of its own and images of its own; what they counted is added up. */
import { Worker } from 'node:worker_threads';
import { AtlasError } from '../../graph/errors.ts';
import { allReady, endThread } from '../../runtime/end-thread.ts';
import { addLayerCounts, type LayerCounts } from './counts.ts';
import type { LabelledImage, Tally, TallyPlan } from './tally.ts';

/** What a thread is asked for: to count some images, or for its counts. */
export type ThreadRequest = { readonly kind: 'images'; readonly images: readonly LabelledImage[] } | { readonly kind: 'counts' };

/** What a thread says: that it is ready or has counted a batch, its counts, or what went wrong. */
export type ThreadReply =
  | { readonly kind: 'done' }
  | { readonly kind: 'counts'; readonly counts: readonly LayerCounts[] }
  | { readonly kind: 'failed'; readonly message: string };

/** Where images are counted: in this thread or in others. */
export interface Counting {
  /** Takes a batch; returns once the next can be made, which is before this one is counted. */
  add(images: readonly LabelledImage[]): Promise<void>;
  /** Waits for all of them; the counts of every layer. */
  finish(): Promise<readonly LayerCounts[]>;
  /** Ends it, whatever is under way. */
  dispose(): Promise<void>;
}

/** Counts in this thread. */
export function countHere(tally: Tally): Counting {
  return { add: tally.add, finish: async () => tally.counts, dispose: tally.dispose };
}

/** Starts the threads. A batch goes to the next in turn, and waits where it already has two. Sums of counts do not depend on who counted what. */
export async function openThreads(plan: TallyPlan, count: number): Promise<Counting> {
  const threads = Array.from({ length: count }, () => new Thread(plan));
  const dispose = await allReady(threads, (thread) => thread.reply());
  let next = 0;
  return {
    add: (images) => threads[next++ % count].add(images),
    finish: async () => {
      const [sum, ...parts] = await Promise.all(threads.map((thread) => thread.counts()));
      for (const part of parts) for (const [i, counts] of part.entries()) addLayerCounts(sum[i], counts);
      return sum;
    },
    dispose,
  };
}

class Thread {
  readonly #worker: Worker;
  /** Who waits for a reply, in the order of the requests. */
  readonly #waiting: { resolve(reply: ThreadReply): void; reject(error: Error): void }[] = [];
  #failure: Error | undefined;
  /** The batches given and not yet counted. */
  #under: Promise<unknown>[] = [];

  constructor(plan: TallyPlan) {
    this.#worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: plan });
    this.#worker.on('message', (reply: ThreadReply) => {
      if (reply.kind === 'failed') this.#fail(new AtlasError(reply.message));
      else this.#waiting.shift()?.resolve(reply);
    });
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', (code) => this.#fail(new AtlasError(`dissection: a thread ended before it was done, with code ${code}`)));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }

  /** The reply to the request made last. */
  reply(): Promise<ThreadReply> {
    const reply = new Promise<ThreadReply>((resolve, reject) => {
      if (this.#failure) reject(this.#failure);
      else this.#waiting.push({ resolve, reject });
    });
    // Whoever waits for it later is told; nobody may be, where another thread failed first.
    reply.catch(() => {});
    return reply;
  }

  async add(images: readonly LabelledImage[]): Promise<void> {
    this.#worker.postMessage({ kind: 'images', images } satisfies ThreadRequest);
    this.#under.push(this.reply());
    if (this.#under.length > 1) await this.#under.shift();
  }

  async counts(): Promise<readonly LayerCounts[]> {
    await Promise.all(this.#under);
    this.#worker.postMessage({ kind: 'counts' } satisfies ThreadRequest);
    const reply = await this.reply();
    return reply.kind === 'counts' ? reply.counts : [];
  }

  async end(): Promise<void> {
    await endThread(this.#worker);
  }
}
