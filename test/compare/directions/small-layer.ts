/** A layer small enough for exact answers: activations drawn from a covariance that is far from round. */
import type { LayerInput } from '../../../generator/compare/directions/layer-input.ts';
import { columnCovariance, columnMeans } from '../../../generator/compare/directions/products.ts';
import type { Activations } from '../../../generator/measure/activations.ts';
import type { Tap } from '../../../generator/models/model.ts';
import { RandomStream } from '../../../generator/render/random.ts';

export const WEIGHTS = 'ab'.repeat(32);

/** Activations whose channels share two causes and grow with their number; all above zero where `rectified`. */
export function makeActivations(channels: number, n = 60, rectified = true): Activations {
  const random = new RandomStream('small layer', channels, n);
  const sample = new Float32Array(n * 4 * channels);
  for (let i = 0; i < sample.length; i += channels) {
    const [a, b] = [random.normal(), random.normal()];
    for (let c = 0; c < channels; c++) {
      const value = (1 + c) * (random.normal() + a * (c % 2) + b * (c % 3)) + 1;
      sample[i + c] = rectified ? Math.max(0, value) : value;
    }
  }
  const means = Float32Array.from({ length: n * channels }, (_, at) => {
    const [image, c] = [Math.floor(at / channels), at % channels];
    return [0, 1, 2, 3].reduce((sum, k) => sum + sample[(4 * image + k) * channels + c], 0) / 4;
  });
  return { n, channels, means, mean: columnMeans(sample, channels), covariance: columnCovariance(sample, channels), sample };
}

export function makeLayer(channels: number, changes: Partial<LayerInput> = {}): LayerInput {
  const tap: Tap = changes.tap ?? 'after';
  return {
    weightsSha256: WEIGHTS,
    layerName: 'net/early',
    channels,
    tap,
    activations: makeActivations(channels, 60, tap === 'after'),
    counts: {},
    seed: 0,
    ...changes,
  };
}

/** `values[i]`, rows of a flat `[n,C]`. */
export function rowsOf(flat: Float64Array, channels: number): Float64Array[] {
  return Array.from({ length: flat.length / channels }, (_, i) => flat.subarray(i * channels, (i + 1) * channels));
}

/** The largest |A·Aᵀ − I| of rows that should be orthonormal. */
export function orthogonalityError(flat: Float64Array, channels: number): number {
  const rows = rowsOf(flat, channels);
  let worst = 0;
  for (let i = 0; i < rows.length; i++)
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? -1 : 0;
      for (let k = 0; k < channels; k++) sum += rows[i][k] * rows[j][k];
      worst = Math.max(worst, Math.abs(sum));
    }
  return worst;
}

/** The largest distance of the values' distribution from the uniform one on [0,1] (Kolmogorov and Smirnov), times √n: 1.95 once in a thousand. */
export function distanceFromUniform(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  return Math.sqrt(n) * Math.max(...sorted.map((x, i) => Math.max(x - i / n, (i + 1) / n - x)));
}

/** Kolmogorov and Smirnov for two lists: the largest distance of their distributions, scaled so that 1.95 is passed once in a thousand. */
export function distanceBetween(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((x) => ({ x, step: 1 / a.length })), ...b.map((x) => ({ x, step: -1 / b.length }))].sort((p, q) => p.x - q.x);
  let [sum, worst] = [0, 0];
  for (const { step } of all) {
    sum += step;
    worst = Math.max(worst, Math.abs(sum));
  }
  return worst * Math.sqrt((a.length * b.length) / (a.length + b.length));
}
