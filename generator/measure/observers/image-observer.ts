/** An observer of many pictures: what both kinds have in common. */
import { fault } from '../../graph/errors.ts';
import type { Picture } from '../picture.ts';
import type { PassOptions } from '../pooled-rows.ts';

/** Eyes that are independent of the network under study, for whole sets of images. */
export interface ImageObserver {
  /** `lab-gabor-1`, `mobilenet-v2:conv-5+conv-10+conv-16@128`. */
  readonly id: string;
  /** One sentence for the record. */
  readonly about: string;
  /** Length of a description. */
  readonly dimension: number;
  /**
   * Describes `n` pictures: unit rows `[n,dimension]`, in order. A row depends on its picture alone. Memory holds a few batches of pictures. Rejects
   * where there are more or fewer than `n`, and with the signal's reason when it is aborted; one call at a time.
   */
  embed(pictures: Iterable<Picture> | AsyncIterable<Picture>, n: number, options?: PassOptions): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Some of the pictures, the first of which is the `from`th. */
export interface Batch {
  readonly from: number;
  readonly pictures: readonly Picture[];
}

/** Deals `n` pictures out in batches. Throws where there are more or fewer. */
export async function* batches(
  pictures: Iterable<Picture> | AsyncIterable<Picture>,
  n: number,
  size: number,
  observer: string,
): AsyncGenerator<Batch, undefined> {
  let batch: Picture[] = [];
  let seen = 0;
  for await (const picture of pictures) {
    if (seen === n) throw wrongCount(observer, n, 'more');
    batch.push(picture);
    if (batch.length === size || seen + 1 === n) {
      yield { from: seen + 1 - batch.length, pictures: batch };
      batch = [];
    }
    seen++;
  }
  if (seen < n) throw wrongCount(observer, n, seen);
}

function wrongCount(where: string, n: number, received: number | string): Error {
  return fault({
    where,
    expected: `${n} pictures`,
    name: 'the images to describe',
    received,
    remedy: 'The image set says how many it has; open it again.',
  });
}

/** A vector over its length, written over itself; one of no length becomes zero. */
export function normalise(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  for (let i = 0; i < vector.length; i++) vector[i] = length > 1e-12 ? vector[i] / length : 0;
  return vector;
}
