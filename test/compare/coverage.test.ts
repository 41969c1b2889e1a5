/** Simulations, quickly: does the interval cover, does the test keep its level? The full ones are in coverage.long.test.ts. */
import { expect, it } from 'vitest';
import { CASES, shareOf } from './coverage-cases.ts';

const STUDIES = 400;
/** Of 400 studies a share of .05 or .95 has a standard error of .011: the limits of a thousand, and two of these. */
const SLACK = 2 * Math.sqrt((0.05 * 0.95) / STUDIES);

for (const one of CASES.filter(({ quick }) => quick)) {
  it(`${one.title}, at its nominal rate`, () => {
    const share = shareOf(one, STUDIES);
    expect(share).toBeGreaterThanOrEqual(one.from - SLACK);
    expect(share).toBeLessThanOrEqual(one.to + SLACK);
  });
}
