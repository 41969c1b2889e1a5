/** Simulations: does the interval cover, does the test keep its level? */
import { expect, it } from 'vitest';
import { bcaInterval } from '../../generator/compare/statistics/bca-bootstrap.ts';
import { permutationBrunnerMunzel } from '../../generator/compare/statistics/brunner-munzel.ts';
import { cliffsDelta } from '../../generator/compare/statistics/cliffs-delta.ts';
import { normalCdf } from '../../generator/compare/statistics/normal-distribution.ts';
import { RandomStream } from '../../generator/render/random.ts';

const STUDIES = 1000;

it('the 95% interval of δ covers the truth in 93 to 97% of studies with a shift and unequal spreads', () => {
  const truth = 2 * normalCdf(0.5 / Math.hypot(1, 1.5)) - 1;
  let covered = 0;
  for (let study = 0; study < STUDIES; study++) {
    const stream = new RandomStream('coverage', study);
    const a = Array.from({ length: 60 }, () => stream.normal() + 0.5);
    const b = Array.from({ length: 40 }, () => stream.normal() * 1.5);
    const [low, high] = bcaInterval([a], [b], cliffsDelta, { stream, draws: 599 }) ?? [0, 0];
    if (low <= truth && truth <= high) covered++;
  }
  expect(covered / STUDIES).toBeGreaterThanOrEqual(0.93);
  expect(covered / STUDIES).toBeLessThanOrEqual(0.97);
});

it('the permutation test rejects a true null of unequal spreads in 4 to 6% of studies at .05', () => {
  let rejected = 0;
  for (let study = 0; study < STUDIES; study++) {
    const stream = new RandomStream('level', study);
    const a = Array.from({ length: 40 }, () => stream.normal());
    const b = Array.from({ length: 25 }, () => stream.normal() * 2);
    if (permutationBrunnerMunzel(a, b, stream, 399).p <= 0.05) rejected++;
  }
  expect(rejected / STUDIES).toBeGreaterThanOrEqual(0.04);
  expect(rejected / STUDIES).toBeLessThanOrEqual(0.06);
});
