/** Rows as points of a plane, alike ones together: UMAP. */
import { UMAP } from 'umap-js';
import type { Rows } from '../measure/rows.ts';
import { RandomStream } from '../render/random.ts';
import { principalComponents } from './principal-components.ts';

/** Dimensions that neighbours are found in. */
export const COMPONENTS = 50;
/** Neighbours of a point, and how near two may come: the method's own defaults. */
export const NEIGHBOURS = 15;
export const LEAST_DISTANCE = 0.1;
/** Rows that the method is run on; its time grows a little faster than they do. Others take their place among them. */
export const MOST_FITTED = 10_000;
/** Fitted rows that another one is placed between. */
const ANCHORS = 3;

export interface LayOutOptions {
  /** Names the draws. */
  readonly seed: number;
  /** {@link MOST_FITTED} if left out. */
  readonly most?: number;
  readonly signal?: AbortSignal;
  /** Called with the epochs done and their number. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Points `[count,2]` by UMAP (McInnes, Healy and Melville 2018) of the rows' first principal components. With more rows than are fitted, a sample is
 * drawn, and each of the others lies between its nearest three of that, the nearer the closer: quadratic in their number, some three seconds for 20,000
 * rows of 50, half of them fitted. Fewer rows than make a neighbourhood lie at their first two components. Deterministic.
 */
export async function layOut(rows: Rows, { seed, most = MOST_FITTED, signal, onProgress }: LayOutOptions): Promise<Float64Array> {
  const points = principalComponents(rows, COMPONENTS);
  if (points.length <= NEIGHBOURS + 1) return Float64Array.from(points.flatMap(([x = 0, y = 0]) => [x, y]));
  const stream = new RandomStream('map', seed);
  const fitted = [...new RandomStream('map', seed, 'sample').permutation(points.length).subarray(0, most)].sort((a, b) => a - b);
  const umap = new UMAP({ nNeighbors: NEIGHBOURS, minDist: LEAST_DISTANCE, nComponents: 2, random: () => stream.uniform() });
  const epochs = umap.initializeFit(fitted.map((r) => points[r]));
  for (let epoch = 1; epoch <= epochs; epoch++) {
    umap.step();
    if (epoch % 10 !== 0) continue;
    // A breath for signals and the bar.
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    onProgress?.(epoch, epochs);
  }
  const embedded = umap.getEmbedding();
  const places = new Float64Array(2 * points.length);
  for (const [k, r] of fitted.entries()) places.set(embedded[k], 2 * r);
  if (fitted.length < points.length) placeOthers(points, fitted, places);
  return places;
}

function placeOthers(points: readonly number[][], fitted: readonly number[], places: Float64Array): void {
  const isFitted = new Set(fitted);
  for (const [r, point] of points.entries()) {
    if (isFitted.has(r)) continue;
    const near: { readonly row: number; readonly distance: number }[] = [];
    for (const row of fitted) {
      const distance = squaredDistance(point, points[row], near[ANCHORS - 1]?.distance ?? Number.POSITIVE_INFINITY);
      if (near.length === ANCHORS && distance >= near[ANCHORS - 1].distance) continue;
      near.splice(near.findLastIndex((one) => one.distance <= distance) + 1, 0, { row, distance });
      near.length = Math.min(near.length, ANCHORS);
    }
    const weights = near.map(({ distance }) => 1 / Math.max(Math.sqrt(distance), 1e-9));
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    for (const axis of [0, 1])
      places[2 * r + axis] = near.reduce((sum, { row }, k) => sum + (weights[k] / all) * places[2 * row + axis], 0);
  }
}

/** Given up, and more than `most`, once it is known to be. */
function squaredDistance(a: readonly number[], b: readonly number[], most: number): number {
  let sum = 0;
  for (let i = 0; i < a.length && sum <= most; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}
