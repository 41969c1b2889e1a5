/** Products and distances of row-major matrices, by ml-matrix. */
import { Matrix } from 'ml-matrix';

export function multiply(a: Float64Array, b: Float64Array, channels: number): Float64Array {
  const [left, right] = [a, b].map((flat) => Matrix.from1DArray(channels, channels, flat));
  return Float64Array.from(left.mmul(right).to1DArray());
}

export function largestGap(a: Float64Array, b: Float64Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), Number.isNaN(a[0]) ? Number.NaN : 0);
}

export function meanDiagonal(matrix: Float64Array, channels: number): number {
  let sum = 0;
  for (let i = 0; i < channels; i++) sum += matrix[i * (channels + 1)];
  return sum / channels;
}
