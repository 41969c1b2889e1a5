/** The first rows of Haar-random rotations, fast: hundreds of frames for the frame test, and the whole frame that `rotated` turns to. */
import type { RandomStream } from '../../render/random.ts';

/** How frames are drawn here, for the record of a comparison: a change of the numbers needs another name. */
export const FRAME_CONVENTION = 'stewart-1980/1';

/**
 * Rows 0 to `count`−1 of a rotation that is Haar-distributed on SO(C), row-major `[count,C]`, float64. A row does not depend on `count`.
 *
 * It is the Q of Householder's QR decomposition of a Gaussian matrix, made unique by a positive diagonal of R, without the matrix (Stewart,
 * "The efficient generation of random orthogonal matrices with an application to condition estimators", 1980; the signs: Mezzadri, "How to
 * generate random matrices from the classical compact groups", 2007): step j needs a Gaussian vector of C−j entries only, since a reflection
 * leaves a Gaussian matrix Gaussian. Column i of Q is d_i·H_0…H_i·e_i; the columns are given as rows, which changes no distribution. A product
 * of reflections is orthogonal to rounding whatever was drawn, so that no second pass is needed, and its determinant is known: the last row is
 * negated where it would be −1.
 */
export function haarRows(random: RandomStream, channels: number, count: number): Float64Array {
  const reflections = drawReflections(random, channels, count);
  const rows = new Float64Array(count * channels);
  for (let i = 0; i < count; i++) rows[i * channels + i] = reflections.signs[i];
  // Four rows at once: a reflection is read once for the four, and their sums do not wait for each other. Bits are those of one at a time.
  const fours = count - (count % 4);
  for (let i = 0; i < fours; i += 4) for (let j = i + 3; j >= 0; j--) reflectFour(rows, i, reflections, j, channels);
  for (let i = fours; i < count; i++) for (let j = i; j >= 0; j--) reflectOne(rows, i, reflections, j, channels);
  if (count === channels && reflections.determinant < 0) for (let k = (count - 1) * channels; k < rows.length; k++) rows[k] = -rows[k];
  return rows;
}

interface Reflections {
  /** H_j = I − vvᵀ with |v|² = 2, or v = 0: row j, `[count,C]`, zero before column j. */
  readonly vectors: Float64Array;
  /** The sign of R_jj. */
  readonly signs: Int8Array;
  /** Of d·H_0…H_{count−1}: the frame's, where count is C. */
  readonly determinant: number;
}

function drawReflections(random: RandomStream, channels: number, count: number): Reflections {
  const vectors = new Float64Array(count * channels);
  const signs = new Int8Array(count);
  let determinant = 1;
  for (let j = 0; j < count; j++) {
    const vector = vectors.subarray(j * channels + j, (j + 1) * channels);
    let squares = 0;
    for (let k = 0; k < vector.length; k++) {
      vector[k] = random.normal();
      squares += vector[k] ** 2;
    }
    // H maps the vector x to −sign(x₀)|x|e₀; one entry alone is not reflected, and keeps its sign.
    const first = vector[0] < 0 ? -1 : 1;
    const reflected = vector.length > 1 && squares > 0;
    signs[j] = reflected ? -first : first;
    if (reflected) {
      const length = Math.sqrt(squares);
      const scale = 1 / Math.sqrt(length * (length + Math.abs(vector[0])));
      vector[0] += first * length;
      for (let k = 0; k < vector.length; k++) vector[k] *= scale;
    } else vector.fill(0);
    determinant *= reflected ? -signs[j] : signs[j];
  }
  return { vectors, signs, determinant };
}

function reflectOne(rows: Float64Array, i: number, { vectors }: Reflections, j: number, channels: number): void {
  const [row, v] = [i * channels, j * channels];
  let along = 0;
  for (let k = j; k < channels; k++) along += vectors[v + k] * rows[row + k];
  for (let k = j; k < channels; k++) rows[row + k] -= along * vectors[v + k];
}

/** Rows i to i+3. Those before j have zeros where the reflection acts, and stay. */
function reflectFour(rows: Float64Array, i: number, { vectors }: Reflections, j: number, channels: number): void {
  const v = vectors.subarray(j * channels + j, (j + 1) * channels);
  const [r0, r1, r2, r3] = [0, 1, 2, 3].map((k) => rows.subarray((i + k) * channels + j, (i + k + 1) * channels));
  let [a0, a1, a2, a3] = [0, 0, 0, 0];
  for (let k = 0; k < v.length; k++) {
    const value = v[k];
    a0 += value * r0[k];
    a1 += value * r1[k];
    a2 += value * r2[k];
    a3 += value * r3[k];
  }
  for (let k = 0; k < v.length; k++) {
    const value = v[k];
    r0[k] -= a0 * value;
    r1[k] -= a1 * value;
    r2[k] -= a2 * value;
    r3[k] -= a3 * value;
  }
}
