/** Directions that follow the covariance, undo it, or match its spread. */
import { describe, expect, it } from 'vitest';
import { colouredDraw, covarianceSpectrum, whitenedDraw } from '../../../generator/compare/directions/covariance.ts';
import { generateArm } from '../../../generator/compare/directions/generate-arm.ts';
import { gaussian, type LayerInput } from '../../../generator/compare/directions/layer-input.ts';
import { matchNearest } from '../../../generator/compare/directions/matched.ts';
import type { NamedDirection } from '../../../generator/compare/directions/named-direction.ts';
import { applyFunction, spectrumOf } from '../../../generator/compare/directions/spectrum.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { largestGap } from './matrices.ts';
import { makeLayer } from './small-layer.ts';

const CHANNELS = 4;
const layer = makeLayer(CHANNELS);
const spectrum = covarianceSpectrum(layer);
const sigma = layer.activations?.covariance ?? new Float64Array();
const identity = Float64Array.from({ length: CHANNELS ** 2 }, (_, i) => (i % (CHANNELS + 1) === 0 ? 1 : 0));

const DRAWS = 6000;

/**
 * How far the mean of d·dᵀ over the draws is from what it should be, in standard errors, the worst entry: for Gaussian d of covariance Σ the
 * error of entry (i,j) is √((Σii·Σjj + Σij²)/n).
 */
function standardErrors(draws: readonly Float64Array[], expected: Float64Array): number {
  let worst = 0;
  for (let i = 0; i < CHANNELS; i++)
    for (let j = 0; j <= i; j++) {
      const mean = draws.reduce((sum, d) => sum + d[i] * d[j], 0) / draws.length;
      const at = (p: number, q: number) => expected[p * CHANNELS + q];
      worst = Math.max(worst, Math.abs(mean - at(i, j)) / Math.sqrt((at(i, i) * at(j, j) + at(i, j) ** 2) / draws.length));
    }
  return worst;
}

const gaussians = Array.from({ length: DRAWS }, (_, k) => gaussian(new RandomStream('draws', k), CHANNELS));
const unit = (values: Float64Array) => values.map((value) => value / Math.hypot(...values));
const vectors = (directions: readonly NamedDirection[]) => directions.map(({ vector }) => Float64Array.from(vector));
const half = (g: Float64Array) => applyFunction(spectrum, Math.sqrt, g);
const inverseHalf = (g: Float64Array) => applyFunction(spectrum, (value) => 1 / Math.sqrt(value), g);

/** Unit vectors of uniform law have E uuᵀ = I/C; the error of an entry is at most √(2/n)/C. */
function isotropyErrors(directions: readonly Float64Array[]): number {
  return standardErrors(
    directions.map((d) => unit(d).map((value) => value * Math.sqrt(CHANNELS))),
    identity,
  );
}

describe('the draws', () => {
  it('of covariance have the covariance Σ, and those of whitened its inverse, within four standard errors', () => {
    const inverse = Float64Array.from(identity);
    for (let i = 0; i < CHANNELS; i++)
      inverse.set(
        applyFunction(spectrum, (value) => 1 / value, identity.slice(i * CHANNELS, (i + 1) * CHANNELS)),
        i * CHANNELS,
      );
    const coloured = gaussians.map((g) => colouredDraw(spectrum, g));
    const whitened = gaussians.map((g) => whitenedDraw(spectrum, g));
    expect(standardErrors(coloured, sigma)).toBeLessThan(4);
    expect(standardErrors(whitened, inverse)).toBeLessThan(4);
    expect(standardErrors(gaussians, identity)).toBeLessThan(4);
    // And the bound can be missed.
    expect(standardErrors(gaussians, sigma)).toBeGreaterThan(30);
    expect(standardErrors(whitened, sigma)).toBeGreaterThan(30);
    expect(
      standardErrors(
        coloured,
        sigma.map((value) => 1.1 * value),
      ),
    ).toBeGreaterThan(4);
  });

  it('of whitened do not blow up where Σ is nearly singular: the ridge is 1e-4 of the mean eigenvalue', () => {
    const flat = spectrumOf(Float64Array.of(3, 0, 0, 0), 2);
    expect(Array.from(whitenedDraw(flat, Float64Array.of(1, 1)))).toEqual([
      expect.closeTo(1 / Math.sqrt(3 + 1.5e-4), 12),
      expect.closeTo(1 / Math.sqrt(1.5e-4), 9),
    ]);
  });
});

describe('the arms', () => {
  const counts = { covariance: DRAWS, whitened: DRAWS, random: DRAWS };
  const many: LayerInput = { ...layer, counts };

  it('covariance is isotropic once Σ is undone, whitened once it is applied, random as it is; and not otherwise', () => {
    const coloured = vectors(generateArm('covariance', many));
    const whitened = vectors(generateArm('whitened', many));
    expect(isotropyErrors(coloured.map(inverseHalf))).toBeLessThan(4);
    expect(isotropyErrors(whitened.map(half))).toBeLessThan(4);
    expect(isotropyErrors(vectors(generateArm('random', many)))).toBeLessThan(4);
    for (const skew of [coloured, whitened, coloured.map(half), whitened.map(inverseHalf)])
      expect(isotropyErrors(skew)).toBeGreaterThan(20);
  });

  it('are refused where the layer never varies', () => {
    const still = { ...layer, activations: { ...makeLayer(CHANNELS).activations, covariance: new Float64Array(16) } } as LayerInput;
    for (const arm of ['covariance', 'whitened', 'pca'])
      expect(() => generateArm(arm, still)).toThrow(
        'net/early: expected a covariance that is not zero for the layer, received "a total variance of 0"',
      );
  });
});

describe('the spectrum', () => {
  it('gives the matrix back, and its functions', () => {
    const column = (j: number, f: (value: number) => number) =>
      applyFunction(spectrum, f, identity.slice(j * CHANNELS, (j + 1) * CHANNELS));
    const whole = Float64Array.from([0, 1, 2, 3].flatMap((j) => [...column(j, (value) => value)]));
    expect(largestGap(whole, sigma)).toBeLessThan(1e-12 * spectrum.values[0]);
    const twice = Float64Array.from([0, 1, 2, 3].flatMap((j) => [...half(half(identity.slice(j * CHANNELS, (j + 1) * CHANNELS)))]));
    expect(largestGap(twice, sigma)).toBeLessThan(1e-12 * spectrum.values[0]);
  });
});

describe('matched', () => {
  const wide = makeLayer(24, { counts: { random: 48 } });
  const spread = ({ vector }: NamedDirection) => {
    const { means = new Float32Array(), n = 0 } = wide.activations ?? {};
    const scores = Array.from({ length: n }, (_, i) => vector.reduce((sum, v, c) => sum + v * means[i * 24 + c], 0));
    const mean = scores.reduce((sum, s) => sum + s, 0) / n;
    return Math.sqrt(scores.reduce((sum, s) => sum + (s - mean) ** 2, 0) / n);
  };
  const gap = (a: NamedDirection, b: NamedDirection) => Math.abs(Math.log(spread(a)) - Math.log(spread(b)));
  const channels = generateArm('basis', wide);
  const found = generateArm('matched', wide);
  const pool = generateArm('random', wide);

  it('gives every channel a random direction of its own', () => {
    expect(found.map(({ id, index }) => [id, index])).toEqual(channels.map((_, i) => [`matched-${i}`, i]));
    const places = found.map(({ sha256 }) => pool.findIndex((direction) => direction.sha256 === sha256));
    expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
    expect(new Set(places).size).toBe(24);
    expect(found.map(({ frame }) => frame)).toEqual(places.map((k) => pool[k].frame));
  });

  it('spreads over the images as the channels do, closer than in any order that was not matched', () => {
    const total = (chosen: readonly NamedDirection[]) => channels.reduce((sum, channel, i) => sum + gap(channel, chosen[i]), 0);
    expect(total(found)).toBeLessThan(0.8 * total(pool.slice(0, 24)));
    for (let k = 0; k < 20; k++) {
      const order = new RandomStream('orders', k).permutation(48);
      expect(total(found)).toBeLessThan(total(channels.map((_, i) => pool[order[i]])));
    }
  });

  it('is the best of all matchings, by trying them all, and often better than a greedy one', () => {
    const best = (values: number[], candidates: number[]): number =>
      values.length === 0
        ? 0
        : Math.min(...candidates.map((c, j) => Math.abs(values[0] - c) + best(values.slice(1), candidates.toSpliced(j, 1))));
    let greedyIsWorse = 0;
    for (let k = 0; k < 30; k++) {
      const random = new RandomStream('matching', k);
      // Whole numbers, so that there are ties.
      const [values, candidates] = [4, 4 + (k % 4)].map((n) => Float64Array.from({ length: n }, () => random.below(9)));
      const places = matchNearest(values, candidates);
      expect(new Set(places).size).toBe(4);
      const cost = values.reduce((sum, value, i) => sum + Math.abs(value - candidates[places[i]]), 0);
      expect(cost).toBe(best([...values], [...candidates]));
      const left = [...candidates];
      const greedy = values.reduce((sum, value) => {
        const nearest = left.reduce((a, b) => (Math.abs(value - b) < Math.abs(value - a) ? b : a));
        left.splice(left.indexOf(nearest), 1);
        return sum + Math.abs(value - nearest);
      }, 0);
      if (greedy > cost) greedyIsWorse++;
    }
    expect(greedyIsWorse).toBeGreaterThan(5);
  });

  it('has a partner for channels that never vary, one or all', () => {
    const { means = new Float32Array(), ...rest } = makeLayer(6).activations ?? {};
    for (const still of [[4], [0, 1, 2, 3, 4, 5]]) {
      const dead = means.map((value, at) => (still.includes(at % 6) ? 3 : value));
      const found = generateArm('matched', { ...makeLayer(6), activations: { ...rest, means: dead } } as LayerInput);
      expect(new Set(found.map(({ sha256 }) => sha256)).size).toBe(6);
    }
  });
});
