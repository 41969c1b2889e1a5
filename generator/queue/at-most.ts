/** Waiting for what may never come. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when the work is over, however it ends, or after so many milliseconds; no timer is left behind. */
export async function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([work.catch(() => undefined), sleep(milliseconds, undefined, { signal: over.signal }).catch(() => undefined)]);
  over.abort();
}
