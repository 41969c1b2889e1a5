/** Frames, sign flips, equivalence and many tests at once, against SciPy, R and published examples. */
import { describe, expect, it } from 'vitest';
import { bcaEnds, bootstrap } from '../../generator/compare/statistics/bca-bootstrap.ts';
import { cliffsDelta } from '../../generator/compare/statistics/cliffs-delta.ts';
import { testEquivalence } from '../../generator/compare/statistics/equivalence.ts';
import { frameTest } from '../../generator/compare/statistics/frame-test.ts';
import { benjaminiHochberg, holm } from '../../generator/compare/statistics/multiplicity.ts';
import { scoreInterval } from '../../generator/compare/statistics/score-interval.ts';
import { signFlips } from '../../generator/compare/statistics/sign-flips.ts';
import { RandomStream } from '../../generator/render/random.ts';
import reference from '../fixtures/statistics.json' with { type: 'json' };
import recorded from '../fixtures/statistics.r.json' with { type: 'json' };

describe('the frame test', () => {
  it('has nulls to compare', () => expect(reference.frames.map(({ name }) => name)).toEqual(['high', 'middle', 'tied']));

  it.each(reference.frames)('$name: the p-values of SciPy’s Monte-Carlo test, ties against the basis', (frame) => {
    const test = frameTest(frame.statistic, frame.frames);
    expect(test.pGreater).toBeCloseTo(frame.greater, 12);
    expect(test.pLess).toBeCloseTo(frame.less, 12);
    expect(test.p).toBeCloseTo(frame.p, 12);
    expect(test.frames).toBe(frame.frames.length);
    expect(test.rank / (test.frames + 1)).toBeCloseTo(frame.greater, 12);
    expect(test.null.mean).toBeCloseTo(frame.mean, 12);
    expect(test.null.deviation).toBeCloseTo(frame.deviation, 12);
    for (const [i, value] of frame.quantiles.entries()) expect(test.null.quantiles[i]).toBeCloseTo(value, 12);
  });

  it('never gives a p below 2/(B + 1), nor above 1', () => {
    const frames = Array.from({ length: 199 }, (_, i) => i);
    expect(frameTest(1000, frames)).toMatchObject({ p: 0.01, pGreater: 0.005, pLess: 1, rank: 1 });
    expect(frameTest(-1000, frames)).toMatchObject({ p: 0.01, pGreater: 1, pLess: 0.005, rank: 200 });
    expect(frameTest(7, [7, 7, 7])).toMatchObject({ p: 1, pGreater: 1, pLess: 1, rank: 4, null: { deviation: 0 } });
    expect(frameTest(7, [5]).null.deviation).toBe(0);
  });

  it('refuses what has no order', () => {
    expect(() => frameTest(1, [])).toThrow(
      'frame test: expected a finite statistic of the basis and of at least one frame for frames, received "no frame"',
    );
    expect(() => frameTest(1, [0, Number.NaN])).toThrow('received NaN');
    expect(() => frameTest(Number.NaN, [0])).toThrow('received NaN');
  });
});

describe('sign flips', () => {
  const [darwin, tied, many] = reference.sign_flips;

  it('give Fisher’s p of Darwin’s maize: 1,726 of 32,768 sign patterns', () => {
    const test = signFlips(darwin.differences, new RandomStream('unused'));
    expect(test).toMatchObject({ exact: true, pairs: 15, draws: 32768, mean: 314 / 15 });
    expect(test.p).toBe(1726 / 32768);
    expect(test.p).toBeCloseTo(darwin.p, 12);
  });

  it('count ties and zeros as SciPy does', () => {
    expect(signFlips(tied.differences, new RandomStream('unused')).p).toBeCloseTo(tied.p, 12);
  });

  it('agree with SciPy within the error of the draws where the patterns are too many', () => {
    const test = signFlips(many.differences, new RandomStream('test', 'many'));
    expect(test).toMatchObject({ exact: false, pairs: 60, draws: 9999 });
    expect(Math.abs(test.p - many.p)).toBeLessThan(4 * Math.sqrt((many.p * (1 - many.p)) / 9999));
  });

  it('draws agree with the count of all patterns at the border between the two', () => {
    const stream = new RandomStream('test', 'border');
    const differences = Array.from({ length: 20 }, () => stream.normal() + 0.4);
    const exact = signFlips(differences, stream);
    const drawn = signFlips([...differences, 0], stream, 20_000);
    expect([exact.exact, drawn.exact]).toEqual([true, false]);
    expect(Math.abs(exact.p - drawn.p)).toBeLessThan(4 * Math.sqrt((exact.p * (1 - exact.p)) / 20_000));
  });

  it('do not mind rounding: decimals whose sums tie in truth are ties', () => {
    const tenths = [0.1, 0.2, 0.3, -0.1, 0.4, 0.2];
    const whole = tenths.map((value) => Math.round(value * 10));
    expect(signFlips(tenths, new RandomStream('unused')).p).toBe(signFlips(whole, new RandomStream('unused')).p);
  });

  it('say nothing without pairs or without differences', () => {
    expect(signFlips([], new RandomStream('unused')).p).toBeNaN();
    expect(signFlips([0, 0, 0], new RandomStream('unused')).p).toBe(1);
    expect(signFlips(new Array<number>(25).fill(0), new RandomStream('zeros'), 99).p).toBe(1);
  });
});

describe('several tests at once', () => {
  const { p, holm: holmOfR, benjamini_hochberg } = recorded.adjust;

  it('adjusts as R’s p.adjust does, and passes on what was not tested', () => {
    expect(p).toContain(null);
    for (const [adjusted, ofR] of [
      [holm(p), holmOfR],
      [benjaminiHochberg(p), benjamini_hochberg],
    ]) {
      expect(adjusted.map((value) => value && Number(value.toFixed(12)))).toEqual(ofR.map((value) => value && Number(value.toFixed(12))));
    }
  });

  it('adjusts five values as worked by hand', () => {
    const five = [0.04, 0.01, 0.05, 0.02, 0.03];
    for (const [i, value] of [0.09, 0.05, 0.09, 0.08, 0.09].entries()) expect(holm(five)[i]).toBeCloseTo(value, 12);
    for (const value of benjaminiHochberg(five)) expect(value).toBeCloseTo(0.05, 12);
  });

  it('adjusts as SciPy’s false_discovery_control does', () => {
    const { p: values, adjusted } = reference.benjamini_hochberg;
    for (const [i, value] of benjaminiHochberg(values).entries()) expect(value).toBeCloseTo(adjusted[i], 12);
  });

  it('leaves out what is not a number, and passes no value above 1', () => {
    expect(holm([0.9, Number.NaN, 0.8])).toEqual([1, Number.NaN, 1]);
    expect(benjaminiHochberg([Number.NaN, 0.02])).toEqual([Number.NaN, 0.02]);
    expect(holm([null, 0.02, Number.NaN])).toEqual([null, 0.02, Number.NaN]);
    expect([holm([]), benjaminiHochberg([null])]).toEqual([[], [null]]);
  });
});

describe('equivalence', () => {
  const samples = (shift: number, n: number): [number[], number[]] => {
    const stream = new RandomStream('test', 'equivalence');
    const a = Array.from({ length: n }, () => stream.normal());
    return [a, a.map((value) => value + shift)];
  };
  const test = (a: number[], b: number[], margin?: number) => {
    const distribution = bootstrap([a], [b], cliffsDelta, { stream: new RandomStream('test', 'resamples'), draws: 999 });
    return { distribution, ...testEquivalence(distribution, { delta: cliffsDelta(a, b), na: a.length, nb: b.length }, margin) };
  };

  it('is found where the 90% interval, of the same resamples, lies within the margin, and only there', () => {
    const alike = test(...samples(0, 400));
    expect(alike).toMatchObject({ equivalent: true, method: 'bca-bootstrap', margin: 0.147 });
    expect(alike.interval).toEqual(alike.distribution && bcaEnds(alike.distribution, 0.9));
    expect(test(...samples(0, 400), 0.05).equivalent).toBe(false);
    expect(test(...samples(0, 30)).equivalent).toBe(false);
    for (const shift of [-0.4, 0.4]) expect(test(...samples(shift, 400)).equivalent).toBe(false);
  });

  it('falls back to Newcombe where all resamples are equal', () => {
    const apart = test([3, 4, 5], [0, 1, 2]);
    expect(apart).toMatchObject({ equivalent: false, method: 'newcombe-5', interval: scoreInterval(1, 3, 3, 0.9) });
    const constant = test(new Array<number>(500).fill(1), new Array<number>(500).fill(1));
    expect(constant).toMatchObject({ equivalent: true, method: 'newcombe-5' });
  });
});
