/** Two thousand hostile files in the tests of every day; fuzz.long.test.ts has the other eight thousand. */
import { test } from 'vitest';
import { expectHarmless } from './harmless.ts';

test('two thousand changed files: each opens or is refused with one clear error, in time and in little memory', async (context) => {
  await expectHarmless(context, 0, 2000);
}, 240_000);
