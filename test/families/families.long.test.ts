/** Small instances of every torchvision family, at every operator set and both ways of exporting; writes RESULTS.md if asked. */
import { afterAll } from 'vitest';
import type { Errors } from './compare.ts';
import { testFamilies } from './families.ts';
import { writeResults } from './results.ts';

const rows: { family: string; variant: string; errors: Errors }[] = [];
testFamilies(['11', '13', '17', '17-unfolded'], (family, variant, errors) => rows.push({ family, variant, errors }));

afterAll(() => {
  if (process.env.ATLAS_WRITE_RESULTS === '1') writeResults(rows);
});
