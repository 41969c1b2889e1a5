/** Images of one size kept in a single file: written once, from front to back, and read at random, each checked against its hash. */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { DurableFolder, TEMPORARY } from '../../batch/disk.ts';
import { fault, reason } from '../../graph/errors.ts';

/** What stands beside the images, in `KEY.json`, written last: where it is, the images are whole. */
const contents = z.object({
  format: z.literal('images-1'),
  /** Bytes of one image. */
  bytes: z.int().positive(),
  /** SHA-256 of every image's bytes and note, cut to 128 bits. */
  images: z.array(z.string().regex(/^[0-9a-f]{32}$/)),
  /** SHA-256 over all images' bytes and their notes, in order. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** What the writer noted of every image. */
  notes: z.array(z.unknown()),
  /** What the writer noted of all. */
  about: z.unknown(),
});
type Contents = z.infer<typeof contents>;

/** An image on its way into the cache: its bytes (the same number for all) and what to note of it: what JSON can hold, null for nothing. */
export interface RawImage {
  readonly data: Uint8Array;
  readonly note: unknown;
}

/** A file that was not written to for so long belongs to nobody any more. */
const ABANDONED_MS = 3_600_000;
const OURS = /\.(raw|json)\.\d+\./;
/** Hexadecimal digits kept of an image's hash. */
const SHORT = 32;

/** A finished cache, open for reading. It needs no closing: the file is opened for each image. */
export class RawCache {
  readonly #file: string;
  readonly #contents: Contents;

  private constructor(file: string, known: Contents) {
    this.#file = file;
    this.#contents = known;
  }

  /**
   * The cache `key` of a folder. Where it is not whole it is written anew from `images`, of which one at a time is in memory: first into a file
   * of another name, flushed, renamed, then its contents. A kill at any time leaves either nothing of that key or all of it. `about` is called
   * after the last image.
   */
  static async open(folder: string, key: string, images: () => AsyncIterable<RawImage>, about: () => unknown): Promise<RawCache> {
    const file = join(folder, `${key}.raw`);
    const known = (await readContents(file)) ?? (await write(folder, key, images, about));
    return new RawCache(file, known);
  }

  /** How many images. */
  get n(): number {
    return this.#contents.images.length;
  }

  /** Over all images and notes, in order. */
  get sha256(): string {
    return this.#contents.sha256;
  }

  /** Not checked: parse it. */
  get about(): unknown {
    return this.#contents.about;
  }

  /** Images whose bytes an earlier one has already. */
  get duplicates(): number {
    return this.n - new Set(this.#contents.images).size;
  }

  /** Image `index`; its note is to be parsed. Throws where either is not what was written. */
  async read(index: number): Promise<RawImage> {
    const { bytes, images, notes } = this.#contents;
    if (!Number.isInteger(index) || index < 0 || index >= images.length)
      throw fault({
        where: this.#file,
        expected: `0 to ${images.length - 1}`,
        name: 'the index of an image',
        received: index,
        remedy: 'Ask for an image that the set has.',
      });
    const data = new Uint8Array(bytes);
    const handle = await open(this.#file, 'r').catch((cause: unknown) => {
      throw this.#damaged(reason(cause), cause);
    });
    try {
      const { bytesRead } = await handle.read(data, 0, bytes, index * bytes);
      if (bytesRead !== bytes || shortHash({ data, note: notes[index] }) !== images[index])
        throw this.#damaged(`other bytes for image ${index}`);
    } finally {
      await handle.close();
    }
    return { data, note: notes[index] };
  }

  #damaged(received: string, cause?: unknown): Error {
    return fault({
      where: this.#file,
      expected: 'the images that were written',
      name: 'the cache',
      received,
      remedy: `Delete ${this.#file} and run again: it is made anew.`,
      cause,
    });
  }
}

/** What is known of a file of images, or nothing where it is missing, unfinished or of another format. */
async function readContents(file: string): Promise<Contents | undefined> {
  const text = await readFile(contentsFile(file), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const known = contents.parse(JSON.parse(text));
    const { size } = await stat(file);
    return size === known.bytes * known.images.length && known.notes.length === known.images.length ? known : undefined;
  } catch {
    return undefined; // Altered or half gone: what it is made from is still there.
  }
}

const contentsFile = (file: string): string => file.replace(/\.raw$/, '.json');
const noted = (note: unknown): string => (note === null ? '' : JSON.stringify(note));
const shortHash = ({ data, note }: RawImage): string => createHash('sha256').update(data).update(noted(note)).digest('hex').slice(0, SHORT);

async function write(folder: string, key: string, images: () => AsyncIterable<RawImage>, about: () => unknown): Promise<Contents> {
  const target = join(folder, `${key}.raw`);
  const temporary = `${target}.${process.pid}${TEMPORARY}`;
  const hash = createHash('sha256');
  const known: Contents = { format: 'images-1', bytes: 1, images: [], sha256: '', notes: [], about: undefined };
  let handle: FileHandle | undefined;
  try {
    await mkdir(dirname(target), { recursive: true });
    await clearAbandoned(folder);
    handle = await open(temporary, 'w');
    for await (const { data, note } of images()) {
      hash.update(data).update(noted(note));
      known.bytes = data.length;
      known.images.push(shortHash({ data, note }));
      known.notes.push(note);
      await handle.writeFile(data);
    }
    await handle.sync();
    await handle.close();
    handle = undefined;
    known.sha256 = hash.digest('hex');
    known.about = about() ?? null;
    // Contents of an older file of this name would speak of other bytes.
    await rm(contentsFile(target), { force: true });
    await rename(temporary, target);
    await new DurableFolder(folder).replace(`${key}.json`, JSON.stringify(known));
    return known;
  } catch (error) {
    await handle?.close();
    await rm(temporary, { force: true }).catch(() => undefined);
    throw isFromDisk(error) ? diskFault(folder, error) : error;
  }
}

/** Removes what killed runs left: a run that lives writes all the time. */
async function clearAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!OURS.test(name) || !name.endsWith(TEMPORARY)) continue;
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(join(folder, name), { force: true });
  }
}

const isFromDisk = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

function diskFault(folder: string, cause: unknown): Error {
  return fault({
    where: folder,
    expected: 'a folder with room for the images',
    name: 'the cache',
    received: reason(cause),
    remedy: 'Free some space or name another folder; what was written of the cache is removed.',
    cause,
  });
}
