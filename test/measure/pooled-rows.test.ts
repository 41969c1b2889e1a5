import { describe, expect, it } from 'vitest';
import { attainment } from '../../generator/measure/attainment.ts';
import { writePlanar } from '../../generator/measure/picture.ts';
import { pooledRows } from '../../generator/measure/pooled-rows.ts';
import { robustness } from '../../generator/measure/robustness.ts';
import { deadLeaves } from './dead-leaves.ts';
import { filterBank, randomFilters } from './filter-bank.ts';

const SIZE = 16;
const filters = randomFilters(5, SIZE);

/** Activations computed picture by picture, without any of the code under test. */
function direct(index: number): number[] {
  const planar = new Float32Array(3 * SIZE * SIZE);
  writePlanar(deadLeaves(index, SIZE), planar);
  return filters.map((filter) => filter.reduce((sum, weight, p) => sum + weight * planar[p], 0));
}

describe('pooled activations', () => {
  it.each([1, 4, 7, 64])('are those of every picture in order, in batches of %i', async (batch) => {
    const pictures = Array.from({ length: 9 }, (_, i) => deadLeaves(i, SIZE));
    const rows: number[] = [];
    for await (const some of pooledRows(filterBank(filters, SIZE, { batch }), pictures)) rows.push(...some);
    const expected = pictures.flatMap((_, i) => direct(i));
    expect(rows).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) expect(rows[i]).toBeCloseTo(value, 4);
  });

  it('are refused of pictures of two sizes', async () => {
    const rows = pooledRows(filterBank(filters, SIZE), [deadLeaves(0, 16), deadLeaves(1, 8)]);
    await expect(rows.next()).rejects.toThrow('expected pictures of 16 pixels a side for picture, received 8');
  });
});

describe('attainment and robustness', () => {
  const moments = { mu: 2, sigma: 0.5, min: 1, max: 4, constant: false };

  it('count deviations above the images’ mean, and whether all images are passed', () => {
    expect(attainment(5, moments)).toEqual({ attainment: 6, exceeds: true });
    expect(attainment(4, moments)).toEqual({ attainment: 4, exceeds: false });
  });

  it('say nothing of a constant direction', () => {
    const constant = { mu: 2, sigma: 0, min: 2, max: 2, constant: true };
    expect(attainment(3, constant)).toEqual({ attainment: null, exceeds: null });
    expect(robustness(3, [2], constant)).toBeNull();
  });

  it('give the share of the score above the mean that survives: 1, a half, none, less than none', () => {
    expect(robustness(4, [4, 4], moments)).toBe(1);
    expect(robustness(4, [4, 2], moments)).toBe(0.5);
    expect(robustness(4, [2, 2], moments)).toBe(0);
    expect(robustness(4, [1, 1], moments)).toBe(-0.5);
  });

  it('say nothing of a render that hardly stands out, or was never transformed', () => {
    expect(robustness(2.49, [2], moments)).toBeNull();
    expect(robustness(1, [2], moments)).toBeNull();
    expect(robustness(Number.NaN, [2], moments)).toBeNull();
    expect(robustness(4, [], moments)).toBeNull();
  });
});
