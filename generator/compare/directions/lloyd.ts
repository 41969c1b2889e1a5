/** k-means: Lloyd's algorithm from a k-means++ start. */
import type { RandomStream } from '../../render/random.ts';
import { dot, timesTransposed } from './products.ts';

/** Lloyd's rounds end by themselves when no position moves; this bounds them. */
const MOST_ROUNDS = 100;

export interface Clusters {
  /** `[k,C]`. */
  readonly centres: Float64Array;
  /** Positions of each cluster, all above zero. */
  readonly sizes: Uint32Array;
  /** The cluster of each position, `[n]`. */
  readonly assigned: Uint32Array;
  /** The sum of squared distances to the centres after each round; it never rises. */
  readonly inertias: readonly number[];
}

/**
 * Clusters the rows of X `[n,C]` (Lloyd 1982; Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", 2007). Fewer than k clusters
 * come back where there are fewer than k different rows, or where one lost all of its own.
 */
export function clusterPositions(x: Float32Array, channels: number, k: number, random: RandomStream): Clusters {
  const n = x.length / channels;
  const squares = Float64Array.from({ length: n }, (_, i) => dot(rowOf(x, i, channels), rowOf(x, i, channels)));
  let centres = chooseCentres(x, squares, channels, k, random);
  const assigned = new Uint32Array(n).fill(k);
  const inertias: number[] = [];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { moved, inertia } = assign(x, squares, centres, channels, assigned);
    inertias.push(inertia);
    if (moved === 0) break;
    centres = centresOf(x, channels, assigned, centres);
  }
  return keepFilled(centres, assigned, channels, inertias);
}

/** k-means++: each next centre is a row, drawn with a chance proportional to its squared distance from the nearest so far. */
function chooseCentres(x: Float32Array, squares: Float64Array, channels: number, k: number, random: RandomStream): Float64Array {
  const n = squares.length;
  const centres = new Float64Array(k * channels);
  const nearest = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  let chosen = random.below(n);
  for (let j = 0; j < k; j++) {
    const centre = Float64Array.from(rowOf(x, chosen, channels));
    centres.set(centre, j * channels);
    const products = timesTransposed(x, centre, channels);
    for (let i = 0; i < n; i++) nearest[i] = Math.min(nearest[i], Math.max(0, squares[i] - 2 * products[i] + squares[chosen]));
    nearest[chosen] = 0;
    let left = random.uniform() * nearest.reduce((sum, value) => sum + value, 0);
    // Where rounding leaves some over, the last row of a distance above zero.
    for (let i = 0; i < n && left >= 0; i++)
      if (nearest[i] > 0) {
        chosen = i;
        left -= nearest[i];
      }
  }
  return centres;
}

/** Puts every row into the cluster of its nearest centre, the first of equals. */
function assign(
  x: Float32Array,
  squares: Float64Array,
  centres: Float64Array,
  channels: number,
  assigned: Uint32Array,
): { moved: number; inertia: number } {
  const k = centres.length / channels;
  const lengths = Float64Array.from({ length: k }, (_, j) => dot(rowOf(centres, j, channels), rowOf(centres, j, channels)));
  const products = timesTransposed(x, centres, channels);
  let [moved, inertia] = [0, 0];
  for (let i = 0; i < assigned.length; i++) {
    let best = 0;
    for (let j = 1; j < k; j++) if (lengths[j] - 2 * products[i * k + j] < lengths[best] - 2 * products[i * k + best]) best = j;
    if (assigned[i] !== best) moved++;
    assigned[i] = best;
    inertia += Math.max(0, squares[i] + lengths[best] - 2 * products[i * k + best]);
  }
  return { moved, inertia };
}

/** The mean of each cluster; one that lost all of its own stays where it was. */
function centresOf(x: Float32Array, channels: number, assigned: Uint32Array, before: Float64Array): Float64Array {
  const sums = new Float64Array(before.length);
  const sizes = new Uint32Array(before.length / channels);
  for (let i = 0; i < assigned.length; i++) {
    const at = assigned[i] * channels;
    sizes[assigned[i]]++;
    for (let c = 0; c < channels; c++) sums[at + c] += x[i * channels + c];
  }
  return sums.map((sum, at) => (sizes[Math.floor(at / channels)] > 0 ? sum / sizes[Math.floor(at / channels)] : before[at]));
}

function keepFilled(centres: Float64Array, assigned: Uint32Array, channels: number, inertias: readonly number[]): Clusters {
  const sizes = new Uint32Array(centres.length / channels);
  for (const cluster of assigned) sizes[cluster]++;
  const filled = Array.from(sizes.keys()).filter((cluster) => sizes[cluster] > 0);
  const place = new Map(filled.map((cluster, index) => [cluster, index]));
  return {
    centres: Float64Array.from(filled.flatMap((cluster) => Array.from(rowOf(centres, cluster, channels)))),
    sizes: Uint32Array.from(filled, (cluster) => sizes[cluster]),
    assigned: assigned.map((cluster) => place.get(cluster) ?? 0),
    inertias,
  };
}

function rowOf<T extends Float32Array | Float64Array>(x: T, i: number, channels: number): T {
  return x.subarray(i * channels, (i + 1) * channels) as T;
}
