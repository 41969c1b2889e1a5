/** What raters say: their agreement, the difference that they see between arms, shares; against published examples, NumPy and SciPy. */
import { describe, expect, it } from 'vitest';
import { krippendorffAlpha } from '../../generator/compare/statistics/krippendorff.ts';
import { type Rating, twoWayBootstrap } from '../../generator/compare/statistics/two-way-bootstrap.ts';
import { wilsonInterval } from '../../generator/compare/statistics/wilson-interval.ts';
import { RandomStream } from '../../generator/render/random.ts';
import reference from '../fixtures/statistics.json' with { type: 'json' };

function expectEnds(ends: readonly (number | undefined)[] | null | undefined, expected: readonly number[], digits: number): void {
  for (const [i, value] of expected.entries()) expect(ends?.[i]).toBeCloseTo(value, digits);
}

describe('Krippendorff’s α', () => {
  const [news, content, gaps] = reference.ratings;

  it('is the published one of Hayes and Krippendorff 2007: .7598', () => {
    expect(news.units.length).toBe(40);
    expect(krippendorffAlpha(news.units, 'ordinal')).toBeCloseTo(0.7598, 4);
  });

  it('is the published one of Krippendorff 2011: .743, .815, .849', () => {
    expect(krippendorffAlpha(content.units, 'nominal')).toBeCloseTo(0.743, 3);
    expect(krippendorffAlpha(content.units, 'ordinal')).toBeCloseTo(0.815, 3);
    expect(krippendorffAlpha(content.units, 'interval')).toBeCloseTo(0.849, 3);
  });

  it.each([news, content, gaps])('$name: equals the sum over all pairs of values', ({ units, nominal, ordinal, interval }) => {
    expect(krippendorffAlpha(units, 'nominal')).toBeCloseTo(nominal, 10);
    expect(krippendorffAlpha(units, 'ordinal')).toBeCloseTo(ordinal, 10);
    expect(krippendorffAlpha(units, 'interval')).toBeCloseTo(interval, 10);
  });

  it('is 1 for full agreement, and null where nothing can be paired or nothing varies', () => {
    const agreed = [
      [1, 1, null],
      [null, 3, 3],
      [7, null, null],
    ];
    for (const scale of ['nominal', 'ordinal', 'interval'] as const) {
      expect(krippendorffAlpha(agreed, scale)).toBe(1);
      expect(krippendorffAlpha([[1, null], [null, 2], []], scale)).toBeNull();
      expect(krippendorffAlpha([[2, 2], [2, 2, 2], [5]], scale)).toBeNull();
    }
  });
});

describe('the two-way bootstrap', () => {
  const { table, difference, interval, standard_error } = reference.two_way;
  const answers = (from: number, to: number): Rating[] =>
    table.flatMap((row, rater) =>
      row.flatMap((value, d) => (value === null || d < from || d >= to ? [] : [{ rater: `rater-${rater}`, direction: `d-${d}`, value }])),
    );

  it('agrees with NumPy on a table with gaps, within the error of the draws', () => {
    const result = twoWayBootstrap(answers(0, 14), answers(14, 28), { stream: new RandomStream('test', 'two-way'), draws: 20_000 });
    expect(result).toMatchObject({ raters: 9, directions: [14, 14], draws: 20_000 });
    expect(result?.difference).toBeCloseTo(difference, 12);
    expectEnds(result?.interval, interval, 1.5);
    expect((result?.standardError ?? 0) / standard_error).toBeCloseTo(1, 1.3);
  });

  it('has the variance that Owen gives for a full table', () => {
    const stream = new RandomStream('test', 'full');
    const [raters, directions] = [6, 8];
    const values = Array.from({ length: raters }, () => Array.from({ length: directions }, () => stream.normal()));
    const full = values.flatMap((row, rater) => row.map((value, d) => ({ rater: `${rater}`, direction: `${d}`, value })));
    // The second arm answers 0 throughout, so that the difference is the first one's mean.
    const zero = full.map((rating) => ({ ...rating, value: 0 }));
    const grand = full.reduce((sum, { value }) => sum + value, 0) / full.length;
    const rowEffects = values.map((row) => row.reduce((sum, value) => sum + value, 0) / directions - grand);
    const columnEffects = values[0].map((_, d) => values.reduce((sum, row) => sum + row[d], 0) / raters - grand);
    const square = (list: readonly number[]) => list.reduce((sum, value) => sum + value * value, 0);
    const rest = values.flatMap((row, r) => row.map((value, d) => value - grand - rowEffects[r] - columnEffects[d]));
    const variance = square(rowEffects) / raters ** 2 + square(columnEffects) / directions ** 2 + square(rest) / (raters * directions) ** 2;
    const result = twoWayBootstrap(full, zero, { stream, draws: 20_000 });
    expect((result?.standardError ?? 0) / Math.sqrt(variance)).toBeCloseTo(1, 1.4);
  });

  it('lets what one rater adds to every answer cancel', () => {
    const strict = (ratings: Rating[]) =>
      ratings.map((rating, i) => ({ ...rating, value: Number(rating.rater.slice(6)) * 100 + (i % 2) * 0.01 }));
    const everyone = table.flatMap((_, rater) => ['x', 'y'].map((direction) => ({ rater: `rater-${rater}`, direction, value: 0 })));
    const result = twoWayBootstrap(strict(everyone), strict(everyone), { stream: new RandomStream('test', 'strict'), draws: 999 });
    expect(result?.difference).toBe(0);
    expect(result?.interval[1]).toBeLessThanOrEqual(0.0101);
  });

  it('draws again where an arm would be without answers, and is null with one rater or one direction', () => {
    const few = [0, 1].map((i) => ({ rater: `${i}`, direction: `${i}`, value: i }));
    const result = twoWayBootstrap(few, few, { stream: new RandomStream('test', 'few'), draws: 200 });
    expect(result?.interval.every(Number.isFinite)).toBe(true);
    expect(twoWayBootstrap(few.slice(0, 1), few, { stream: new RandomStream('test') })).toBeNull();
    expect(twoWayBootstrap([], few, { stream: new RandomStream('test') })).toBeNull();
    const alone = few.map((rating) => ({ ...rating, rater: 'one' }));
    expect(twoWayBootstrap(alone, alone, { stream: new RandomStream('test') })).toBeNull();
  });
});

describe('Wilson’s interval', () => {
  it.each(reference.shares)('$successes of $trials at $confidence, as SciPy’s', ({ successes, trials, confidence, interval }) => {
    expectEnds(wilsonInterval(successes, trials, confidence), interval, 12);
  });

  it('ends at 0 and 1 exactly, and is null without trials', () => {
    expect(wilsonInterval(0, 37)?.[0]).toBe(0);
    expect(wilsonInterval(37, 37)?.[1]).toBe(1);
    expect(wilsonInterval(0, 0)).toBeNull();
  });
});
