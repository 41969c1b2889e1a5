/** Agreement and association: of seeds, of measures, of directions, against R, SciPy and published examples. */
import { describe, expect, it } from 'vitest';
import { bcaInterval } from '../../generator/compare/statistics/bca-bootstrap.ts';
import { cliffsDelta } from '../../generator/compare/statistics/cliffs-delta.ts';
import { icc, intraclass } from '../../generator/compare/statistics/icc.ts';
import {
  correlations,
  effectiveNumber,
  linkNearDuplicates,
  nearDuplicateInterval,
} from '../../generator/compare/statistics/near-duplicates.ts';
import { kendall, ranks, spearman } from '../../generator/compare/statistics/rank-correlation.ts';
import { RandomStream } from '../../generator/render/random.ts';
import reference from '../fixtures/statistics.json' with { type: 'json' };
import recorded from '../fixtures/statistics.r.json' with { type: 'json' };

function expectEnds(ends: readonly (number | undefined)[] | null | undefined, expected: readonly number[], digits: number): void {
  for (const [i, value] of expected.entries()) expect(ends?.[i]).toBeCloseTo(value, digits);
}

describe('the intraclass correlation', () => {
  const { balanced, unbalanced } = recorded.icc;

  it.each(Object.entries(balanced))('%s: estimates and intervals of R’s psych, ICC(1,1) and ICC(1,k)', (_, expected) => {
    const result = intraclass(expected.groups);
    expect(icc(expected.groups)).toBeCloseTo(expected.single, 12);
    expect(result?.single).toBe(icc(expected.groups));
    expect(result?.average).toBeCloseTo(expected.average, 12);
    expect(result?.f).toBeCloseTo(expected.f, 10);
    expectEnds(result?.singleInterval, expected.single_interval, 10);
    expectEnds(result?.averageInterval, expected.average_interval, 10);
  });

  it.each(Object.entries(unbalanced))('%s, groups of 1 to 6: Wald’s interval as R’s lm and uniroot find it', (_, expected) => {
    const result = intraclass(expected.groups);
    expect(result?.degrees).toEqual([11, 25]);
    expect(result?.size).toBeCloseTo(expected.size, 12);
    expect(result?.f).toBeCloseTo(expected.f, 10);
    expect(result?.single).toBeCloseTo(expected.single, 12);
    expectEnds(result?.singleInterval, expected.single_interval, 9);
  });

  it('is .17 and .44 for the ratings of Shrout and Fleiss 1979, table 2', () => {
    expect(intraclass(balanced.shrout.groups)?.single).toBeCloseTo(0.17, 2);
    expect(intraclass(balanced.shrout.groups)?.average).toBeCloseTo(0.44, 2);
  });

  it('is 1 where only groups differ, and null where nothing can be said', () => {
    const apart = [[1, 1], [2, 2, 2], [5, 5], []];
    expect(icc(apart)).toBe(1);
    expect(intraclass(apart)).toMatchObject({ single: 1, average: 1, singleInterval: [1, 1], averageInterval: [1, 1] });
    const undefinedOnes = [
      [[1, 2, 3]],
      [[1], [2]],
      [
        [1, 1],
        [1, 1],
      ],
      [],
    ];
    for (const groups of undefinedOnes) expect([icc(groups), intraclass(groups)]).toEqual([null, null]);
  });
});

describe('rank correlations', () => {
  it.each([...reference.pairs, ...recorded.pairs])('$name: Spearman’s and Kendall’s as SciPy or R has them', (pair) => {
    expect(spearman(pair.x, pair.y)).toBeCloseTo(pair.spearman, 12);
    expect(kendall(pair.x, pair.y)).toBeCloseTo(pair.kendall, 12);
  });

  it('are 1 and -1 for the same and the opposite order, NaN where there is none', () => {
    const x = [3, 1, 2, 9];
    const opposite = x.map((value) => -value);
    expect([spearman(x, x), kendall(x, x), spearman(x, opposite), kendall(x, opposite)]).toEqual([1, 1, -1, -1]);
    for (const [a, b] of [
      [[], []],
      [[1], [2]],
      [
        [1, 1],
        [1, 2],
      ],
    ]) {
      expect([spearman(a, b), kendall(a, b)]).toEqual([Number.NaN, Number.NaN]);
    }
  });

  it('gives equal values their mean rank', () => expect([...ranks([5, 1, 5, 7])]).toEqual([2.5, 1, 2.5, 4]));
});

describe('near-duplicates', () => {
  const { scores, correlations: expected, effective, threshold, labels } = reference.near_duplicates;
  const directions = labels.length;
  const matrix = correlations(scores.flat(), directions);

  it('correlates as NumPy does, and a constant direction with none', () => {
    for (const [i, value] of expected.flat().entries()) expect(matrix[i]).toBeCloseTo(value, 12);
    expect([...correlations([1, 0.1, 2, 0.1, 4, 0.1], 2)]).toEqual([1, 0, 0, 1]);
  });

  it('has n_eff as the participation ratio of NumPy’s eigenvalues: all of them where independent, one where the same', () => {
    expect(effectiveNumber(matrix)).toBeCloseTo(effective, 10);
    expect(effectiveNumber([1, 0, 0, 0, 1, 0, 0, 0, 1])).toBe(3);
    expect(effectiveNumber([1, -1, -1, 1])).toBe(1);
  });

  it('links as SciPy’s single linkage does, negatives too', () => {
    const groups = linkNearDuplicates(matrix, threshold);
    const found = new Array<number>(directions);
    for (const [label, members] of groups.entries()) for (const i of members) found[i] = label + 1;
    expect(found).toEqual(labels);
  });

  it('links chains: a to c by way of b', () => {
    expect(linkNearDuplicates([1, 0.95, 0.5, 0.95, 1, -0.95, 0.5, -0.95, 1], 0.9)).toEqual([[0, 1, 2]]);
    expect(linkNearDuplicates([1, 0.9, 0.9, 1], 0.9)).toEqual([[0], [1]]);
  });

  it('widens the interval where directions come in pairs, leaves it where each is alone, and is null where all are one', () => {
    const stream = new RandomStream('test', 'pairs');
    const a = Array.from({ length: 60 }, () => [stream.normal()]);
    const single = Array.from({ length: 60 }, () => [stream.normal() + 0.3]);
    const paired = single.slice(0, 15).map(([value]) => [value, value + 1e-6, value - 1e-6, value + 2e-6]);
    const options = () => ({ stream: new RandomStream('test', 'draws'), draws: 1999 });
    const width = ([low, high]: readonly number[]) => high - low;
    const grouped = nearDuplicateInterval(a, paired, cliffsDelta, options()) ?? [0, 0];
    const alone = bcaInterval([a.flat()], [paired.flat()], cliffsDelta, options()) ?? [0, 0];
    expect(width(grouped)).toBeGreaterThan(1.3 * width(alone));
    const [low, high] = nearDuplicateInterval(a, single, cliffsDelta, options()) ?? [0, 0];
    expectEnds(bcaInterval([a.flat()], [single.flat()], cliffsDelta, options()), [low, high], 1.3);
    expect(nearDuplicateInterval([a.flat()], single, cliffsDelta, options())).toBeNull();
  });
});
