/** A thread that measures, asked one thing at a time. */
import { Worker } from 'node:worker_threads';
import { AtlasError } from '../graph/errors.ts';
import { allReady, endThread } from '../runtime/end-thread.ts';

/** Every thread says when it is ready, and what went wrong. */
export type CommonReply = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly message: string };

/** `Reply` is what the thread says beside {@link CommonReply}, told apart by `kind`. */
export class Thread<Request, Reply extends { readonly kind: string }> {
  readonly #worker: Worker;
  #listener: ((reply: Reply | CommonReply | Error) => void) | undefined;

  /** Starts the file with `data` as its workerData. */
  constructor(file: URL, data?: unknown) {
    this.#worker = new Worker(file, { workerData: data });
    this.#worker.on('message', (reply: Reply | CommonReply) => this.#listener?.(reply));
    this.#worker.on('error', (error) => this.#listener?.(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on('exit', (code) =>
      this.#listener?.(new AtlasError(`the comparison: a thread ended before it was done, with code ${code}`)),
    );
  }

  /** Resolves once the thread can be asked. */
  async ready(): Promise<void> {
    await this.#wait((reply): reply is { kind: 'ready' } => reply.kind === 'ready');
  }

  /** Sends a request and resolves with the first reply that `isEnd` takes for its end; others go to `onOther`. Rejects where the thread fails. */
  ask<End extends Reply>(request: Request, isEnd: (reply: Reply) => reply is End, onOther?: (reply: Reply) => void): Promise<End> {
    this.#worker.postMessage(request);
    return this.#wait((reply): reply is End => isEnd(reply as Reply), onOther);
  }

  async end(): Promise<void> {
    this.#listener = undefined;
    await endThread(this.#worker);
  }

  #wait<End extends Reply | CommonReply>(
    isEnd: (reply: Reply | CommonReply) => reply is End,
    onOther?: (reply: Reply) => void,
  ): Promise<End> {
    return new Promise((resolve, reject) => {
      this.#listener = (reply) => {
        if (reply instanceof Error) reject(reply);
        else if (isEnd(reply)) resolve(reply);
        else if (reply.kind === 'failed' && 'message' in reply) reject(new AtlasError(String(reply.message)));
        else onOther?.(reply as Reply);
      };
    });
  }
}

/** Starts threads of one file and waits until all are ready; where one fails, none is left running. */
export async function startThreads<Request, Reply extends { readonly kind: string }>(
  file: URL,
  count: number,
  data?: unknown,
): Promise<Thread<Request, Reply>[]> {
  const threads = Array.from({ length: count }, () => new Thread<Request, Reply>(file, data));
  await allReady(threads, (thread) => thread.ready());
  return threads;
}

/** Ends all, whatever they are doing. */
export async function endThreads(threads: readonly { end(): Promise<void> }[]): Promise<void> {
  await Promise.all(threads.map((thread) => thread.end()));
}
