/** The images that a plan asks for. */
import { fault } from '../../graph/errors.ts';
import { openFolder } from './folder.ts';
import type { ImageSet } from './image-set.ts';
import { openProcset, PROCSET_IMAGES } from './procset/open-procset.ts';

/** What a plan says of images. */
export interface ImageOptions {
  /** A folder of photographs; without one the generated set is used. */
  readonly folder?: string;
  /** Side of the pictures in pixels: the network's input. */
  readonly size: number;
  /** At most so many; by default all that are in the folder, or 6,000 generated ones. */
  readonly n?: number;
  /** Folder where decoded or generated pixels are kept from run to run; it may be deleted at any time between runs. */
  readonly cache: string;
  /** The fewest with which the caller can do its work. */
  readonly minimum: number;
  /** Called after every image that is decoded or generated; never where the cache has them all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Largest side, which keeps one image below 64 MiB. */
const LARGEST = 4096;

/** Opens the folder where one is given, else `procset-1`. The first time it decodes or generates all of them, which may take minutes. */
export async function openImages({ folder, size, n, cache, minimum, onProgress }: ImageOptions): Promise<ImageSet> {
  for (const [name, value, most] of [
    ['the size of the images', size, LARGEST],
    ['the number of images', n ?? 1, 2 ** 31],
  ] as const)
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw fault({
        where: 'the images',
        expected: `a whole number from 1 to ${most}`,
        name,
        received: value,
        remedy: 'Change it in the plan.',
      });
  if (folder !== undefined)
    return openFolder({ folder, size, ...(n === undefined ? {} : { n }), cache, minimum, ...(onProgress ? { onProgress } : {}) });
  const count = n ?? PROCSET_IMAGES;
  if (count >= minimum) return openProcset(size, count, cache, onProgress);
  throw fault({
    where: 'the images',
    expected: `at least ${minimum}`,
    name: 'the number of generated images',
    received: count,
    remedy: `Ask for ${minimum} or more.`,
  });
}
