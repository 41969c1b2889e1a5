/** Mean and covariance of a layer's pooled activations over images: from them, every direction's mean and deviation follow. */
import { fault } from '../graph/errors.ts';
import type { Probe } from '../render/renderer.ts';
import { type Picture, writePlanar } from './picture.ts';

/** Directions whose score varies less than this over the images are constant: they have no standard score. In the layer's own units. */
export const CONSTANT_RANGE = 1e-8;

export interface PooledStatistics {
  readonly n: number;
  readonly channels: number;
  /** Mean of ā, `[C]`. */
  readonly mean: Float64Array;
  /** Sample covariance Σ of ā (divisor n − 1), `[C,C]`, symmetric. */
  readonly covariance: Float64Array;
  /** Every image's ā, `[n,C]`. */
  readonly pooled: Float32Array;
}

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

/**
 * One pass over the images. Mean and scatter are merged batch by batch as Chan, Golub and LeVeque have it ("Updating formulae and a pairwise
 * algorithm for computing sample variances", 1979): M ← M + M_b + d dᵀ · n n_b/(n + n_b), with d the difference of the means, all in float64, so
 * that a mean far from zero costs no digits. Memory: C² and n·C numbers, nothing by position. Throws for fewer than two images.
 */
export async function poolStatistics(
  probe: Probe,
  images: Iterable<Picture> | AsyncIterable<Picture>,
  options: PassOptions = {},
): Promise<PooledStatistics> {
  const channels = probe.layer.shape[0];
  const mean = new Float64Array(channels);
  const scatter = new Float64Array(channels * channels);
  const batches: Float32Array[] = [];
  let n = 0;
  for await (const rows of pooledRows(probe, images)) {
    options.signal?.throwIfAborted();
    n = mergeBatch(rows, channels, n, mean, scatter);
    batches.push(rows.slice());
    options.onProgress?.(n);
  }
  if (n < 2) {
    throw fault({
      where: probe.layer.slug,
      expected: 'two images or more',
      name: 'reference images',
      received: n,
      remedy: 'Give more images: a deviation needs two.',
    });
  }
  const pooled = new Float32Array(n * channels);
  let offset = 0;
  for (const rows of batches) {
    pooled.set(rows, offset);
    offset += rows.length;
  }
  for (let i = 0; i < channels; i++) {
    for (let j = 0; j <= i; j++) scatter[j * channels + i] = scatter[i * channels + j] /= n - 1;
  }
  return { n, channels, mean, covariance: scatter, pooled };
}

/** Merges `[count,C]` rows into the running mean and the lower triangle of the running scatter; returns the new number of images. */
function mergeBatch(rows: Float32Array, channels: number, n: number, mean: Float64Array, scatter: Float64Array): number {
  const count = rows.length / channels;
  const batchMean = new Float64Array(channels);
  for (let i = 0; i < rows.length; i++) batchMean[i % channels] += rows[i] / count;
  const centred = Float64Array.from(rows, (value, i) => value - batchMean[i % channels]);
  const weight = (n * count) / (n + count);
  for (let i = 0; i < channels; i++) {
    const shift = (batchMean[i] - mean[i]) * weight;
    for (let j = 0; j <= i; j++) {
      let sum = shift * (batchMean[j] - mean[j]);
      for (let row = 0; row < centred.length; row += channels) sum += centred[row + i] * centred[row + j];
      scatter[i * channels + j] += sum;
    }
  }
  for (let i = 0; i < channels; i++) mean[i] += ((batchMean[i] - mean[i]) * count) / (n + count);
  return n + count;
}

/** What the images say of one direction's score s̄_v(x) = v·ā(x). */
export interface DirectionMoments {
  /** v·mean. */
  readonly mu: number;
  /** √(vᵀΣv), at least 0. */
  readonly sigma: number;
  /** Lowest and highest score of any image. */
  readonly min: number;
  readonly max: number;
  /** True where the scores' range is below {@link CONSTANT_RANGE}. */
  readonly constant: boolean;
}

/** Moments of a direction `[C]`. */
export function directionMoments(statistics: PooledStatistics, direction: Float32Array): DirectionMoments {
  const { channels, covariance, pooled } = statistics;
  let variance = 0;
  for (let i = 0; i < channels; i++) {
    if (direction[i] === 0) continue;
    let row = 0;
    for (let j = 0; j < channels; j++) row += covariance[i * channels + j] * direction[j];
    variance += direction[i] * row;
  }
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let start = 0; start < pooled.length; start += channels) {
    const score = dot(direction, pooled, start);
    min = Math.min(min, score);
    max = Math.max(max, score);
  }
  return {
    mu: dot(direction, statistics.mean, 0),
    sigma: Math.sqrt(Math.max(0, variance)),
    min,
    max,
    constant: max - min < CONSTANT_RANGE,
  };
}

/** v·row, where the row `[C]` starts at `start`; in float64. */
export function dot(direction: Float32Array, rows: Float32Array | Float64Array, start: number): number {
  let sum = 0;
  for (let i = 0; i < direction.length; i++) sum += direction[i] * rows[start + i];
  return sum;
}
