/** Rows of numbers, and the one way in which they are multiplied by a vector. */

/** `[count,dimension]`, row-major: activations of images, or what an observer sees of them. */
export interface Rows {
  readonly rows: Float32Array;
  readonly dimension: number;
}

/** Row `index` times `weights`, in float64. Four sums, added last: quick, and rounded alike on every machine. */
export function dotRow({ rows, dimension }: Rows, index: number, weights: Float64Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  const start = index * dimension;
  let i = 0;
  for (; i + 3 < dimension; i += 4) {
    a += rows[start + i] * weights[i];
    b += rows[start + i + 1] * weights[i + 1];
    c += rows[start + i + 2] * weights[i + 2];
    d += rows[start + i + 3] * weights[i + 3];
  }
  for (; i < dimension; i++) a += rows[start + i] * weights[i];
  return a + b + (c + d);
}

/** The mean of some rows, `[dimension]`. Written into `out` where given. */
export function meanRow(
  { rows, dimension }: Rows,
  indices: ArrayLike<number>,
  out: Float64Array = new Float64Array(dimension),
): Float64Array {
  out.fill(0);
  for (let k = 0; k < indices.length; k++) {
    const start = indices[k] * dimension;
    for (let i = 0; i < dimension; i++) out[i] += rows[start + i];
  }
  for (let i = 0; i < dimension; i++) out[i] /= indices.length;
  return out;
}
