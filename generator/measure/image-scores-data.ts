/** The images of a layer as the scoring threads have them: checked, shared, with their mean taken off. */
import { fault } from '../graph/errors.ts';
import { bandSizes, drawOrder } from './bands.ts';
import type { Rows } from './rows.ts';
import type { Embeddings } from './two-afc.ts';

/** The images of a layer, as directions are scored on them. */
export interface ScorerRequest {
  /** Ā, `[n,C]`. */
  readonly means: Float32Array;
  readonly channels: number;
  /** φ of the same images, unit rows. */
  readonly embeddings: Embeddings;
  /** Fixes which middling images are drawn (bands.ts): the SHA-256 of the image set. */
  readonly seed: string;
  /** Threads that score; as many as there are cores if left out. */
  readonly threads?: number;
}

/** What a thread is started with; all arrays are shared. */
export interface ScorerData {
  readonly means: Rows;
  readonly embeddings: Embeddings;
  readonly order: Uint32Array;
  /** Ā less its mean, transposed, `[C,n]`. */
  readonly centred: Float32Array;
  /** The greatest length of a row of Ā, and of Ā less its mean. */
  readonly longest: number;
  readonly longestCentred: number;
}

/** Checks the arrays, shares them, and takes the mean off. Throws for numbers that are not finite, and for rows that do not match. */
export function prepareScorer({ means, channels, embeddings, seed }: ScorerRequest): ScorerData {
  const n = countRows(means, channels, 'the mean activations');
  requireFinite(means, 'the mean activations');
  requireFinite(embeddings.rows, 'what the observer sees');
  if (countRows(embeddings.rows, embeddings.dimension, 'what the observer sees') !== n)
    throw fault({
      where: 'the comparison',
      expected: `${n} images`,
      name: 'what the observer sees',
      received: embeddings.rows.length / embeddings.dimension,
      remedy: 'Activations and embeddings must be of the same images: compute both again.',
    });
  bandSizes(n);
  const mean = new Float64Array(channels);
  for (let i = 0; i < means.length; i++) mean[i % channels] += means[i] / n;
  const centred = shared(new Float32Array(means.length));
  let [longest, longestCentred] = [0, 0];
  for (let image = 0; image < n; image++) {
    let [length, lengthCentred] = [0, 0];
    for (let c = 0; c < channels; c++) {
      const value = means[image * channels + c];
      const away = value - mean[c];
      centred[c * n + image] = away;
      length += value * value;
      lengthCentred += away * away;
    }
    longest = Math.max(longest, Math.sqrt(length));
    longestCentred = Math.max(longestCentred, Math.sqrt(lengthCentred));
  }
  return {
    means: { rows: shared(means), dimension: channels },
    embeddings: { rows: shared(embeddings.rows), dimension: embeddings.dimension },
    order: shared(drawOrder(n, seed)),
    centred,
    longest,
    longestCentred,
  };
}

/** How many rows of a length there are; throws for a part of one. */
export function countRows(values: Float32Array, length: number, name: string): number {
  const count = values.length / length;
  if (Number.isInteger(count)) return count;
  throw fault({
    where: 'the comparison',
    expected: `whole rows of ${length} values`,
    name,
    received: `${values.length} values`,
    remedy: 'They are of another layer, or were cut short: compute them again.',
  });
}

/** No sum of products of such numbers, fewer than a million, leaves float32. */
const LARGEST = 1e15;

/** Throws for a number that is none, or so large that float32 might not hold a score. */
export function requireFinite(values: Float32Array, name: string): void {
  for (let i = 0; i < values.length; i++)
    if (!(Math.abs(values[i]) <= LARGEST))
      throw fault({
        where: 'the comparison',
        expected: `numbers up to ${LARGEST}`,
        name,
        received: String(values[i]),
        remedy: 'The network gives no usable activations on these images: leave the layer out.',
      });
}

/** The array itself where it is shared already, otherwise a shared copy. */
export function shared<T extends Float32Array | Uint32Array>(array: T): T {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const Kind = array.constructor as new (buffer: SharedArrayBuffer) => T;
  const copy = new Kind(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}
