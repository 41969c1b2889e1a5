/** Every torchvision family at every operator set, against PyTorch; with ATLAS_WRITE_RESULTS=1, the table of RESULTS.md too. */
import { expect, test } from 'vitest';
import { describeFamilies, FAMILIES, VARIANTS } from './each-family.ts';
import { type Row, writeResults } from './results.ts';

const found: Row[] = [];

describeFamilies(VARIANTS, found);

test('every family was compared at every operator set', () => {
  expect(found).toHaveLength(FAMILIES.length * VARIANTS.length);
  if (process.env.ATLAS_WRITE_RESULTS === '1') writeResults(found);
});
