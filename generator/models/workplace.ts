/** A folder in the making: one process's alone, taken over by another once that one is gone, and put in its place whole or not at all. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Of this process, while it is at work in them. */
const busy = new Set<string>();

/** Tells machines that share a folder apart: a process of another one cannot be asked whether it still lives. */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const WORKPLACE = /^\.fetching-(.+)-([0-9a-f]{8})-(\d+)-(\d+)$/;

/**
 * Calls `fill` with an empty folder, or one that a process which has ended left unfinished, then renames it to `target`. Where `fill` throws,
 * the folder stays for the next call to go on with. Two processes fill two folders; the second to finish finds its work done.
 */
export async function fillFolder(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  let count = 0;
  let mine: string;
  do mine = join(parent, `.fetching-${basename(target)}-${HOST}-${process.pid}-${count++}`);
  while (busy.has(mine));
  busy.add(mine);
  try {
    await adopt(target, mine);
    await mkdir(mine, { recursive: true });
    await fill(mine);
    await rename(mine, target).catch(async (cause: unknown) => {
      // Another process may have been faster; its folder is as good, and is checked next.
      if (!(await isThere(target))) throw cause;
      await rm(mine, { recursive: true, force: true });
    });
  } finally {
    await rmdir(mine).catch(() => undefined); // Only if there is nothing in it to go on with.
    busy.delete(mine);
  }
}

/** Renames what a process that has ended left of `target` to `mine`; a renaming succeeds for one only. */
async function adopt(target: string, mine: string): Promise<void> {
  const parent = dirname(target);
  for (const name of await readdir(parent)) {
    const [, of, host, pid] = WORKPLACE.exec(name) ?? [];
    const folder = join(parent, name);
    if (of !== basename(target) || host !== HOST || (await isThere(mine)) || busy.has(folder)) continue;
    if (Number(pid) !== process.pid && isAlive(Number(pid))) continue;
    await rename(folder, mine).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Whether there is something of that path. */
export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
