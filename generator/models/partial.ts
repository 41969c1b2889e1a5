/** A file that is on its way: the bytes that have come, and beside them what they are the beginning of. */
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { fault, reason } from '../graph/errors.ts';

/** What is known of a file that is on its way, kept beside it as `<file>.part.json`. */
const origin = z.object({
  address: z.string(),
  /** What `If-Range` is asked with, a strong entity tag or a date; without one nothing can be resumed. */
  validator: z.string().optional(),
  /** Bytes of the whole file, where the server said. */
  total: z.number().optional(),
});
/** See the fields. */
export type Origin = z.infer<typeof origin>;

/** Bytes that have come so far. */
export async function sizeOfPart(part: string): Promise<number> {
  return stat(part).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Removes what there is of a file. */
export async function discard(part: string): Promise<void> {
  await rm(`${part}.json`, { force: true });
  await rm(part, { force: true });
}

/** What an earlier try has left: nothing, unless it can be told to be the beginning of the same file. */
export async function partial(url: URL, part: string): Promise<{ offset: number; known?: Origin }> {
  const offset = await sizeOfPart(part);
  const text = await readFile(`${part}.json`, 'utf8').catch(() => 'null');
  const known = origin.safeParse(parse(text)).data;
  if (offset === 0 || known?.address !== url.href || !known.validator) return { offset: 0 };
  return { offset, known };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Begins a file anew: nothing of it is left, and what is to come is known to be of `what`. */
export async function begin(part: string, what: Origin): Promise<void> {
  await writing(part, async () => {
    // In this order: bytes of one file must never lie beside the tag of another.
    await rm(`${part}.json`, { force: true });
    await (await open(part, 'w')).close();
    await writeFile(`${part}.json.new`, JSON.stringify(what));
    await rename(`${part}.json.new`, `${part}.json`);
  });
}

/** Puts the chunks of an answer after the first `begin` bytes of `part`; returns how many there are then. Throws where they cannot be written. */
export async function append(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  part: string,
  begin: number,
  onBytes: (count: number) => void,
): Promise<number> {
  let at = begin;
  const file = await writing(part, () => open(part, begin === 0 ? 'w' : 'a'));
  try {
    for await (const chunk of chunks) {
      for (let done = 0; done < chunk.length; ) done += (await writing(part, () => file.write(chunk, done))).bytesWritten;
      at += chunk.length;
      onBytes(at);
    }
    await writing(part, () => file.datasync());
  } finally {
    await file.close();
  }
  return at;
}

async function writing<T>(part: string, work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    throw unwritable(part, error);
  });
}

function unwritable(part: string, cause: unknown) {
  const full = cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');
  return fault({
    where: part,
    expected: full ? 'room on the disk' : 'a file that can be written to',
    name: 'the download',
    received: reason(cause),
    remedy: `${full ? 'Free some space' : 'Make its folder writable'} and run the same command again: it goes on where it stopped.`,
    cause,
  });
}
