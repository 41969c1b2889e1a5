import { expect, test } from 'vitest';
import { splitPhases } from '../../generator/compile/phase-split.ts';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import type { Graph } from '../../generator/graph/graph.ts';
import { float32, sizeOf, type Tensor } from '../../generator/graph/tensor.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';

const EXPANDED = 12;

/** input → narrow 1×1 → expand 1×1 → ReLU6 → depthwise of stride 2, as MobileNet has it. */
function bottleneck(kernel: number, pads: readonly number[], [height, width]: readonly number[], tapped = false): Graph {
  const builder = new GraphBuilder();
  const weights = (...shape: number[]) =>
    builder.constant(
      float32(
        shape,
        new Float32Array(sizeOf(shape)).map((_, i) => Math.sin(12.9898 * (i + shape[0]))),
      ),
    );
  const plain = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
  builder.input('input', { dtype: 'float32', shape: [2, 3, height, width] });
  const narrow = builder.add('Conv', ['input', weights(4, 3, 1, 1), weights(4)], plain, { name: 'narrow' });
  const expand = builder.add('Conv', [narrow, weights(EXPANDED, 4, 1, 1), weights(EXPANDED)], plain, { name: 'expand' });
  const relu6 = builder.add('Clip', [expand, builder.scalar(0), builder.scalar(1.5)], {}, { outputs: ['relu6'] });
  const depthwise = { strides: [2, 2], pads, dilations: [1, 1], group: EXPANDED };
  const strided = builder.add('Conv', [relu6, weights(EXPANDED, 1, kernel, kernel), weights(EXPANDED)], depthwise, {
    outputs: ['strided'],
  });
  return builder.build(tapped ? [strided, relu6] : [strided]);
}

async function valueAndGradient(graph: Graph) {
  const builder = GraphBuilder.from(graph);
  const squares = builder.add('Mul', ['strided', 'strided'], {});
  const gradient = differentiate(builder, squares, 'input');
  const program = await openOnnxRuntime({ threads: 1 }).compile(builder.build(['strided', gradient]));
  const shape = graph.types.get('input')?.shape ?? [];
  const input = float32(
    shape,
    new Float32Array(sizeOf(shape)).map((_, i) => Math.cos(78.233 * i)),
  );
  const outputs = await program.run({ input });
  await program.dispose();
  return [outputs.strided, outputs[gradient]].map((tensor) => (tensor as Tensor<'float32'>).data);
}

test.each([
  { kernel: 3, pads: [0, 0, 1, 1], size: [8, 12] },
  { kernel: 3, pads: [1, 1, 1, 1], size: [8, 6] },
  { kernel: 5, pads: [1, 1, 2, 2], size: [8, 10] },
  { kernel: 5, pads: [2, 2, 2, 2], size: [10, 8] },
  { kernel: 2, pads: [0, 0, 0, 0], size: [6, 8] },
  { kernel: 3, pads: [0, 0, 0, 0], size: [8, 8] },
])('a strided depthwise convolution $kernel×$kernel with pads $pads by phases has the same values and gradients', async ({
  kernel,
  pads,
  size,
}) => {
  const plain = bottleneck(kernel, pads, size);
  const split = splitPhases(plain);
  expect(split.nodes.filter(({ op }) => op === 'SpaceToDepth')).toHaveLength(1);
  const [expected, received] = [await valueAndGradient(plain), await valueAndGradient(split)];
  for (const i of [0, 1]) {
    const scale = expected[i].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const most = expected[i].reduce((worst, value, k) => Math.max(worst, Math.abs(value - received[i][k])), 0);
    expect(scale).toBeGreaterThan(0.1);
    expect(most / scale).toBeLessThan(1e-6);
  }
});

test('the many channels need no transposed convolution', () => {
  const builder = GraphBuilder.from(splitPhases(bottleneck(3, [0, 0, 1, 1], [8, 8])));
  differentiate(builder, 'strided', 'input');
  expect(builder.nodes.filter(({ op }) => op === 'ConvTranspose')).toEqual([]);
});

test('what something else reads, or is asked for, stays whole; so does an odd size', () => {
  for (const graph of [bottleneck(3, [1, 1, 1, 1], [8, 8], true), bottleneck(3, [1, 1, 1, 1], [7, 8])])
    expect(splitPhases(graph)).toBe(graph);
});
