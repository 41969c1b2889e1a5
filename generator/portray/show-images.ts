/** The images that units' pages show, small, as files of the store. */
import { access } from 'node:fs/promises';
import pLimit from 'p-limit';
import sharp from 'sharp';
import { sha256 } from '../batch/canonical.ts';
import { DurableFolder } from '../batch/disk.ts';
import { imageFile } from '../batch/store.ts';
import type { ImageSet } from '../measure/images/image-set.ts';
import type { Picture } from '../measure/picture.ts';

/**
 * Side in pixels, and how they are compressed. Of generated images of 128 pixels such a file takes 1.4 kB and differs from its pixels by 26 dB
 * (quality 15: 1.0 kB, 25 dB; 60: 2.0 kB, 28 dB): most are noise-like textures, which cost much and show little of what is lost.
 */
export const SHOWN = { side: 96, quality: 20, effort: 6, smartSubsample: true } as const;

/** Encoded at a time. */
const AT_ONCE = 4;

export interface StoredImages {
  /** SHA-256 of each image's file, by its number. */
  readonly hashes: ReadonlyMap<number, string>;
  /** Of all files, each counted once. */
  readonly bytes: number;
}

/**
 * Writes images under their hashes, as renders lie; those that are there stay. Equal pixels give equal bytes. Memory: a few pictures.
 */
export async function storeImages(
  folder: string,
  images: Pick<ImageSet, 'picture'>,
  numbers: readonly number[],
  { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: (done: number) => void } = {},
): Promise<StoredImages> {
  const disk = new DurableFolder(folder);
  const limit = pLimit(AT_ONCE);
  const sizes = new Map<string, number>();
  let done = 0;
  const hashes = await limit.map(numbers, async (number) => {
    signal?.throwIfAborted();
    const bytes = await shrink(await images.picture(number));
    const hash = sha256(bytes);
    const file = imageFile(hash);
    const isThere = sizes.has(hash) || (await exists(disk.resolve(file)));
    sizes.set(hash, bytes.length);
    if (!isThere) await disk.replace(file, bytes);
    onProgress?.(++done);
    return hash;
  });
  return {
    hashes: new Map(numbers.map((number, i) => [number, hashes[i]])),
    bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
  };
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

/** A WebP file of at most {@link SHOWN}'s side. */
export async function shrink({ pixels, size }: Picture): Promise<Buffer> {
  const { side, quality, effort, smartSubsample } = SHOWN;
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .resize(Math.min(side, size), Math.min(side, size))
    .webp({ quality, effort, smartSubsample })
    .toBuffer();
}
