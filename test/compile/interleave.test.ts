import { expect, test } from 'vitest';
import { moveRuns } from '../../generator/compile/interleave.ts';
import { splitPhases } from '../../generator/compile/phase-split.ts';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import type { Graph, OpName } from '../../generator/graph/graph.ts';
import { numbers, outputsOf } from './outputs.ts';

const PLAIN = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
const count = ({ nodes }: Graph, op: OpName) => nodes.filter((node) => node.op === op).length;

async function expectSame(before: Graph, after: Graph): Promise<void> {
  const [expected, received] = [await outputsOf(before), await outputsOf(after)];
  expect(received).toEqual(expected);
  for (const values of expected) expect(values.some((value) => Math.abs(value) > 0.01)).toBe(true);
}

/** As MobileNet has it, narrow enough for the phases to be split. */
function bottleneck(narrow: number): Graph {
  const builder = new GraphBuilder();
  const weights = (...shape: number[]) => builder.constant(numbers(shape, shape[0]));
  builder.input('input', { dtype: 'float32', shape: [2, 40, 8, 12] });
  const from = builder.add('Conv', ['input', weights(narrow, 40, 1, 1)], PLAIN);
  const expand = builder.add('Conv', [from, weights(64, narrow, 1, 1)], PLAIN);
  const relu = builder.add('Relu', [expand], {});
  builder.add('Conv', [relu, weights(64, 1, 3, 3)], { ...PLAIN, strides: [2, 2], pads: [0, 0, 1, 1], group: 64 }, { outputs: ['out'] });
  return builder.build(['out']);
}

test.each([16, 24, 32])('the phases of %d channels are taken apart and put together to the same bits', async (narrow) => {
  const builder = GraphBuilder.from(splitPhases(bottleneck(narrow)));
  const before = builder.build(['out', differentiate(builder, 'out', 'input')]);
  const after = moveRuns(before);
  expect([count(before, 'SpaceToDepth'), count(before, 'Split'), count(before, 'DepthToSpace')]).toEqual([1, 1, 1]);
  expect([count(after, 'SpaceToDepth'), count(after, 'Split'), count(after, 'DepthToSpace')]).toEqual([0, 0, 0]);
  await expectSame(before, after);
});

/** A strided convolution, and the gradient by its input, which is made phase by phase; of many channels, with a convolution before it. */
function strided(channels: number, stride: number): Graph {
  const builder = new GraphBuilder();
  builder.input('input', { dtype: 'float32', shape: [2, channels, 4 * stride, 6 * stride] });
  const kernel = builder.constant(numbers([16, channels, stride + 1, stride + 1]));
  const attributes = { ...PLAIN, strides: [stride, stride], pads: [0, 0, stride - 1, stride - 1] };
  const before = channels < 16 ? 'input' : builder.add('Conv', ['input', builder.constant(numbers([channels, channels, 1, 1]))], PLAIN);
  const out = builder.add('Conv', [before, kernel], attributes, { outputs: ['out'] });
  return builder.build([out, differentiate(builder, out, 'input')]);
}

test.each([
  { channels: 3, stride: 2 },
  { channels: 1, stride: 2 },
  { channels: 16, stride: 2 },
  { channels: 20, stride: 3 },
])('the gradient of $channels channels at stride $stride is put together to the same bits', async ({ channels, stride }) => {
  const before = strided(channels, stride);
  const after = moveRuns(before);
  expect([count(before, 'DepthToSpace'), count(after, 'DepthToSpace')]).toEqual([1, 0]);
  await expectSame(before, after);
});

test('what no convolution makes, and few channels at a greater stride, stay as they are', () => {
  const patches = strided(3, 4);
  expect(moveRuns(patches)).toBe(patches);
  const builder = new GraphBuilder();
  builder.input('input', { dtype: 'float32', shape: [1, 64, 2, 2] });
  const graph = builder.build([builder.add('DepthToSpace', ['input'], { blocksize: 2, mode: 'DCR' })]);
  expect(moveRuns(graph)).toBe(graph);
});
