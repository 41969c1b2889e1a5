import { describe, expect, it } from 'vitest';
import { CONCEPTS } from '../../../generator/measure/images/procset/concepts.ts';
import { PROCSET_IMAGES } from '../../../generator/measure/images/procset/open-procset.ts';
import { coOccurrence, countConcepts, isMarginal } from './picture-statistics.ts';

describe('all pictures of procset-1', () => {
  const statistics = countConcepts(PROCSET_IMAGES, 128);

  it('show every concept on 60 images or more, with 0.3 to 0.8% of the pixels, lines 0.15 to 0.4%', () => {
    CONCEPTS.forEach(({ id, category }, index) => {
      expect(statistics.images[index], id).toBeGreaterThanOrEqual(60);
      if (isMarginal(id)) return;
      expect(statistics.share[index], id).toBeGreaterThan(category === 'line' ? 0.0015 : 0.003);
      expect(statistics.share[index], id).toBeLessThan(category === 'line' ? 0.004 : 0.008);
    });
  });

  it('give a marginal of gratings the pixels of its gratings', () => {
    const of = (id: string) => statistics.share[CONCEPTS.findIndex((concept) => concept.id === id)];
    expect(of('grating-30')).toBeCloseTo(of('grating-30-4') + of('grating-30-8') + of('grating-30-16') + of('grating-30-32'), 9);
    expect(of('grating-16px')).toBeCloseTo(
      [0, 30, 60, 90, 120, 150].reduce((sum, turn) => sum + of(`grating-${turn}-16`), 0),
      9,
    );
  });

  // A structure of colours shows colours by its meaning: red–green has red. All other pairs of categories are drawn independently; that a region has
  // one fill makes fills a little rarer together (17 of 20.25 pairs of 3 to 6 regions are of different ones).
  const categories = [...new Set(CONCEPTS.map(({ category }) => category))];
  const pairs = categories.flatMap((first, k) => categories.slice(k + 1).map((second) => [first, second] as const));
  it.each(
    pairs.filter(([first, second]) => !(first === 'colour' && second === 'structure')),
  )('%s and %s come independently', (first, second) => {
    const { ratio, worst } = coOccurrence(statistics, first, second);
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.2);
    // The largest of hundreds of deviations, in units of the Poisson deviation.
    expect(worst).toBeLessThan(6);
  });
});
