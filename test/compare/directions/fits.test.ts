/** Directions fitted to activations: principal components, non-negative factors, clusters. */
import { describe, expect, it } from 'vitest';
import { generateArm } from '../../../generator/compare/directions/generate-arm.ts';
import { factorise } from '../../../generator/compare/directions/hals.ts';
import type { LayerInput } from '../../../generator/compare/directions/layer-input.ts';
import { clusterPositions } from '../../../generator/compare/directions/lloyd.ts';
import { columnMeans } from '../../../generator/compare/directions/products.ts';
import { spectrumOf } from '../../../generator/compare/directions/spectrum.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { largestGap } from './matrices.ts';
import { makeActivations, makeLayer, rowsOf } from './small-layer.ts';

/** A layer whose sampled positions are `sample`. */
function layerOf(sample: Float32Array, channels: number, count: number): LayerInput {
  return {
    ...makeLayer(channels, { counts: { nmf: count, kmeans: count } }),
    activations: { ...makeActivations(channels), sample },
  };
}

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] ** 2;
    bb += b[i] ** 2;
  }
  return ab / Math.sqrt(aa * bb);
};

describe('pca', () => {
  // numpy.linalg.eigh (NumPy 2.4.6) of this matrix, columns from the last, signs by the entry of largest size.
  const A = [
    [4, 1, -2, 0.5, 0],
    [1, 3, 0.25, -1, 0.75],
    [-2, 0.25, 5, 1.5, -0.5],
    [0.5, -1, 1.5, 2.5, 0.125],
    [0, 0.75, -0.5, 0.125, 1],
  ];
  const VALUES = [6.889024089898, 3.735917353162, 3.589121049378, 1.316359827148, -0.030422319587];
  const VECTORS = [
    [-0.554096149738, -0.169760389742, 0.775040531701, 0.238088656862, -0.082370095392],
    [0.552591494955, 0.629565928062, 0.457750754619, 0.280011513134, 0.101721094593],
    [0.419083981658, -0.604289566718, -0.050427510955, 0.662483516406, -0.133324388249],
    [-0.298761089787, 0.110615327871, -0.236938294304, 0.434550692314, 0.808413261254],
    [0.350329165352, -0.444327042946, 0.362068683676, -0.48702015388, 0.55817613065],
  ];
  const covariance = Float64Array.from(A.flat());
  // The last vector's largest entry, .558, is positive in both.
  it('has the eigenvalues and eigenvectors that NumPy has, signs settled', () => {
    const { values, vectors } = spectrumOf(covariance, 5);
    expect(largestGap(values, Float64Array.from(VALUES))).toBeLessThan(1e-11);
    expect(largestGap(vectors, Float64Array.from(VECTORS.flat()))).toBeLessThan(1e-11);
  });

  it('names them from the one of most variance, and knows no more than there are channels', () => {
    const layer = { ...makeLayer(5, { counts: { pca: 99 } }), activations: { ...makeActivations(5), covariance } };
    const found = generateArm('pca', layer);
    expect(found.map(({ id }) => id)).toEqual(['pca-0', 'pca-1', 'pca-2', 'pca-3', 'pca-4']);
    found.forEach(({ vector }, i) => {
      expect(Array.from(vector)).toEqual(VECTORS[i].map((value) => expect.closeTo(value, 6)));
    });
  });
});

describe('nmf', () => {
  const [n, channels, r] = [200, 12, 3];
  const random = new RandomStream('planted factors');
  // Factors with channels of their own and one shared; strengths 3, 2, 1.
  const planted = [0, 1, 2].map((j) => Float64Array.from({ length: channels }, (_, c) => (c === 11 ? 0.3 : c % 3 === j ? 1 + c / 10 : 0)));
  const x = new Float32Array(n * channels);
  for (let i = 0; i < n; i++) {
    const weights = planted.map((_, j) => (3 - j) * Math.max(0, random.normal()));
    for (let c = 0; c < channels; c++) x[i * channels + c] = planted.reduce((sum, factor, j) => sum + weights[j] * factor[c], 0);
  }

  it('never raises the residual, which is what it says it is, and has no negative part', () => {
    const noisy = x.map((value, i) => value + 0.2 * new RandomStream('noise', i).uniform());
    for (let start = 0; start < 5; start++) {
      const { weights, factors, residuals } = factorise(noisy, channels, r, new RandomStream('start', start));
      expect(residuals.length).toBeGreaterThan(3);
      residuals.forEach((residual, i) => {
        if (i > 0) expect(residual).toBeLessThanOrEqual(residuals[i - 1] * (1 + 1e-12));
      });
      expect(Math.min(...weights, ...factors)).toBeGreaterThanOrEqual(0);
      let squares = 0;
      for (let i = 0; i < n; i++)
        for (let c = 0; c < channels; c++) {
          let value = noisy[i * channels + c];
          for (let j = 0; j < r; j++) value -= weights[i * r + j] * factors[j * channels + c];
          squares += value ** 2;
        }
      expect(residuals.at(-1)).toBeCloseTo(squares, 6);
      expect(squares).toBeLessThan(0.02 * noisy.reduce((sum, value) => sum + value ** 2, 0));
    }
  });

  it.each([0, 1, 2, 3, 4, 5])('finds planted factors, the strongest first, from start %i', (seed) => {
    const found = generateArm('nmf', { ...layerOf(x, channels, r), seed });
    expect(found.map(({ id }) => id)).toEqual(['nmf-0', 'nmf-1', 'nmf-2']);
    found.forEach(({ vector }, j) => {
      expect(cosine(vector, planted[j])).toBeGreaterThan(0.98);
      expect(Math.min(...vector)).toBeGreaterThanOrEqual(0);
    });
  });

  it('leaves out factors without weight: a layer that is zero has none', () => {
    expect(generateArm('nmf', layerOf(new Float32Array(40), 4, 2))).toEqual([]);
    const { weights, factors, residuals } = factorise(new Float32Array(40), 4, 2, new RandomStream('nothing'));
    expect([...weights, ...factors].every((value) => value === 0)).toBe(true);
    expect(residuals.at(-1)).toBe(0);
  });

  it('counts values below zero as zero', () => {
    const below = x.map((value) => (value === 0 ? -0.3 : value));
    expect(generateArm('nmf', layerOf(below, channels, r))).toEqual(generateArm('nmf', layerOf(x, channels, r)));
  });
});

describe('kmeans', () => {
  const channels = 6;
  const sizes = [60, 40, 25];
  const centres = [0, 1, 2].map((j) => Float64Array.from({ length: channels }, (_, c) => (c % 3 === j ? 5 : 1)));
  const random = new RandomStream('planted clusters');
  const order = new RandomStream('cluster order').permutation(125);
  const truth: number[] = Array.from(order, (place) => (place < 60 ? 0 : place < 100 ? 1 : 2));
  const x = Float32Array.from(
    { length: 125 * channels },
    (_, at) => centres[truth[Math.floor(at / channels)]][at % channels] + 0.4 * random.normal(),
  );

  it('finds planted clusters from every start, and never raises the sum of squares', () => {
    for (let start = 0; start < 8; start++) {
      const found = clusterPositions(x, channels, 3, new RandomStream('start', start));
      expect(Array.from(found.sizes).sort((a, b) => b - a)).toEqual(sizes);
      expect(new Set(truth.map((cluster, i) => `${cluster} is ${found.assigned[i]}`)).size).toBe(3);
      found.inertias.forEach((inertia, i) => {
        if (i > 0) expect(inertia).toBeLessThanOrEqual(found.inertias[i - 1] * (1 + 1e-12));
      });
      const rows = rowsOf(found.centres, channels);
      const squares = truth.reduce(
        (sum, _, i) => sum + rows[found.assigned[i]].reduce((part, value, c) => part + (x[i * channels + c] - value) ** 2, 0),
        0,
      );
      expect(found.inertias.at(-1)).toBeCloseTo(squares, 6);
    }
  });

  it('points from the mean to the centres, the largest cluster first', () => {
    const found = generateArm('kmeans', layerOf(x, channels, 3));
    const mean = columnMeans(x, channels);
    expect(found.map(({ id }) => id)).toEqual(['kmeans-0', 'kmeans-1', 'kmeans-2']);
    found.forEach(({ vector }, j) => {
      expect(
        cosine(
          vector,
          centres[j].map((value, c) => value - mean[c]),
        ),
      ).toBeGreaterThan(0.99);
    });
  });

  it('has no more clusters than different positions, and no direction for one at the mean', () => {
    const three = Float32Array.from({ length: 60 }, (_, at) => (Math.floor(at / 2) % 3) * (1 + (at % 2)));
    const found = clusterPositions(three, 2, 5, new RandomStream('few'));
    expect(found.sizes).toEqual(Uint32Array.of(10, 10, 10));
    expect(found.inertias.at(-1)).toBe(0);
    // Centres (0,0), (1,2), (2,4): the middle one is the mean.
    expect(generateArm('kmeans', layerOf(three, 2, 5))).toHaveLength(2);
    expect(generateArm('kmeans', layerOf(three, 2, 1))).toEqual([]);
  });

  it('k-means++ starts where the others are not: far-off pairs are found at once', () => {
    // Two positions far off from a thousand: a uniform start would mostly miss both.
    const far = Float32Array.from({ length: 1002 }, (_, i) => (i < 1000 ? (i % 10) / 100 : i === 1000 ? 50 : -50));
    for (let start = 0; start < 10; start++) {
      const found = clusterPositions(far, 1, 3, new RandomStream('far', start));
      expect(Array.from(found.sizes).sort((a, b) => a - b)).toEqual([1, 1, 1000]);
    }
  });
});
