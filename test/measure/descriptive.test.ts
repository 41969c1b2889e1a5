/** D3 and D4: selectivity, the shape of responses, MonoSemanticity. */
import { describe, expect, it } from 'vitest';
import { imageScores } from '../../generator/measure/image-scores.ts';
import { monosemanticity } from '../../generator/measure/monosemanticity.ts';
import { excessKurtosis, participationRatio } from '../../generator/measure/response-shape.ts';
import { prepareSelectivity, RIDGE } from '../../generator/measure/selectivity.ts';
import { directions, landscape, normals, rotate, rotation } from './landscape.ts';

const channels = 7;
const q = rotation(channels);
const axis = (c: number) => Float32Array.from({ length: channels }, (_, k) => (k === c ? 1 : 0));

/** Covariance of correlated rows, and their mean. */
function moments(rows: Float32Array) {
  const n = rows.length / channels;
  const mean = Float64Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += rows[i * channels + c] / n;
    return sum;
  });
  const covariance = Float64Array.from({ length: channels ** 2 }, (_, k) => {
    const [a, b] = [Math.floor(k / channels), k % channels];
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (rows[i * channels + a] - mean[a]) * (rows[i * channels + b] - mean[b]);
    return sum / (n - 1);
  });
  return { mean, covariance };
}

/** Rows with unequal, correlated channels, off zero. */
function rows(n = 300): Float32Array {
  const plain = normals('selectivity', n * channels);
  return plain.map((value, i) => 3 + (1 + (i % channels)) * value + 2 * plain[i - (i % channels)]);
}

/** x with A x = b by Gauss's elimination with pivots: independent of Cholesky's factors. */
function solve(matrix: Float64Array, b: readonly number[]): number[] {
  const size = b.length;
  const a = b.map((value, i) => [...matrix.subarray(i * size, (i + 1) * size), value]);
  for (let i = 0; i < size; i++) {
    const pivot = a.slice(i).reduce((best, row, k) => (Math.abs(row[i]) > Math.abs(a[best][i]) ? i + k : best), i);
    [a[i], a[pivot]] = [a[pivot], a[i]];
    for (let j = 0; j < size; j++) {
      if (j === i) continue;
      const factor = a[j][i] / a[i][i];
      for (let k = i; k <= size; k++) a[j][k] -= factor * a[i][k];
    }
  }
  return a.map((row, i) => row[size] / row[i]);
}

describe('D3, selectivity', () => {
  const data = rows();
  const { mean, covariance } = moments(data);
  const selectivity = prepareSelectivity(mean, covariance);
  const trace = mean.reduce((sum, _, c) => sum + covariance[c * (channels + 1)], 0);
  const ridged = covariance.map((value, k) => value + (k % (channels + 1) === 0 ? (RIDGE * trace) / channels : 0));

  it('is what the formula says, with the inverse by elimination', () => {
    const vectors = directions(20, channels);
    for (let d = 0; d < 20; d++) {
      const [v, a] = [vectors.subarray(d * channels, (d + 1) * channels), normals(`activation ${d}`, channels).map((x) => 5 * x)];
      const away = [...a].map((value, c) => value - mean[c]);
      const product = away.reduce((sum, value, c) => sum + value * v[c], 0);
      const solved = solve(ridged, away);
      const distance = away.reduce((sum, value, c) => sum + value * solved[c], 0);
      let variance = 0;
      for (let i = 0; i < channels; i++) for (let j = 0; j < channels; j++) variance += v[i] * ridged[i * channels + j] * v[j];
      expect(selectivity.of(v, a)).toBeCloseTo(product ** 2 / (variance * distance), 10);
    }
  });

  it('is 1 for the likeliest activation of its score, Σv from the mean, never more, and 0 for one that moves the score not at all', () => {
    const v = directions(1, channels);
    const likeliest = [...mean].map((value, i) => value + 4 * v.reduce((sum, x, j) => sum + ridged[i * channels + j] * x, 0));
    expect(selectivity.of(v, likeliest)).toBeCloseTo(1, 10);
    expect(
      selectivity.of(
        axis(0),
        [...mean].map((value, c) => value + (c === 3 ? 1 : 0)),
      ),
    ).toBe(0);
    expect(selectivity.of(v, mean)).toBeNull();
    for (let k = 0; k < 50; k++) {
      const value = selectivity.of(directions(1, channels, `v ${k}`), normals(`a ${k}`, channels)) ?? Number.NaN;
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1 + 1e-12);
    }
  });

  it('is the same when activations, covariance and direction are rotated together', () => {
    const turned = moments(rotate(data, q));
    const after = prepareSelectivity(turned.mean, turned.covariance);
    const activation = normals('activation', channels).map((x) => 6 * x);
    for (let c = 0; c < channels; c++) {
      const before = selectivity.of(axis(c), activation) ?? Number.NaN;
      expect(after.of(rotate(axis(c), q), rotate(activation, q))).toBeCloseTo(before, 5);
      expect(Math.abs((after.of(axis(c), rotate(activation, q)) ?? 0) - before)).toBeGreaterThan(1e-3);
    }
  });

  it('refuses a layer that does not vary', () => {
    expect(() => prepareSelectivity(mean, new Float64Array(channels ** 2))).toThrow(/for channel 0, received 0\nThe layer is the same/);
  });
});

describe('D4, kurtosis of the scores', () => {
  it('is 0 for normal scores, −2 for two equal halves, large where few stand out, null for constant ones', () => {
    expect(Math.abs(excessKurtosis(normals('kurtosis', 20_000)) ?? 9)).toBeLessThan(0.1);
    expect(excessKurtosis([1, -1, 1, -1])).toBeCloseTo(-2, 12);
    // One of 100: m₂ = p(1−p), m₄ = p(1−p)(1−3p+3p²).
    expect(excessKurtosis(Array.from({ length: 100 }, (_, i) => (i === 0 ? 1 : 0)))).toBeCloseTo((1 - 0.03 + 0.0003) / 0.0099 - 3, 9);
    expect(excessKurtosis([2, 2, 2])).toBeNull();
  });

  it('is the same when activations and direction are rotated together', () => {
    const data = rows();
    const before = excessKurtosis(imageScores(data, axis(2))) ?? Number.NaN;
    expect(excessKurtosis(imageScores(rotate(data, q), rotate(axis(2), q)))).toBeCloseTo(before, 5);
  });
});

describe('D4, participation ratio', () => {
  it('is 1 for a channel, k for k equal channels, and a third of the channels for a random direction', () => {
    expect(participationRatio(axis(3))).toBe(1);
    expect(participationRatio([1, -1, 0, 1, 0, 1])).toBe(4);
    expect(participationRatio([0, 0])).toBeNull();
    expect((participationRatio(directions(1, 3000)) ?? 0) / 3000).toBeCloseTo(1 / 3, 1.5);
  });

  it('is another one after a rotation: it tells channels from directions by construction', () => {
    for (let c = 0; c < channels; c++) expect(participationRatio(rotate(axis(c), q))).toBeGreaterThan(1.2);
  });
});

describe('D4, the MonoSemanticity score', () => {
  const { n, means, embeddings } = landscape({ n: 200, channels });
  const { rows: phi, dimension } = embeddings;

  it('is the mean similarity of all pairs, weighted by both responses, pair by pair', () => {
    const scores = imageScores(means, directions(1, channels));
    const [low, high] = [Math.min(...scores), Math.max(...scores)];
    let [sum, weights] = [0, 0];
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < a; b++) {
        let similarity = 0;
        for (let k = 0; k < dimension; k++) similarity += phi[a * dimension + k] * phi[b * dimension + k];
        const weight = ((scores[a] - low) * (scores[b] - low)) / (high - low) ** 2;
        sum += weight * similarity;
        weights += weight;
      }
    }
    expect(monosemanticity(scores, embeddings)).toBeCloseTo(sum / weights, 8);
  });

  it('is 1 where all that excites looks alike, −1 where two images look opposite, null for one image and for constant scores', () => {
    const opposite = { rows: Float32Array.of(1, 0, 1, 0, -1, 0, 0, 1), dimension: 2 };
    expect(monosemanticity([3, 3, 0, 0], opposite)).toBeCloseTo(1, 6);
    expect(monosemanticity([3, 0, 3, 0], opposite)).toBeCloseTo(-1, 6);
    expect(monosemanticity([3, 0, 0, 0], opposite)).toBeNull();
    expect(monosemanticity([3, 3, 3, 3], opposite)).toBeNull();
  });

  it('is the same when activations and direction are rotated together, not when the direction’s sign is changed', () => {
    const before = monosemanticity(imageScores(means, axis(1)), embeddings) ?? Number.NaN;
    expect(monosemanticity(imageScores(rotate(means, q), rotate(axis(1), q)), embeddings)).toBeCloseTo(before, 5);
    expect(
      Math.abs(
        (monosemanticity(
          imageScores(
            means,
            axis(1).map((x) => -x),
          ),
          embeddings,
        ) ?? 0) - before,
      ),
    ).toBeGreaterThan(1e-3);
  });
});
