/** Hostile files beyond those of fuzz.test.ts, up to ten thousand in all. */
import { test } from 'vitest';
import { expectHarmless } from './harmless.ts';

test('eight thousand more changed files: each opens or is refused with one clear error, in time and in little memory', async (context) => {
  await expectHarmless(context, 2000, 10_000);
});
