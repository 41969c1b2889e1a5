/** The arm `matched`: for each channel a random direction of its own whose score spreads over the images as the channel's does. */

import { channelSubset } from './basis.ts';
import { activationsOf, type LayerInput, once } from './layer-input.ts';
import type { NamedDirection } from './named-direction.ts';
import { columnCovariance, dot, timesTransposed } from './products.ts';
import { random } from './random.ts';

/** Random directions to choose from, for each channel. */
const CHOICE = 2;

/** Deviations below this part of the largest are taken for it: a channel that never varies has no logarithm to match. */
const SMALLEST = 1e-8;

/** The pairs are of all channels whatever the count, so that none depends on it; `matched-7` has the vector of some `random-k`, k < 2C. */
const pairs = once((layer) => {
  const { means } = activationsOf(layer, 'matched');
  const { channels } = layer;
  const covariance = columnCovariance(means, channels);
  const pool = random(layer, CHOICE * channels);
  const deviations = spreads(pool, covariance, channels);
  const own = Float64Array.from({ length: channels }, (_, i) => Math.sqrt(covariance[i * (channels + 1)]));
  const floor = SMALLEST * (Math.max(...own, ...deviations) || 1);
  const logarithms = (values: Float64Array) => values.map((value) => Math.log(Math.max(value, floor)));
  return Array.from(matchNearest(logarithms(own), logarithms(deviations)), (j) => pool[j]);
});

export function matched(layer: LayerInput, count: number): NamedDirection[] {
  return channelSubset(layer, count).map((index) => ({ ...pairs(layer)[index], id: `matched-${index}`, arm: 'matched', index }));
}

/** σ_v: the standard deviation over the images of v·ā, from the covariance of ā. */
function spreads(directions: readonly NamedDirection[], covariance: Float64Array, channels: number): Float64Array {
  const vectors = new Float64Array(directions.length * channels);
  for (const [i, { vector }] of directions.entries()) vectors.set(vector, i * channels);
  const products = timesTransposed(vectors, covariance, channels);
  const part = (values: Float64Array, i: number) => values.subarray(i * channels, (i + 1) * channels);
  return Float64Array.from(directions, (_, i) => Math.sqrt(Math.max(0, dot(part(vectors, i), part(products, i)))));
}

/**
 * For each of `values` the place of its own one of `candidates`, at least as many, such that the sum of the gaps |value − candidate| is least.
 * Optimal and not greedy: a greedy choice depends on the order of the channels and leaves the last ones what nobody wanted, and on a line the
 * optimum is cheap. Some best matching keeps the order of both sides (an exchange of two crossing pairs never widens the sum), so with both sorted
 * cost(i,j) = min(cost(i,j−1), cost(i−1,j−1) + gap(i,j)) finds it. Equal values stand in their own order: nothing is drawn.
 */
export function matchNearest(values: Float64Array, candidates: Float64Array): Uint32Array {
  const [left, right] = [sorted(values), sorted(candidates)];
  const width = right.length + 1;
  const taken = new Uint8Array((left.length + 1) * width);
  let previous = new Float64Array(width);
  for (let i = 1; i <= left.length; i++) {
    const cost = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
    for (let j = i; j <= right.length; j++) {
      const pairing = previous[j - 1] + Math.abs(values[left[i - 1]] - candidates[right[j - 1]]);
      taken[i * width + j] = pairing < cost[j - 1] ? 1 : 0;
      cost[j] = Math.min(pairing, cost[j - 1]);
    }
    previous = cost;
  }
  const out = new Uint32Array(values.length);
  for (let i = left.length, j = right.length; i > 0; j--) if (taken[i * width + j]) out[left[--i]] = right[j - 1];
  return out;
}

function sorted(values: Float64Array): number[] {
  return Array.from(values.keys()).sort((a, b) => values[a] - values[b] || a - b);
}
