import { expect, test } from 'vitest';
import { clipInBlocks, meetInBlocks } from '../../generator/compile/blocks.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import type { Graph } from '../../generator/graph/graph.ts';
import { numbers, outputsOf } from './outputs.ts';

const PLAIN = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
const convolutions = ({ nodes }: Graph) => nodes.filter(({ op }) => op === 'Conv').length;

async function expectOneMore(before: Graph, after: Graph): Promise<void> {
  expect(convolutions(after)).toBe(convolutions(before) + 1);
  expect(await outputsOf(after)).toEqual(await outputsOf(before));
}

function start(channels: number): { builder: GraphBuilder; convolve: (value: string, seed: number) => string } {
  const builder = new GraphBuilder();
  builder.input('input', { dtype: 'float32', shape: [2, channels, 4, 8] });
  const convolve = (value: string, seed: number) =>
    builder.add('Conv', [value, builder.constant(numbers([channels, channels, 1, 1], seed))], PLAIN);
  return { builder, convolve };
}

function clippedSum(channels: number): Graph {
  const { builder, convolve } = start(channels);
  const sum = builder.add('Add', [convolve('input', 1), convolve('input', 2)], {});
  return builder.build([convolve(builder.add('Clip', [sum, builder.scalar(0), builder.scalar(0.5)], {}), 3)]);
}

test('the clip of a sum has a convolution before it', async () => {
  const graph = clippedSum(32);
  await expectOneMore(graph, clipInBlocks(graph));
});

test.each(['Add', 'Mul'] as const)('%s of a convolution and a value from elsewhere takes that in, to the same bits', async (op) => {
  const { builder, convolve } = start(24);
  builder.input('other', { dtype: 'float32', shape: [2, 24, 4, 8] });
  const graph = builder.build([convolve(builder.add(op, ['other', convolve('input', 1)], {}), 2)]);
  await expectOneMore(graph, meetInBlocks(graph));
});

test('what does not fit into blocks, broadcasts or leaves them again stays as it is', () => {
  const few = clippedSum(8);
  expect(clipInBlocks(few)).toBe(few);
  const { builder, convolve } = start(16);
  builder.input('each', { dtype: 'float32', shape: [1, 16, 1, 1] });
  builder.input('other', { dtype: 'float32', shape: [2, 16, 4, 8] });
  const broadcast = convolve(builder.add('Mul', ['each', convolve('input', 1)], {}), 2);
  const leaves = builder.add('Exp', [builder.add('Mul', ['other', convolve('input', 3)], {})], {});
  const graph = builder.build([broadcast, leaves]);
  expect(meetInBlocks(graph)).toBe(graph);
});
