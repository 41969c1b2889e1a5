/** Products of matrices, against ml-matrix and their definitions. */
import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { columnCovariance, columnMeans, timesTransposed, transposedTimes } from '../../../generator/compare/directions/products.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { largestGap } from './matrices.ts';

describe('products of matrices', () => {
  it.each([
    [1, 1, 1],
    [5, 3, 7],
    [9, 8, 4],
    [6, 13, 2],
  ])('of [%i,%i] and %i rows are those of ml-matrix', (n, channels, m) => {
    const random = new RandomStream('products', n);
    const [a, b, w] = [n * channels, m * channels, n * m].map((length) => Float32Array.from({ length }, () => random.normal()));
    const wide = {
      a: Matrix.from1DArray(n, channels, [...a]),
      b: Matrix.from1DArray(m, channels, [...b]),
      w: Matrix.from1DArray(n, m, [...w]),
    };
    const flat = (matrix: Matrix) => Float64Array.from(matrix.to1DArray());
    expect(largestGap(timesTransposed(a, Float64Array.from(b), channels), flat(wide.a.mmul(wide.b.transpose())))).toBeLessThan(1e-12);
    expect(largestGap(transposedTimes(Float64Array.from(w), a, channels), flat(wide.w.transpose().mmul(wide.a)))).toBeLessThan(1e-12);
  });

  it('covariance of columns is what its definition says, over more rows than are summed at once', () => {
    const [n, channels] = [1100, 7];
    const random = new RandomStream('columns');
    const x = Float32Array.from({ length: n * channels }, (_, i) => 100 + random.normal() * (1 + (i % channels)));
    const mean = columnMeans(x, channels);
    const expected = new Float64Array(channels ** 2);
    for (let r = 0; r < n; r++)
      for (let i = 0; i < channels; i++)
        for (let j = 0; j < channels; j++)
          expected[i * channels + j] += ((x[r * channels + i] - mean[i]) * (x[r * channels + j] - mean[j])) / n;
    expect(largestGap(columnCovariance(x, channels), expected)).toBeLessThan(1e-10);
  });
});
