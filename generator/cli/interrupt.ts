/** Ctrl-C: the first one stops the work at the next step and keeps what is finished; a second one ends the process. */

/** Thrown when the user stopped the work. */
export class Interrupted extends Error {
  /** As shells have it: 128 and the number of SIGINT. */
  readonly exitCode = 130;
}

/** Does the work with a signal that SIGINT and SIGTERM abort. `advice` says how to go on. */
export async function interruptible<T>(advice: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    remove();
    process.stderr.write('\nStopping; what is finished is kept.\n');
    controller.abort(new Interrupted(`Stopped. ${advice}`));
  };
  const remove = () => {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    remove();
  }
}
