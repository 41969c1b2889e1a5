/** The eigenvectors of a symmetric matrix, largest eigenvalue first, and the powers of a covariance that they give. */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

export interface Spectrum {
  readonly channels: number;
  /** `[C]`, descending. */
  readonly values: Float64Array;
  /** Row i is the unit eigenvector of `values[i]`, its entry of largest size positive; `[C,C]`. */
  readonly vectors: Float64Array;
}

/** The spectrum of a symmetric matrix, `[C,C]`, row-major, finite (Householder's tridiagonal form and implicit QL, as in EISPACK's tred2 and tql2). */
export function spectrumOf(matrix: Float64Array, channels: number): Spectrum {
  const decomposition = new EigenvalueDecomposition(Matrix.from1DArray(channels, channels, matrix), { assumeSymmetric: true });
  const found = decomposition.realEigenvalues;
  const order = Array.from(found.keys()).sort((a, b) => found[b] - found[a] || a - b);
  const vectors = new Float64Array(channels * channels);
  order.forEach((column, i) => {
    vectors.set(pointUp(decomposition.eigenvectorMatrix.getColumn(column)), i * channels);
  });
  return { channels, values: Float64Array.from(order, (column) => found[column]), vectors };
}

/** Of a vector and its negative, the one whose entry of largest size is positive. */
function pointUp(vector: number[]): number[] {
  const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? vector.map((value) => -value) : vector;
}

/** f(A)·g for the symmetric A of the spectrum: V diag(f(λ)) Vᵀ g. */
export function applyFunction({ channels, values, vectors }: Spectrum, f: (eigenvalue: number) => number, g: Float64Array): Float64Array {
  const out = new Float64Array(channels);
  for (let i = 0; i < channels; i++) {
    const row = vectors.subarray(i * channels, (i + 1) * channels);
    let along = 0;
    for (let k = 0; k < channels; k++) along += row[k] * g[k];
    along *= f(values[i]);
    for (let k = 0; k < channels; k++) out[k] += along * row[k];
  }
  return out;
}
