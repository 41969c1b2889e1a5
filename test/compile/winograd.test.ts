import { expect, test } from 'vitest';
import { forProcessor } from '../../generator/compile/for-processor.ts';
import { useWinograd } from '../../generator/compile/winograd.ts';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import type { Graph } from '../../generator/graph/graph.ts';
import { float32, sizeOf } from '../../generator/graph/tensor.ts';
import { numbers, outputsOf } from './outputs.ts';

const PADDED = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 };
const kernels = ({ nodes, constants }: Graph) =>
  nodes.filter(({ op, inputs }) => op === 'Conv' && constants.get(inputs[1])?.shape[2] === 3).length;

/** A 3×3 convolution of one picture, its ReLU or another convolution, and the gradient by what it reads. */
function convolution(shape: readonly number[], outputs: number, attributes = PADDED, bias = true): Graph {
  const builder = new GraphBuilder();
  const weights = numbers([outputs, shape[1], 3, 3], 5);
  const scaled = float32(
    weights.shape,
    weights.data.map((value) => value / Math.sqrt(9 * shape[1])),
  );
  builder.input('input', { dtype: 'float32', shape: [...shape] });
  const inputs = ['input', builder.constant(scaled), ...(bias ? [builder.constant(numbers([outputs], 7))] : [])];
  const out = builder.add('Relu', [builder.add('Conv', inputs, attributes, { outputs: ['before'] })], {}, { outputs: ['out'] });
  return builder.build(['before', 'out', differentiate(builder, out, 'input')]);
}

test.each([
  { shape: [1, 64, 16, 16], outputs: 64, bias: true },
  { shape: [2, 128, 8, 14], outputs: 80, bias: true },
  { shape: [3, 48, 22, 10], outputs: 96, bias: false },
])('$outputs outputs of $shape take four products each, and round to within two millionths', async ({ shape, outputs, bias }) => {
  const graph = convolution(shape, outputs, PADDED, bias);
  const less = useWinograd(graph);
  expect([kernels(graph), kernels(less)]).toEqual([2, 0]);
  const expected = await outputsOf(graph);
  for (const received of [await outputsOf(less), await outputsOf(forProcessor(graph))]) {
    for (const [k, values] of expected.entries()) {
      const largest = Math.max(...values.map(Math.abs));
      expect(largest).toBeGreaterThan(0.1);
      // Where the value lies within rounding of the ReLU's kink, the gradient may open there: a few of its values.
      const off = values.filter((value, i) => Math.abs(value - received[k][i]) > 2e-6 * largest).length;
      expect(off).toBeLessThanOrEqual(k === 2 ? 0.02 * sizeOf(shape) : 0);
    }
  }
});

test.each([
  ['odd sizes', convolution([1, 64, 17, 16], 64)],
  ['no padding', convolution([1, 64, 18, 18], 64, { ...PADDED, pads: [0, 0, 0, 0] })],
  ['strides', convolution([1, 64, 32, 32], 64, { ...PADDED, strides: [2, 2] })],
  ['dilations', convolution([1, 64, 16, 16], 64, { ...PADDED, dilations: [2, 2], pads: [2, 2, 2, 2] })],
  ['few channels', convolution([1, 16, 32, 32], 64)],
  ['small pictures', convolution([1, 64, 8, 8], 64)],
])('%s stay as they are', (_, graph) => {
  expect(useWinograd(graph)).toBe(graph);
});
