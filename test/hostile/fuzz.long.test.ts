/** Hostile files beyond those of fuzz.test.ts, up to ten thousand in all. */
import { test } from 'vitest';
import { expectHarmless } from './harmless.ts';

test('eight thousand more changed files: each opens or is refused with one clear error, in time and in little memory', async (context) => {
  await expectHarmless(context, { from: 2000, to: 10_000 });
});

test('of four thousand more small ones, what opens runs forward and back on onnxruntime, or fails with one clear error', async (context) => {
  await expectHarmless(context, { from: 400, to: 4400, runs: true });
});
