import { describe, expect, it } from 'vitest';
import { bcaInterval } from '../../generator/compare/statistics/bca-bootstrap.ts';
import { brunnerMunzel, permutationBrunnerMunzel } from '../../generator/compare/statistics/brunner-munzel.ts';
import { cliffsDelta } from '../../generator/compare/statistics/cliffs-delta.ts';
import { icc } from '../../generator/compare/statistics/icc.ts';
import { mannWhitney } from '../../generator/compare/statistics/mann-whitney.ts';
import { benjaminiHochberg, holm } from '../../generator/compare/statistics/multiplicity.ts';
import { normalCdf, normalQuantile } from '../../generator/compare/statistics/normal-distribution.ts';
import { scoreInterval } from '../../generator/compare/statistics/score-interval.ts';
import { RandomStream } from '../../generator/render/random.ts';
import reference from '../fixtures/statistics.json' with { type: 'json' };

describe('two samples, against SciPy', () => {
  it('has samples to compare', () => expect(reference.samples.length).toBe(4));

  it.each(reference.samples)('$name: Cliff’s δ, Brunner–Munzel, Mann–Whitney', (sample) => {
    expect(cliffsDelta(sample.a, sample.b)).toBeCloseTo(sample.cliff, 12);
    expect(-brunnerMunzel(sample.a, sample.b)).toBeCloseTo(sample.brunner_munzel, 9);
    const { u, p } = mannWhitney(sample.a, sample.b);
    expect(u).toBe(sample.mann_whitney_u);
    expect(p).toBeCloseTo(sample.mann_whitney_p, 12);
  });

  it.each(reference.samples)('$name: the permutation p agrees within the error of 5,000 and 9,999 draws', (sample) => {
    const { p, draws } = permutationBrunnerMunzel(sample.a, sample.b, new RandomStream('test', sample.name));
    expect(draws).toBe(9999);
    const error = Math.sqrt(sample.permutation_p / 5000 + sample.permutation_p / 9999) * 4 + 4 / 5000;
    expect(Math.abs(p - sample.permutation_p)).toBeLessThan(error);
  });

  it.each(reference.samples)('$name: the BCa interval agrees within the error of the resamples', (sample) => {
    const ends = bcaInterval([sample.a], [sample.b], cliffsDelta, { stream: new RandomStream('test', sample.name), draws: 20_000 });
    expect(ends?.[0]).toBeCloseTo(sample.bca[0], 1.7);
    expect(ends?.[1]).toBeCloseTo(sample.bca[1], 1.7);
  });
});

describe('Cliff’s δ', () => {
  it('equals the count over all pairs, ties included', () => {
    const stream = new RandomStream('test', 'pairs');
    const [a, b] = [17, 23].map((n) => Array.from({ length: n }, () => stream.below(9)));
    const pairs = a.flatMap((x) => b.map((y): number => Math.sign(x - y)));
    expect(cliffsDelta(a, b)).toBeCloseTo(pairs.reduce((sum, sign) => sum + sign, 0) / pairs.length, 12);
  });

  it('is 1, -1 and 0 for samples above, below and equal, and NaN for none', () => {
    expect(cliffsDelta([3, 4], [1, 2])).toBe(1);
    expect(cliffsDelta([1, 2], [3, 4])).toBe(-1);
    expect(cliffsDelta([1, 2], [1, 2])).toBe(0);
    expect(cliffsDelta([], [1])).toBeNaN();
  });
});

describe('Brunner–Munzel', () => {
  it('is infinite without overlap, zero without variance, NaN with one observation', () => {
    expect(brunnerMunzel([3, 4], [1, 2])).toBe(Number.POSITIVE_INFINITY);
    expect(brunnerMunzel([1, 2], [3, 4])).toBe(Number.NEGATIVE_INFINITY);
    expect(brunnerMunzel([1, 1], [1, 1])).toBe(0);
    expect(brunnerMunzel([1], [1, 2])).toBeNaN();
  });

  it('gives the exact p of a sample so small that all permutations can be counted', () => {
    const { p, pGreater, pLess } = permutationBrunnerMunzel([5, 6, 7], [1, 2, 3], new RandomStream('test', 'small'));
    expect(pGreater).toBeCloseTo(1 / 20, 2);
    expect(pLess).toBe(1);
    expect(p).toBeCloseTo(0.1, 1.5);
  });

  it('draws the same p for the same name', () => {
    const [a, b] = [
      [1, 2, 4, 3, 6],
      [2, 5, 7, 8],
    ];
    const p = (name: string) => permutationBrunnerMunzel(a, b, new RandomStream(name), 999).p;
    expect(p('one')).toBe(p('one'));
    expect(p('one')).not.toBe(p('two'));
  });
});

describe('intervals', () => {
  it('has no bootstrap interval where the resamples are all equal, and Newcombe’s there keeps its width', () => {
    const stream = new RandomStream('test', 'apart');
    expect(bcaInterval([[3, 4, 5]], [[0, 1, 2]], cliffsDelta, { stream })).toBeNull();
    const [low, high] = scoreInterval(1, 30, 20);
    expect(high).toBe(1);
    expect(low).toBeGreaterThan(0.7);
    expect(low).toBeLessThan(0.95);
    expect(scoreInterval(-1, 30, 20)[1]).toBeCloseTo(-low, 9);
  });

  it('gives about the normal interval of a mean', () => {
    const stream = new RandomStream('test', 'mean');
    const sample = Array.from({ length: 400 }, () => stream.normal());
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const ends = bcaInterval([sample], [[0, 0]], (a, b) => mean(a) - mean(b), { stream, draws: 4000 });
    expect(ends?.[0]).toBeCloseTo(mean(sample) - 1.96 / 20, 1.6);
    expect(ends?.[1]).toBeCloseTo(mean(sample) + 1.96 / 20, 1.6);
  });

  it('is wider where observations of a frame go together', () => {
    const stream = new RandomStream('test', 'frames');
    const sample = Array.from({ length: 60 }, () => stream.normal());
    const frames = [0, 3, 6, 9].map((shift) => Array.from({ length: 15 }, () => stream.normal() + shift / 4));
    const width = (clusters: number[][]) => {
      const [low, high] = bcaInterval([sample], clusters, cliffsDelta, { stream, draws: 2000 }) ?? [0, 0];
      return high - low;
    };
    expect(width(frames)).toBeGreaterThan(1.3 * width([frames.flat()]));
  });
});

describe('multiplicity', () => {
  it('adjusts as R’s p.adjust does (worked by hand)', () => {
    const p = [0.04, 0.01, 0.05, 0.02, 0.03];
    for (const [i, value] of [0.09, 0.05, 0.09, 0.08, 0.09].entries()) expect(holm(p)[i]).toBeCloseTo(value, 12);
    for (const value of benjaminiHochberg(p)) expect(value).toBeCloseTo(0.05, 12);
  });

  it('adjusts as SciPy’s false_discovery_control does', () => {
    const { p, adjusted } = reference.benjamini_hochberg;
    for (const [i, value] of benjaminiHochberg(p).entries()) expect(value).toBeCloseTo(adjusted[i], 12);
  });

  it('leaves out what is not a number, and passes no value above 1', () => {
    expect(holm([0.9, Number.NaN, 0.8])).toEqual([1, Number.NaN, 1]);
    expect(benjaminiHochberg([Number.NaN, 0.02])).toEqual([Number.NaN, 0.02]);
    expect(holm([])).toEqual([]);
  });
});

describe('the intraclass correlation', () => {
  it('is .17 for the ratings of Shrout and Fleiss 1979, table 2', () => {
    const ratings = [
      [9, 2, 5, 8],
      [6, 1, 3, 2],
      [8, 4, 6, 8],
      [7, 1, 2, 6],
      [10, 5, 6, 9],
      [6, 2, 4, 7],
    ];
    expect(icc(ratings)).toBeCloseTo(0.17, 2);
  });

  it('is 1 where only groups differ, and null where nothing can be said', () => {
    expect(
      icc([
        [1, 1],
        [2, 2, 2],
        [5, 5],
      ]),
    ).toBe(1);
    expect(icc([[1, 2, 3]])).toBeNull();
    expect(icc([[1], [2]])).toBeNull();
    expect(
      icc([
        [1, 1],
        [1, 1],
      ]),
    ).toBeNull();
  });
});

describe('the normal distribution', () => {
  it('agrees with SciPy to twelve digits, in the tail too', () => {
    for (const [i, x] of reference.normal.x.entries()) expect(normalCdf(x) / reference.normal.cdf[i]).toBeCloseTo(1, 11);
  });

  it('is inverted by its quantile', () => {
    for (const p of [1e-9, 0.025, 0.3, 0.5, 0.8, 0.999]) expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 12);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 10);
    expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
  });
});
