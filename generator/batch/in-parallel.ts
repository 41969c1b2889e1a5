/** Doing the same to many things, some at once. */

/** Calls `work` for each item, `count` at a time. After the first error nothing new begins; when it is thrown, nothing is under way. */
export async function inParallel<T>(items: Iterable<T>, count: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items].values();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failed) return;
      await work(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: count }, worker));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}
