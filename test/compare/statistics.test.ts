/** Effect sizes, tests and intervals of two samples, against SciPy. */
import { describe, expect, it } from 'vitest';
import { bcaEnds, bcaInterval, bootstrap, type TwoSampleStatistic } from '../../generator/compare/statistics/bca-bootstrap.ts';
import { brunnerMunzel, permutationBrunnerMunzel } from '../../generator/compare/statistics/brunner-munzel.ts';
import { cliffsDelta } from '../../generator/compare/statistics/cliffs-delta.ts';
import { fCdf, fQuantile } from '../../generator/compare/statistics/f-distribution.ts';
import { mannWhitney } from '../../generator/compare/statistics/mann-whitney.ts';
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

  it.each(reference.samples)('$name: the same resamples give SciPy’s 90% interval too', (sample) => {
    const distribution = bootstrap([sample.a], [sample.b], cliffsDelta, { stream: new RandomStream('test', sample.name), draws: 20_000 });
    const ends = distribution && bcaEnds(distribution, 0.9);
    expect(ends?.[0]).toBeCloseTo(sample.bca90[0], 1.7);
    expect(ends?.[1]).toBeCloseTo(sample.bca90[1], 1.7);
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

describe('δ of a resample by its counts', () => {
  const sizes = [1, 2, 7, 40];
  it.each(sizes.flatMap((n) => sizes.map((m) => ({ n, m }))))('is to the last bit that of its values: $n against $m', ({ n, m }) => {
    const stream = new RandomStream('test', 'counts', n, m);
    const [a, b] = [n, m].map((size) => Array.from({ length: size }, () => stream.below(30) / 7));
    const counts = Uint32Array.from({ length: n + m }, (_, i) => (i === 0 || i === n ? 1 : stream.below(3)));
    const [drawnA, drawnB] = [a, b].map((sample, s) => sample.flatMap((value, i) => new Array<number>(counts[s * n + i]).fill(value)));
    expect(cliffsDelta.ofCounts(a, b)(counts)).toBe(cliffsDelta(drawnA, drawnB));
  });

  it('leaves the interval what it is without them, in clusters too', () => {
    const stream = new RandomStream('test', 'same');
    const a = [Array.from({ length: 20 }, () => stream.below(40))];
    const b = [3, 5, 9].map((size) => Array.from({ length: size }, () => stream.below(50)));
    const interval = (statistic: TwoSampleStatistic) =>
      bcaInterval(a, b, statistic, { stream: new RandomStream('test', 'draws'), draws: 499 });
    expect(interval(cliffsDelta)).toEqual(interval((x, y) => cliffsDelta(x, y)));
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

describe('the F distribution', () => {
  it('has degrees to compare', () => expect(reference.f.length).toBe(7));

  it.each(reference.f)('agrees with SciPy to eleven digits with $degrees degrees of freedom', ({ degrees: [d1, d2], p, x, cdf }) => {
    for (const [i, value] of [0.2, 0.5, 1, 2, 9].entries()) expect(fCdf(value, d1, d2) / cdf[i]).toBeCloseTo(1, 11);
    for (const [i, value] of p.entries()) expect(fQuantile(value, d1, d2) / x[i]).toBeCloseTo(1, 10);
  });

  it('ends at 0 and infinity', () => {
    expect([fCdf(-1, 2, 3), fCdf(0, 2, 3), fCdf(Number.POSITIVE_INFINITY, 2, 3)]).toEqual([0, 0, 1]);
    expect([fQuantile(0, 2, 3), fQuantile(1, 2, 3)]).toEqual([0, Number.POSITIVE_INFINITY]);
    expect(fCdf(Number.NaN, 2, 3)).toBeNaN();
  });
});
