/** One writer to a store: a lock file that names its owner, and that a dead owner does not keep. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { type AtlasError, fault, reason } from '../graph/errors.ts';

/** The lock's name inside the store. */
export const LOCK = 'run.lock';

const owner = z.object({ pid: z.int(), host: z.string(), started: z.string() });
type Owner = z.infer<typeof owner>;

const held = new AsyncLocalStorage<ReadonlySet<string>>();

/** Does the work as the store's only writer. Work inside the work may ask again. Throws if another process is at it. */
export async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const file = path.resolve(folder, LOCK);
  const mine = held.getStore() ?? new Set();
  if (mine.has(file)) return work();
  await take(folder, file);
  try {
    await clearClaims(folder);
    return await held.run(new Set([...mine, file]), work);
  } finally {
    await rm(file, { force: true });
  }
}

/** Writes the claim beside the lock and links it into place: a lock is never half written, and only one link succeeds. */
async function take(folder: string, file: string): Promise<void> {
  const claim = `${file}.${process.pid}.tmp`;
  const me: Owner = { pid: process.pid, host: hostname(), started: startOf(process.pid) ?? 'unknown' };
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(claim, JSON.stringify(me));
    for (let attempt = 0; attempt < 10; attempt++) {
      if (await linked(claim, file)) return;
      const other = await readOwner(file);
      if (other && isAlive(other)) throw ownedFault(folder, other);
      await setAside(file, other);
    }
    throw ownedFault(folder, await readOwner(file));
  } catch (error) {
    throw error instanceof Error && error.name === 'AtlasError' ? error : unwritableFault(folder, error);
  } finally {
    await rm(claim, { force: true }).catch(() => undefined);
  }
}

/** Removes what processes left that were killed while they asked for the lock. A claim that says nothing yet may be on its way. */
async function clearClaims(folder: string): Promise<void> {
  const claims = (await readdir(folder)).filter((name) => name.startsWith(`${LOCK}.`) && name.endsWith('.tmp'));
  for (const name of claims) {
    const claimant = await readOwner(path.join(folder, name));
    if (claimant && !isAlive(claimant)) await rm(path.join(folder, name), { force: true });
  }
}

async function linked(claim: string, file: string): Promise<boolean> {
  return link(claim, file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}

async function readOwner(file: string): Promise<Owner | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return owner.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Removes a dead owner's lock; if another process has replaced it in between, that one is put back. */
async function setAside(file: string, dead: Owner | undefined): Promise<void> {
  const aside = `${file}.${process.pid}.stale.tmp`;
  await rename(file, aside).catch(() => undefined);
  const found = await readOwner(aside);
  if (found && JSON.stringify(found) !== JSON.stringify(dead)) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

/** A process of another machine counts as alive: it cannot be asked. A number that went to a younger process does not. */
function isAlive({ pid, host, started }: Owner): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const now = startOf(pid);
  return now === undefined || now === started;
}

/** When a process began, in clock ticks since the machine did (Linux), `zombie` if it has ended; nothing where that cannot be known. */
function startOf(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return fields[0] === 'Z' ? 'zombie' : fields[19];
  } catch {
    return undefined;
  }
}

function ownedFault(folder: string, other: Owner | undefined): AtlasError {
  return fault({
    where: folder,
    expected: 'one writer at a time',
    name: LOCK,
    received: other ? `process ${other.pid} on ${other.host}, which is at work` : 'a lock that comes and goes',
    remedy: `Wait for it to end. If you are sure that nothing is running, remove ${path.join(folder, LOCK)}.`,
  });
}

function unwritableFault(folder: string, error: unknown): AtlasError {
  return fault({
    where: folder,
    expected: 'a folder that can be written to',
    name: LOCK,
    received: reason(error),
    remedy: 'Free some space, make the folder writable or choose another with --out, and run the same command again.',
    cause: error,
  });
}
