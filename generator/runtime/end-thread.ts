/** Threads that start together, and end between two of their steps. */
import { parentPort, type Worker } from 'node:worker_threads';

/** What a thread is told to end by. */
const END = 'end';

/** Inside a thread, before its own listener: ends it when it is asked to, which is never in the middle of a program's run. */
export function endWhenAsked(): void {
  parentPort?.on('message', (message: unknown) => {
    if (message === END) process.exit(0);
  });
}

/**
 * Asks a thread that has called {@link endWhenAsked} to end, and resolves when it has. `Worker.terminate` would do so at once, but onnxruntime-node
 * aborts the whole process where that falls into the middle of a run.
 */
export async function endThread(worker: Worker): Promise<void> {
  if (worker.threadId === -1) return;
  await new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
    worker.postMessage(END);
  });
}

/** Waits until all threads are ready, and gives what ends them all. Where one fails none is left running. */
export async function allReady<T extends { end(): Promise<void> }>(
  threads: readonly T[],
  ready: (thread: T) => Promise<unknown>,
): Promise<() => Promise<void>> {
  const dispose = async () => {
    await Promise.all(threads.map((thread) => thread.end()));
  };
  try {
    await Promise.all(threads.map(ready));
    return dispose;
  } catch (error) {
    await dispose();
    throw error;
  }
}
