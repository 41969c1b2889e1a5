/** How much memory there is for this process. */
import { freemem, totalmem } from 'node:os';

/** In bytes. */
export interface Memory {
  readonly total: number;
  /** What the process may have: the machine's, or less where its control group (a container) says so. */
  readonly limit: number;
  /** What it could still have now. */
  readonly free: number;
  /** What it holds. */
  readonly used: number;
}

export function readMemory(): Memory {
  const total = totalmem();
  const constrained = process.constrainedMemory();
  // Without a limit the system answers 0, or a number beyond all memory.
  const limit = constrained > 0 ? Math.min(constrained, total) : total;
  const free = Math.min(process.availableMemory(), freemem(), limit);
  return { total, limit, free, used: process.memoryUsage.rss() };
}

/** `3.2 GiB`, `210 MiB`. */
export function formatBytes(bytes: number): string {
  return bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
