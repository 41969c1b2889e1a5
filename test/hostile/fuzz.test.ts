/** Two thousand hostile files in the tests of every day; fuzz.long.test.ts has the other eight thousand. */
import { test } from 'vitest';
import { expectHarmless } from './harmless.ts';

test('two thousand changed files: each opens or is refused with one clear error, in time and in little memory', async (context) => {
  await expectHarmless(context, { from: 0, to: 2000 });
}, 240_000);

test('of four hundred small ones, what opens runs forward and back on onnxruntime, or fails with one clear error', async (context) => {
  await expectHarmless(context, { from: 0, to: 400, runs: true });
}, 240_000);
