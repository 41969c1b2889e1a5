/** The tests of every torchvision family: a small instance of each, as exported at several operator sets. */
import { beforeAll, describe, expect, test } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { temporaryFolder } from '../temporary.ts';
import { compare } from './compare.ts';
import { readFixture, writeInstance } from './instance.ts';
import type { Row } from './results.ts';

/** Within a thousandth of the largest value. */
export const TOLERANCE = 1e-3;
/** Operator sets, and one without the exporter's folding of constants. */
export const VARIANTS = ['11', '13', '17', '17-unfolded'];
export const FAMILIES = [
  ...['alexnet', 'convnext', 'densenet', 'efficientnet-v1', 'efficientnet-v2', 'googlenet', 'inception-v3', 'maxvit', 'mnasnet'],
  ...['mobilenet-v2', 'mobilenet-v3', 'regnet', 'resnet', 'resnext', 'shufflenet-v2', 'squeezenet', 'swin-v1', 'swin-v2', 'vgg', 'vit'],
  'wide-resnet',
];

/** A test for each variant of each family; what was found is added to `found`. */
export function describeFamilies(variants: readonly string[], found: Row[] = []): void {
  const runtime = openOnnxRuntime({ threads: 1 });
  describe.each(FAMILIES)('%s', (family) => {
    const fixture = readFixture(family);
    let folder: string;
    let paths: ReadonlyMap<string, string>;

    beforeAll(() => {
      folder = temporaryFolder('family');
      paths = writeInstance(family, fixture, folder);
    });

    test.each(variants)(`${family} at operator set %s: activations, scores and input gradients are PyTorch’s`, async (variant) => {
      const model = await openModel(paths.get(variant) ?? '');
      const errors = await compare(model, runtime, fixture, variant);
      found.push({ family, variant, errors });
      expect(errors.layers).toBeGreaterThanOrEqual(4);
      expect(errors.activations).toBeLessThan(TOLERANCE);
      expect(errors.gradients).toBeLessThan(TOLERANCE);
    });
  });
}
