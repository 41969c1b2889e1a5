/** Random weights in a network's own shape. */
import { expect, it } from 'vitest';
import { randomiseWeights } from '../../../generator/compare/controls/random-weights.ts';
import { float32Data } from '../../../generator/graph/tensor.ts';
import { INPUT, type Model } from '../../../generator/models/model.ts';
import { activationsOf, noiseImages } from '../../measure/passes/noise-images.ts';
import { handMadeModel, PLAIN_CONV, tinyModel, weights } from '../../render/tiny-model.ts';

const tiny = tinyModel();
const graphOf = (model: Model, layer: string) => model.graph({ layers: [layer], batch: 1, height: 16, width: 16 });
/** The constants of a node, by the value it makes: weights, then the bias. */
function constantsOf(model: Model, value: string, layer = value): Float32Array[] {
  const { nodes, constants } = graphOf(model, layer);
  const node = nodes.find(({ outputs }) => outputs[0] === value);
  return (node?.inputs ?? []).flatMap((name) => {
    const tensor = constants.get(name);
    return tensor ? [float32Data(tensor, name)] : [];
  });
}
const variance = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0) / values.length;

it('draws every tensor from N(0, 2/fan-in), depthwise ones too, and takes the biases away', () => {
  const wide = handMadeModel((builder) => {
    const dense = builder.add('Conv', [INPUT, weights(builder, 'a', [400, 3, 3, 3], 9), weights(builder, 'b', [400], 9)], PLAIN_CONV, {
      outputs: ['dense'],
    });
    builder.add('Conv', [dense, weights(builder, 'c', [400, 1, 3, 3], 9)], { ...PLAIN_CONV, group: 400 }, { outputs: ['depthwise'] });
  });
  const random = randomiseWeights(wide, 0);
  const [dense, bias] = constantsOf(random, 'dense', 'depthwise');
  const [depthwise] = constantsOf(random, 'depthwise');
  expect(variance(dense) * 27).toBeCloseTo(2, 1);
  expect(variance(depthwise) * 9).toBeGreaterThan(1.85);
  expect(variance(depthwise) * 9).toBeLessThan(2.15);
  expect(bias.every((value) => value === 0)).toBe(true);
});

it('is another network for every number, the same for one, whichever layer is asked for', () => {
  const of = (network: number, layer: string) => constantsOf(randomiseWeights(tiny, network), 'first', layer)[0];
  expect(of(1, 'first')).toEqual(of(1, 'third'));
  expect(of(1, 'first')).not.toEqual(of(2, 'first'));
  expect(of(1, 'first')).not.toEqual(constantsOf(tiny, 'first')[0]);
  expect(new Set([tiny, randomiseWeights(tiny, 1), randomiseWeights(tiny, 2)].map(({ weightsSha256 }) => weightsSha256)).size).toBe(3);
});

it('runs: activations stay finite and are not all alike', async () => {
  const values = await activationsOf(randomiseWeights(tiny, 3), 'third', noiseImages(1, 16), 0);
  expect(values.every(Number.isFinite)).toBe(true);
  expect(variance(values)).toBeGreaterThan(1e-3);
});
