/** Ending a thread between two of its steps. */
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
