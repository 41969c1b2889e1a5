/** A layer's pooled activations of pictures, and what a direction's scores on images are summed up by. */
import { fault } from '../graph/errors.ts';
import type { Probe } from '../render/renderer.ts';
import { type Picture, writePlanar } from './picture.ts';

/** Directions whose score varies less than this over the images are constant: they have no standard score. In the layer's own units. */
export const CONSTANT_RANGE = 1e-8;

export interface PassOptions {
  readonly signal?: AbortSignal;
  /** Called with the number of images seen so far. */
  readonly onProgress?: (done: number) => void;
}

/** The layer's pooled activations of pictures, in batches of the probe's: yields `[count,C]` rows in order. Rejects a picture of another size. */
export async function* pooledRows(probe: Probe, pictures: Iterable<Picture> | AsyncIterable<Picture>): AsyncGenerator<Float32Array> {
  const { colours = 3 } = probe;
  let images: Float32Array | undefined;
  let size = 0;
  let count = 0;
  for await (const picture of pictures) {
    if (images === undefined) {
      size = picture.size;
      images = new Float32Array(probe.batch * colours * size * size);
    }
    if (picture.size !== size) {
      throw fault({
        where: probe.layer.slug,
        expected: `pictures of ${size} pixels a side`,
        name: 'picture',
        received: picture.size,
        remedy: 'Measure pictures of one size at a time.',
      });
    }
    writePlanar(picture, images, count * colours * size * size, colours);
    if (++count === probe.batch) {
      yield probe.pooled(images, count);
      count = 0;
    }
  }
  if (images !== undefined && count > 0) yield probe.pooled(images.subarray(0, count * colours * size * size), count);
}

/** What the images say of one direction's score s̄_v(x) = v·ā(x). */
export interface DirectionMoments {
  /** Mean over the images. */
  readonly mu: number;
  /** Sample deviation (divisor n − 1), at least 0. */
  readonly sigma: number;
  /** Lowest and highest score of any image. */
  readonly min: number;
  readonly max: number;
  /** True where the scores' range is below {@link CONSTANT_RANGE}. */
  readonly constant: boolean;
}

/** v·row, where the row `[C]` starts at `start`; in float64. */
export function dot(direction: Float32Array, rows: Float32Array | Float64Array, start: number): number {
  let sum = 0;
  for (let i = 0; i < direction.length; i++) sum += direction[i] * rows[start + i];
  return sum;
}
