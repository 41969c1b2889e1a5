/** The tests of every torchvision family: a small instance of each, as exported at several operator sets. */
import { beforeAll, describe, expect, test } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import { hostPrograms } from '../../generator/render/host-programs.ts';
import { resolveSettings } from '../../generator/render/presets.ts';
import { channelsOfBlock } from '../../generator/runtime/block.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { numbers, outputsOf } from '../compile/outputs.ts';
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

/** Those with gates of ReLU6, or with maxima over windows that halve the extents of 64 px or leave them. */
const WITH_LOOPS = ['densenet', 'googlenet', 'mobilenet-v2', 'mobilenet-v3', 'resnet', 'resnext', 'vgg', 'wide-resnet'];

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

    test(`${family}: what loops do is what onnxruntime’s operators do, plain and redirected`, async () => {
      const model = await openModel(paths.get('17') ?? '');
      const settings = resolveSettings({ size: 64, steps: 2, redirect_steps: 1 });
      const layers = model.layers(64);
      const request = { model, layer: layers[Math.floor(layers.length / 2)].name, settings };
      const plain = hostPrograms(request, 2);
      const looped = hostPrograms({ ...request, loops: { fewest: 1, block: await channelsOfBlock() } }, 2);
      for (const [before, after] of [
        [plain.network, looped.network],
        [plain.redirected, looped.redirected],
      ]) {
        // Without a loop it is the same program.
        if (!before || !after || after.loops.size === 0) continue;
        const inputs = Object.fromEntries([...before.graph.inputs].map(([name, { shape }], i) => [name, numbers(shape, i)]));
        const [expected, received] = [await outputsOf(before.graph, inputs), await outputsOf(after.graph, inputs, after.loops)];
        for (const [i, values] of expected.entries()) expect(values.every((value, j) => value === received[i][j])).toBe(true);
      }
      expect(looped.network.loops.size > 0).toBe(WITH_LOOPS.includes(family));
    });
  });
}
