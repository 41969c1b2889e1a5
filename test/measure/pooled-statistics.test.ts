import { describe, expect, it } from 'vitest';
import { attainment } from '../../generator/measure/attainment.ts';
import { deadLeaves } from '../../generator/measure/dead-leaves.ts';
import { writePlanar } from '../../generator/measure/picture.ts';
import { directionMoments, poolStatistics } from '../../generator/measure/pooled-statistics.ts';
import { referenceImages } from '../../generator/measure/reference-images.ts';
import { robustness } from '../../generator/measure/robustness.ts';
import { RandomStream } from '../../generator/render/random.ts';
import { filterBank, randomFilters } from './filter-bank.ts';

const SIZE = 16;
const filters = randomFilters(5, SIZE);

/** Scores of a direction computed image by image, without any of the code under test. */
function directScores(direction: Float32Array, n: number): number[] {
  return Array.from({ length: n }, (_, i) => {
    const planar = new Float32Array(3 * SIZE * SIZE);
    writePlanar(deadLeaves(i, SIZE), planar);
    return filters.reduce((sum, filter, c) => sum + direction[c] * filter.reduce((s, w, p) => s + w * planar[p], 0), 0);
  });
}

describe('pooled statistics', () => {
  it.each([1, 4, 7, 64])('give a direction the mean, deviation and range of its scores, in batches of %i', async (batch) => {
    const statistics = await poolStatistics(filterBank(filters, SIZE, { batch }), referenceImages(SIZE, 30));
    const stream = new RandomStream('test', 'direction');
    for (const direction of [Float32Array.of(0, 0, 1, 0, 0), Float32Array.from({ length: 5 }, () => stream.normal())]) {
      const scores = directScores(direction, 30);
      const mean = scores.reduce((sum, value) => sum + value, 0) / 30;
      const variance = scores.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 29;
      const moments = directionMoments(statistics, direction);
      expect(moments.mu).toBeCloseTo(mean, 4);
      expect(moments.sigma).toBeCloseTo(Math.sqrt(variance), 4);
      expect(moments.max).toBeCloseTo(Math.max(...scores), 4);
      expect(moments.min).toBeCloseTo(Math.min(...scores), 4);
      expect(moments.constant).toBe(false);
    }
  });

  it('keep their digits when the mean is a thousand times the deviation', async () => {
    const plain = await poolStatistics(filterBank(filters, SIZE), referenceImages(SIZE, 40));
    const lifted = await poolStatistics(filterBank(filters, SIZE, { offset: 1000 }), referenceImages(SIZE, 40));
    for (const [i, value] of lifted.covariance.entries())
      expect(Math.abs(value - plain.covariance[i])).toBeLessThan(1e-3 * plain.covariance[0]);
  });

  it('call a direction constant that no image moves', async () => {
    const statistics = await poolStatistics(filterBank([filters[0], new Float32Array(3 * SIZE * SIZE)], SIZE), referenceImages(SIZE, 10));
    const moments = directionMoments(statistics, Float32Array.of(0, 1));
    expect(moments).toMatchObject({ sigma: 0, constant: true });
    expect(attainment(3, moments)).toEqual({ attainment: null, exceeds: null });
    expect(robustness(3, [2], moments)).toBeNull();
  });

  it('refuse a single image, and pictures of two sizes', async () => {
    const bank = filterBank(filters, SIZE);
    await expect(poolStatistics(bank, referenceImages(SIZE, 1))).rejects.toThrow(
      'bank-conv: expected two images or more for reference images, received 1',
    );
    await expect(poolStatistics(bank, [deadLeaves(0, 16), deadLeaves(1, 8)])).rejects.toThrow(
      'expected pictures of 16 pixels a side for picture, received 8',
    );
  });

  it('stop when asked to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(poolStatistics(filterBank(filters, SIZE), referenceImages(SIZE, 8), { signal })).rejects.toThrow('enough');
  });
});

describe('attainment and robustness', () => {
  const moments = { mu: 2, sigma: 0.5, min: 1, max: 4, constant: false };

  it('count deviations above the images’ mean, and whether all images are passed', () => {
    expect(attainment(5, moments)).toEqual({ attainment: 6, exceeds: true });
    expect(attainment(4, moments)).toEqual({ attainment: 4, exceeds: false });
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
