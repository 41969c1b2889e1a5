/** Rows in fewer dimensions, by their first principal components. */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Rows } from '../measure/rows.ts';

/**
 * The rows, centred, in the coordinates of the eigenvectors of their covariance with the largest eigenvalues (Pearson 1901), at most `most`, in
 * float64: `[count,fewer]`, an array a row. Each eigenvector's largest entry is positive, so that its sign is not the solver's choice.
 */
export function principalComponents({ rows, dimension }: Rows, most: number): number[][] {
  const count = rows.length / dimension;
  const mean = new Float64Array(dimension);
  for (let i = 0; i < rows.length; i++) mean[i % dimension] += rows[i] / count;
  const covariance = covarianceOf(rows, mean);
  const { eigenvectorMatrix } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  // Eigenvalues ascend.
  const axes = Array.from({ length: Math.min(most, dimension) }, (_, k) => signed(eigenvectorMatrix.getColumn(dimension - 1 - k)));
  return Array.from({ length: count }, (_, r) =>
    axes.map((axis) => axis.reduce((sum, weight, i) => sum + weight * (rows[r * dimension + i] - mean[i]), 0)),
  );
}

function covarianceOf(rows: Float32Array, mean: Float64Array): Matrix {
  const dimension = mean.length;
  const sums = Array.from({ length: dimension }, () => new Float64Array(dimension));
  const row = new Float64Array(dimension);
  for (let start = 0; start < rows.length; start += dimension) {
    for (let i = 0; i < dimension; i++) row[i] = rows[start + i] - mean[i];
    for (let i = 0; i < dimension; i++) for (let j = 0; j <= i; j++) sums[i][j] += row[i] * row[j];
  }
  const count = rows.length / dimension;
  return new Matrix(sums.map((_, i) => sums.map((__, j) => (j <= i ? sums[i][j] : sums[j][i]) / count)));
}

function signed(axis: number[]): number[] {
  const largest = axis.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? axis.map((value) => -value) : axis;
}
