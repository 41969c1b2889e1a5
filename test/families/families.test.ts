/** Every torchvision family at one operator set, against PyTorch; families.long.test.ts has it at all of them. */
import { expect, test } from 'vitest';
import { describeFamilies, FAMILIES, TOLERANCE, VARIANTS } from './each-family.ts';
import { uniform } from './formula.ts';
import { families, readFixture } from './instance.ts';
import { readResults } from './results.ts';

test('every family has its fixture, with every variant', () => {
  expect(families()).toEqual(FAMILIES);
  for (const family of FAMILIES) expect(readFixture(family).variants, family).toEqual(VARIANTS);
});

test('the formula of the weights gives the values that it gives in Python', () => {
  expect([...uniform(3, 3), ...uniform(0xffff, 2)]).toEqual([
    -0.6503608226776123, -0.21528947353363037, -0.7312561273574829, 0.3570772409439087, -0.192551851272583,
  ]);
});

describeFamilies(['17']);

test('RESULTS.md has a row for every family and variant, each within the tolerance', () => {
  const results = readResults();
  expect([...results.keys()]).toEqual(FAMILIES.flatMap((family) => VARIANTS.map((variant) => `${family} ${variant}`)));
  for (const [row, errors] of results) expect(Math.max(...errors), row).toBeLessThan(TOLERANCE);
});
