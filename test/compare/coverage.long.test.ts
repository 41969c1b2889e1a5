/** Simulations of a thousand studies: 95% intervals cover in 93 to 97% of them, tests at .05 reject a true null in 4 to 6%. */
import { expect, it } from 'vitest';
import { CASES, shareOf } from './coverage-cases.ts';

for (const one of CASES) {
  it(`${one.title}, in ${one.from} to ${one.to} of studies`, () => {
    const share = shareOf(one, 1000);
    expect(share).toBeGreaterThanOrEqual(one.from);
    expect(share).toBeLessThanOrEqual(one.to);
  });
}
