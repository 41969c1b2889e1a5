/** A small instance of every torchvision family, at the newest operator set that PyTorch 1.13 exports; families.long.test.ts has the others. */
import { expect, test } from 'vitest';
import { TOLERANCE, testFamilies } from './families.ts';
import { uniform } from './formula.ts';
import { families, readFixture } from './instance.ts';
import { readResults } from './results.ts';

testFamilies(['11', '13', '17', '17-unfolded']);

test('the formula gives the values that it gives in Python', () => {
  expect([...uniform(3, 3), ...uniform(0xffff, 2)]).toEqual([
    -0.6503608226776123, -0.21528947353363037, -0.7312561273574829, 0.3570772409439087, -0.192551851272583,
  ]);
});

test('RESULTS.md has a row for every family and variant, each within the tolerance', () => {
  const rows = families().flatMap((family) => readFixture(family).variants.map((variant) => `${family} ${variant}`));
  const results = readResults();
  expect(rows).toHaveLength(21 * 4);
  expect([...results.keys()]).toEqual(rows);
  for (const [row, errors] of results) expect(Math.max(...errors), row).toBeLessThan(TOLERANCE);
});
