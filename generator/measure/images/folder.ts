/** A folder of photographs as a set of images. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import glob from 'fast-glob';
import limit from 'p-limit';
import { z } from 'zod';
import { sha256 } from '../../batch/canonical.ts';
import { fault, reason } from '../../graph/errors.ts';
import { RandomStream } from '../../render/random.ts';
import { DECODER, decodeSquare } from './decode.ts';
import type { ImageSet } from './image-set.ts';
import { RawCache, type RawImage } from './raw-cache.ts';

const KINDS = ['jpg', 'jpeg', 'png', 'webp', 'avif', 'gif', 'tif', 'tiff'];
/** Files that are decoded at once, and how many may wait decoded for those before them. */
const [AT_ONCE, AHEAD] = [4, 16];

const unreadFiles = z.array(z.object({ at: z.int(), reason: z.string() }));

/** What to read. */
export interface FolderOptions {
  readonly folder: string;
  readonly size: number;
  /** At most so many files, drawn with a fixed seed: the first by name would be of one class where folders are classes. */
  readonly n?: number;
  /** Folder for the decoded pixels, `size`²·3 bytes an image. */
  readonly cache: string;
  /** Fewer readable images than this are refused. */
  readonly minimum: number;
  /** Called after every file that was decoded. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * All images in and below the folder, in order of their paths (by UTF-16 code units, the same on every system). They are decoded once, a few at
 * a time, into a file of the cache, from where they are read one by one; it is found again by the bytes of the files, so that a changed file is
 * decoded anew. Files that cannot be read are skipped and listed. Throws for a missing folder, and for fewer images than `minimum`.
 */
export async function openFolder({ folder, size, n, cache, minimum, onProgress }: FolderOptions): Promise<ImageSet> {
  const found = await findImages(folder);
  const files = n === undefined || n >= found.length ? found : drawFiles(found, n);
  if (files.length < minimum) throw tooFew(folder, minimum, `${files.length} of ${found.length} found`, n);
  const hashes = await mapAtOnce(files, (file) => hashFile(join(folder, file)));
  const key = `folder-${size}-${sha256([DECODER, size, ...hashes].join('\n')).slice(0, 32)}`;
  const unread: { at: number; reason: string }[] = [];
  const images = await RawCache.open(
    cache,
    key,
    () => decodeAll(folder, files, hashes, size, unread, onProgress),
    () => unread,
  );
  const lost = unreadFiles.parse(images.about);
  const skipped = lost.map(({ at, reason: why }) => ({ file: files[at], reason: why }));
  const lostAt = new Set(lost.map(({ at }) => at));
  if (images.n < minimum)
    throw tooFew(folder, minimum, `${images.n} of ${files.length} files, the first unreadable: ${skipped[0]?.file}`, n);
  return {
    id: 'folder',
    kind: 'folder',
    n: images.n,
    size,
    sha256: images.sha256,
    files: files.flatMap((path, at) => (lostAt.has(at) ? [] : [{ path, sha256: hashes[at] }])),
    skipped,
    duplicates: images.duplicates,
    picture: async (index) => ({ size, pixels: (await images.read(index)).data }),
  };
}

async function findImages(folder: string): Promise<string[]> {
  const there = await stat(folder).catch(() => undefined);
  if (!there?.isDirectory())
    throw fault({
      where: folder,
      expected: 'a folder',
      name: 'the images',
      received: there ? 'a file' : 'nothing there',
      remedy: 'Name the folder that holds the images, or none for the generated set.',
    });
  const pattern = `**/*.{${KINDS.join(',')}}`;
  const found = await glob(pattern, { cwd: folder, caseSensitiveMatch: false }).catch((cause: unknown) => {
    throw fault({
      where: folder,
      expected: 'folders that can be read',
      name: 'the images',
      received: reason(cause),
      remedy: 'Make every folder below it readable, or name another.',
      cause,
    });
  });
  if (found.length > 0) return found.sort();
  throw fault({
    where: folder,
    expected: `files that end in ${KINDS.join(', ')}`,
    name: 'the images',
    received: 'none, in no folder below it either',
    remedy: 'Name the folder that holds the images, or none for the generated set.',
  });
}

function drawFiles(found: readonly string[], n: number): string[] {
  const drawn = new RandomStream('images', 'folder').permutation(found.length).slice(0, n).sort();
  return Array.from(drawn, (at) => found[at]);
}

function tooFew(folder: string, minimum: number, received: string, n: number | undefined): Error {
  return fault({
    where: folder,
    expected: `at least ${minimum} images that can be read`,
    name: 'the images',
    received,
    remedy:
      n !== undefined && n < minimum
        ? `Ask for ${minimum} or more instead of ${n}.`
        : `Add images until there are ${minimum}, or name no folder: then the generated set is used.`,
  });
}

/** SHA-256 of a file, read in pieces; of one that cannot be read, its reason: it is skipped later. */
async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(file)) hash.update(piece);
  } catch (error) {
    return `unreadable: ${reason(error)}`;
  }
  return hash.digest('hex');
}

async function mapAtOnce<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  return limit(AT_ONCE).map(items, work);
}

/** The files in order: some are decoded ahead, no more than wait in memory at once. */
async function* decodeAll(
  folder: string,
  files: readonly string[],
  hashes: readonly string[],
  size: number,
  unread: { at: number; reason: string }[],
  onProgress?: (done: number, total: number) => void,
): AsyncGenerator<RawImage> {
  // What is cleared from the queue has to end, or whoever waits for it waits for ever.
  const run = limit({ concurrency: AT_ONCE, rejectOnClear: true });
  const start = (at: number) => {
    const image = run(() => decodeFile(join(folder, files[at]), hashes[at], size));
    image.catch(() => undefined); // Its error is thrown when its turn comes; until then it is not unhandled.
    return image;
  };
  const waiting = Array.from({ length: Math.min(AHEAD, files.length) }, (_, at) => start(at));
  try {
    for (let at = 0; at < files.length; at++) {
      const image = await waiting.shift();
      if (at + AHEAD < files.length) waiting.push(start(at + AHEAD));
      if (image instanceof Uint8Array) yield { data: image, note: null };
      else unread.push({ at, reason: image ?? '' });
      onProgress?.(at + 1, files.length);
    }
  } finally {
    run.clearQueue();
    await Promise.allSettled(waiting);
  }
}

/** Pixels, or the reason why there are none. Throws if the file is another than was hashed a moment ago. */
async function decodeFile(file: string, hash: string, size: number): Promise<Uint8Array | string> {
  const bytes = await readFile(file).catch((error: unknown) => reason(error));
  if (typeof bytes === 'string') return bytes;
  if (sha256(bytes) !== hash)
    throw fault({
      where: file,
      expected: 'the same bytes as before',
      name: 'an image that was being read',
      received: 'others',
      remedy: 'Run again once nothing writes to the folder any more.',
    });
  return decodeSquare(bytes, size).catch((error: unknown) => reason(error).split('\n')[0]);
}
