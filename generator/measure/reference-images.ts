/** The images against which a score is high or low: a set of generated pictures, the same on every machine, with no download. */
import { createHash, type Hash } from 'node:crypto';
import { DEAD_LEAVES, deadLeaves } from './dead-leaves.ts';
import type { Picture } from './picture.ts';

/** Sets up to so many bytes are kept after the first pass; larger ones are generated again on each. */
const KEEP_BYTES = 128 * 2 ** 20;

/** A set of images that can be gone through more than once, one at a time. */
export interface ReferenceImages extends Iterable<Picture> {
  /** `dead-leaves-1`. */
  readonly id: string;
  readonly n: number;
  readonly size: number;
  /** SHA-256, hex, over the eight-bit pixels of all images in order. The first call may have to generate them. */
  sha256(): string;
}

/** The default set: `n` pictures of {@link deadLeaves}, by index from 0. Memory is bounded by 128 MiB, whatever `n` and `size`. */
export function referenceImages(size: number, n = 512): ReferenceImages {
  const kept: Picture[] = [];
  const keep = n * size * size * 3 <= KEEP_BYTES;
  let digest: string | undefined;
  function* walk(): Generator<Picture> {
    const hash: Hash = createHash('sha256');
    for (let index = 0; index < n; index++) {
      const picture = kept[index] ?? deadLeaves(index, size);
      if (keep) kept[index] = picture;
      hash.update(picture.pixels);
      yield picture;
    }
    digest ??= hash.digest('hex');
  }
  return {
    id: DEAD_LEAVES,
    n,
    size,
    [Symbol.iterator]: walk,
    sha256() {
      if (digest === undefined) for (const _ of walk());
      return digest ?? '';
    },
  };
}
