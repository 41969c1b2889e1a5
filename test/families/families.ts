/** The tests of a list of variants: every family's activations and gradients against PyTorch's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { compare, type Errors } from './compare.ts';
import { families, readFixture, writeInstance } from './instance.ts';

/** What is asked of every layer: within a thousandth of the largest value. */
export const TOLERANCE = 1e-3;

/** Declares the tests; `found` is told of each result. */
export function testFamilies(wanted: readonly string[], found: (family: string, variant: string, errors: Errors) => void = () => {}): void {
  describe.each(families())('%s', (family) => {
    const fixture = readFixture(family);
    const runtime = openOnnxRuntime({ threads: 1 });
    let folder: string;
    let paths: ReadonlyMap<string, string>;

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'atlas-family-'));
      paths = writeInstance(family, fixture, folder);
    });

    afterAll(() => rmSync(folder, { recursive: true }));

    test.each(wanted)('operator set %s: activations, scores and input gradients are PyTorch’s', async (variant) => {
      const model = await openModel(paths.get(variant) ?? '');
      const errors = await compare(model, runtime, fixture, variant);
      found(family, variant, errors);
      expect(errors.layers).toBeGreaterThanOrEqual(4);
      expect(errors.activations).toBeLessThan(TOLERANCE);
      expect(errors.gradients).toBeLessThan(TOLERANCE);
    });
  });
}
