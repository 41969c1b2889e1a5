/** `procset-1` as a set of images: generated once, kept in the cache, generated again where the cache is gone. */
import { z } from 'zod';
import type { ImageSet } from '../image-set.ts';
import { RawCache, type RawImage } from '../raw-cache.ts';
import { composeImage, PROCSET } from './compose.ts';
import { CONCEPTS } from './concepts.ts';

/** As many as give every concept at least 60 images and pixels to count. */
export const PROCSET_IMAGES = 6000;

const cells = z
  .array(
    z.array(
      z
        .int()
        .min(0)
        .max(CONCEPTS.length - 1),
    ),
  )
  .max(256);

/** The first `n` images at `size` pixels a side; the cache holds `size`²·4 bytes of each (pixels, then the cell of every pixel). */
export async function openProcset(
  size: number,
  n: number,
  cache: string,
  onProgress?: (done: number, total: number) => void,
): Promise<ImageSet> {
  const images = await RawCache.open(
    cache,
    `${PROCSET}-${size}-${n}`,
    () => generate(size, n, onProgress),
    () => null,
  );
  const area = size * size;
  return {
    id: PROCSET,
    kind: 'generated',
    n,
    size,
    sha256: images.sha256,
    concepts: CONCEPTS,
    picture: async (index) => ({ size, pixels: (await images.read(index)).data.subarray(0, 3 * area) }),
    labels: async (index) => {
      const { data, note } = await images.read(index);
      return { cell: data.subarray(3 * area), concepts: cells.parse(note) };
    },
  };
}

async function* generate(size: number, n: number, onProgress?: (done: number, total: number) => void): AsyncGenerator<RawImage> {
  const data = new Uint8Array(4 * size * size);
  for (let index = 0; index < n; index++) {
    const { picture, labels } = composeImage(index, size);
    data.set(picture.pixels);
    data.set(labels.cell, picture.pixels.length);
    yield { data, note: labels.concepts };
    onProgress?.(index + 1, n);
  }
}
