/** How much memory there is for this process. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** In bytes. */
export interface Memory {
  readonly total: number;
  /** What the process may have: the machine's, or less where its control group (a container) says so. */
  readonly limit: number;
  /** What it could still have now; less than the rest of its limit where others have it, or where its addresses are limited (`ulimit -v`). */
  readonly free: number;
  /** What it holds. */
  readonly used: number;
}

export function readMemory(): Memory {
  const total = totalmem();
  const constrained = process.constrainedMemory();
  // Without a limit the system answers 0, or a number beyond all memory.
  const limit = constrained > 0 ? Math.min(constrained, total) : total;
  const used = process.memoryUsage.rss();
  return { total, limit, used, free: Math.max(0, Math.min(process.availableMemory(), limit - used, freeAddresses())) };
}

/** What is left of the addresses that the process may use, where Linux limits them. */
function freeAddresses(): number {
  const limit = Number(/^Max address space +(\d+)/m.exec(readProcess('limits'))?.[1]);
  const taken = Number(/^VmSize:\s+(\d+) kB/m.exec(readProcess('status'))?.[1]) * 1024;
  return Number.isFinite(limit - taken) ? limit - taken : Number.POSITIVE_INFINITY;
}

/** A file of the process in /proc; empty on other systems. */
function readProcess(name: string): string {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** `3.2 GiB`, `210 MiB`. */
export function formatBytes(bytes: number): string {
  return bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
