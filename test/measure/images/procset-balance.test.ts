import { describe, expect, it } from 'vitest';
import { CONCEPTS } from '../../../generator/measure/images/procset/concepts.ts';
import { coOccurrence, countConcepts, isMarginal } from './picture-statistics.ts';

const N = 400;
const statistics = countConcepts(N, 128);

describe(`the first ${N} pictures of procset-1`, () => {
  it('give every category its share of the pixels, on average over its concepts', () => {
    const means = new Map<string, number[]>();
    CONCEPTS.forEach(({ id, category }, index) => {
      if (!isMarginal(id)) means.set(category, [...(means.get(category) ?? []), statistics.share[index]]);
    });
    expect(means.size).toBe(8);
    for (const [category, shares] of means) {
      const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
      expect(mean, category).toBeGreaterThan(category === 'line' ? 0.0015 : 0.003);
      expect(mean, category).toBeLessThan(category === 'line' ? 0.004 : 0.008);
    }
  });

  it('have every concept at least six times, which makes 90 in 6,000', () => {
    const rare = CONCEPTS.filter((_, index) => statistics.images[index] < 6);
    expect(rare).toEqual([]);
  });

  it('do not tie a category to another: both are in an image about as often as their rates multiply to', () => {
    for (const [first, second] of [
      ['grating', 'line'],
      ['grating', 'shape'],
      ['grating', 'composite'],
      ['periodic', 'stochastic'],
      ['periodic', 'line'],
      ['stochastic', 'shape'],
      ['structure', 'line'],
      ['shape', 'line'],
    ]) {
      const { ratio } = coOccurrence(statistics, first, second);
      expect(ratio, `${first} with ${second}`).toBeGreaterThan(0.7);
      expect(ratio, `${first} with ${second}`).toBeLessThan(1.3);
    }
  });
});
