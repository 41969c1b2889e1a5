/** How units respond to images, each response centred and of length one, so that a product of two is their correlation. */
import { CONSTANT_RANGE } from '../measure/pooled-rows.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { BLOCK, RowProducts } from './row-products.ts';

/**
 * Of M directions `[M,C]` and Ā `[n,C]`: `[M,n]`, a row the centred v·ā(x) over all images x, divided by its length. A direction whose score is the
 * same for every image has a row of zeros. Ā's columns are centred first, in float64, so that a mean far from zero costs no digits.
 */
export async function unitResponses(
  runtime: Runtime,
  directions: Float32Array,
  means: Float32Array,
  channels: number,
): Promise<Float32Array> {
  const [count, n] = [directions.length / channels, means.length / channels];
  const centred = centreColumns(means, channels);
  const rows = new Float32Array(count * n);
  const products = await RowProducts.open(runtime, channels);
  try {
    for (let from = 0; from < count; from += BLOCK) {
      const until = Math.min(count, from + BLOCK);
      const own = products.rows(directions, from, until);
      for (let start = 0; start < n; start += BLOCK) {
        const end = Math.min(n, start + BLOCK);
        await products.multiply(own, products.rows(centred, start, end), (product) => {
          for (let r = from; r < until; r++)
            rows.set(product.subarray((r - from) * BLOCK, (r - from) * BLOCK + end - start), r * n + start);
        });
      }
    }
  } finally {
    await products.dispose();
  }
  for (let r = 0; r < count; r++) shorten(rows.subarray(r * n, (r + 1) * n));
  return rows;
}

function centreColumns(means: Float32Array, channels: number): Float32Array {
  const sums = new Float64Array(channels);
  for (let i = 0; i < means.length; i++) sums[i % channels] += means[i];
  const n = means.length / channels;
  return means.map((value, i) => value - sums[i % channels] / n);
}

/** To length one, or to nothing. */
function shorten(row: Float32Array): void {
  let [squares, low, high] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of row) {
    squares += value * value;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = high - low < CONSTANT_RANGE ? 0 : 1 / Math.sqrt(squares);
  for (let i = 0; i < row.length; i++) row[i] *= scale;
}
