/** A small instance of every torchvision family, exported at several operator sets: activations and input gradients against PyTorch's. */
import { beforeAll, describe, expect, test } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { temporaryFolder } from '../temporary.ts';
import { compare } from './compare.ts';
import { uniform } from './formula.ts';
import { families, readFixture, writeInstance } from './instance.ts';
import { type Row, readResults, writeResults } from './results.ts';

/** Within a thousandth of the largest value. */
const TOLERANCE = 1e-3;
const VARIANTS = ['11', '13', '17', '17-unfolded'];
const FAMILIES = [
  ...['alexnet', 'convnext', 'densenet', 'efficientnet-v1', 'efficientnet-v2', 'googlenet', 'inception-v3', 'maxvit', 'mnasnet'],
  ...['mobilenet-v2', 'mobilenet-v3', 'regnet', 'resnet', 'resnext', 'shufflenet-v2', 'squeezenet', 'swin-v1', 'swin-v2', 'vgg', 'vit'],
  'wide-resnet',
];

const runtime = openOnnxRuntime({ threads: 1 });
const found: Row[] = [];

test('every family has its fixture, with every variant', () => {
  expect(families()).toEqual(FAMILIES);
  for (const family of FAMILIES) expect(readFixture(family).variants, family).toEqual(VARIANTS);
});

test('the formula of the weights gives the values that it gives in Python', () => {
  expect([...uniform(3, 3), ...uniform(0xffff, 2)]).toEqual([
    -0.6503608226776123, -0.21528947353363037, -0.7312561273574829, 0.3570772409439087, -0.192551851272583,
  ]);
});

describe.each(FAMILIES)('%s', (family) => {
  const fixture = readFixture(family);
  let folder: string;
  let paths: ReadonlyMap<string, string>;

  beforeAll(() => {
    folder = temporaryFolder('family');
    paths = writeInstance(family, fixture, folder);
  });

  test.each(VARIANTS)(`${family} at operator set %s: activations, scores and input gradients are PyTorch’s`, async (variant) => {
    const model = await openModel(paths.get(variant) ?? '');
    const errors = await compare(model, runtime, fixture, variant);
    found.push({ family, variant, errors });
    expect(errors.layers).toBeGreaterThanOrEqual(4);
    expect(errors.activations).toBeLessThan(TOLERANCE);
    expect(errors.gradients).toBeLessThan(TOLERANCE);
  });
});

test('RESULTS.md has a row for every family and variant, each within the tolerance', () => {
  if (process.env.ATLAS_WRITE_RESULTS === '1') writeResults(found);
  const results = readResults();
  expect([...results.keys()]).toEqual(FAMILIES.flatMap((family) => VARIANTS.map((variant) => `${family} ${variant}`)));
  for (const [row, errors] of results) expect(Math.max(...errors), row).toBeLessThan(TOLERANCE);
});
