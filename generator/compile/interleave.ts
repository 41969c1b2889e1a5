/**
 * Taking pixels apart and putting them together without onnxruntime's SpaceToDepth and DepthToSpace, which move them one by one. Apart, a
 * depthwise convolution of a single tap picks a phase. Together, the channels go last, where onnxruntime has them anyway but for the
 * blocks, and whole runs of them are moved.
 */

import { reshape } from '../gradient/rule.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Node, OpName } from '../graph/graph.ts';
import { float32, type Tensor } from '../graph/tensor.ts';
import { type Blocks, blocksOf, fitsBlocks } from './blocks.ts';
import { isReadOnce, type Replacement, rewrite } from './rewrite.ts';

/** The graph with pixels taken apart and put together as convolutions like it. */
export function moveRuns(graph: Graph): Graph {
  const blocks = blocksOf(graph);
  return rewrite(graph, (node) => {
    if (node.op === 'Split') return takeApart(node, blocks);
    return node.op === 'DepthToSpace' && node.attributes.mode === 'DCR' ? putTogether(node, blocks) : undefined;
  });
}

/** Numbers that onnxruntime moves as one; it calls for a copy of every longer run, which does not pay for runs of 3 or 4. */
const PAIR = 2;

/** What takes a value into blocks again, so that its channels are never moved apart (`meetInBlocks`). */
const BACK_IN_BLOCKS: ReadonlySet<OpName> = new Set<OpName>(['Conv', 'Add', 'Mul']);

type Split = Extract<Node, { op: 'Split' }>;
type DepthToSpace = Extract<Node, { op: 'DepthToSpace' }>;

/** The phases of a value in blocks, for convolutions. */
function takeApart({ inputs, outputs }: Split, blocks: Blocks): Replacement | undefined {
  const { graph, makers, readers, inBlocks } = blocks;
  const apart = makers.get(inputs[0]);
  if (apart?.op !== 'SpaceToDepth' || !isReadOnce(blocks, inputs[0])) return undefined;
  const [whole] = apart.inputs;
  const { blocksize } = apart.attributes;
  const channels = graph.types.get(whole)?.shape[1] ?? 0;
  if (!inBlocks.has(whole) || !fitsBlocks(graph, whole) || outputs.length !== blocksize ** 2) return undefined;
  if (outputs.some((name) => graph.types.get(name)?.shape[1] !== channels)) return undefined;
  if (outputs.some((name) => !readers.get(name)?.every(({ op }) => op === 'Conv'))) return undefined;
  return (builder) => {
    outputs.forEach((output, phase) => {
      const kernel = lastTap(channels, Math.floor(phase / blocksize) + 1, (phase % blocksize) + 1);
      const attributes = { strides: [blocksize, blocksize], pads: [0, 0, 0, 0], dilations: [1, 1], group: channels };
      builder.add('Conv', [whole, builder.constant(kernel)], attributes, { outputs: [output] });
    });
  };
}

/** A depthwise kernel that reads the last of its positions. */
function lastTap(channels: number, rows: number, columns: number): Tensor<'float32'> {
  const area = rows * columns;
  return float32(
    [channels, 1, rows, columns],
    new Float32Array(channels * area).map((_, i) => (i % area === area - 1 ? 1 : 0)),
  );
}

function putTogether(node: DepthToSpace, blocks: Blocks): Replacement | undefined {
  const { graph, makers, readers, inBlocks } = blocks;
  const [input] = node.inputs;
  const maker = makers.get(input);
  if (!maker || !isReadOnce(blocks, input)) return undefined;
  if (fitsBlocks(graph, node.outputs[0])) {
    if (!readers.get(node.outputs[0])?.every(({ op }) => BACK_IN_BLOCKS.has(op))) return undefined;
    const rows = rowsOfParts(maker, node, inBlocks);
    return rows || inBlocks.has(input) ? (builder) => addInBlocks(builder, node, rows) : undefined;
  }
  if (
    node.attributes.blocksize !== PAIR ||
    maker.op !== 'Conv' ||
    maker.attributes.group !== 1 ||
    maker.inputs.length !== 2 ||
    !inBlocks.has(input)
  )
    return undefined;
  const weights = graph.constants.get(maker.inputs[1]);
  return weights?.dtype === 'float32' ? (builder) => addInPlanes(builder, node, maker, weights) : undefined;
}

/** The values whose channels the input is of, a row of phases each. */
function rowsOfParts(maker: Node, { attributes: { blocksize } }: DepthToSpace, inBlocks: ReadonlySet<string>): string[][] | undefined {
  if (maker.op !== 'Concat' || maker.attributes.axis !== 1 || maker.inputs.length !== blocksize ** 2) return undefined;
  if (!maker.inputs.every((part) => inBlocks.has(part))) return undefined;
  return Array.from({ length: blocksize }, (_, row) => maker.inputs.slice(row * blocksize, (row + 1) * blocksize));
}

const CHANNELS_FIRST = [0, 3, 1, 2];
const MIDDLE_TURNED = [0, 2, 1, 3];

/** With whole runs of channels. */
function addInBlocks(
  builder: GraphBuilder,
  { name, inputs, outputs, attributes: { blocksize } }: DepthToSpace,
  rows: readonly (readonly string[])[] | undefined,
): void {
  const [batch, depth, height, width] = builder.shape(inputs[0]);
  const channels = depth / blocksize ** 2;
  const lines = rows
    ? joinRows(builder, rows)
    : turnMiddle(builder, channelsLast(builder, inputs[0]), [batch * height, width, blocksize, blocksize * channels]);
  const whole = reshape(builder, lines, [batch, height * blocksize, width * blocksize, channels]);
  builder.add('Transpose', [whole], { perm: CHANNELS_FIRST }, { name, outputs });
}

/** Line after line of every row of phases, each phase's channels beside the next one's. */
function joinRows(builder: GraphBuilder, rows: readonly (readonly string[])[]): string {
  const lines = rows.map((parts) => {
    const row = channelsLast(builder, builder.add('Concat', parts, { axis: 1 }));
    const [batch, height, width, channels] = builder.shape(row);
    return reshape(builder, row, [batch * height, width * channels]);
  });
  return builder.add('Concat', lines, { axis: 1 });
}

/** Few channels, for what wants them in planes: in the order `[row, channel, column]` that the convolution before is told to make. */
function addInPlanes(
  builder: GraphBuilder,
  { name, inputs, outputs, attributes: { blocksize } }: DepthToSpace,
  maker: Extract<Node, { op: 'Conv' }>,
  weights: Tensor<'float32'>,
): void {
  const [batch, depth, height, width] = builder.shape(inputs[0]);
  const channels = depth / blocksize ** 2;
  const kernel = builder.constant(columnsLast(weights, blocksize));
  const phases = channelsLast(builder, builder.add('Conv', [maker.inputs[0], kernel], maker.attributes));
  const lines = turnMiddle(builder, phases, [batch * height, width, blocksize * channels, blocksize]);
  const rows = reshape(builder, lines, [batch, height * blocksize, channels, width * blocksize]);
  builder.add('Transpose', [rows], { perm: MIDDLE_TURNED }, { name, outputs });
}

function channelsLast(builder: GraphBuilder, value: string): string {
  return builder.add('Transpose', [value], { perm: [0, 2, 3, 1] });
}

/** The two axes in the middle exchanged: of rank 4, onnxruntime moves runs of the last. */
function turnMiddle(builder: GraphBuilder, value: string, shape: readonly number[]): string {
  return builder.add('Transpose', [reshape(builder, value, shape)], { perm: MIDDLE_TURNED });
}

/** The output channels `[row, column, channel]` of a kernel as `[row, channel, column]`. */
function columnsLast({ shape, data }: Tensor<'float32'>, blocksize: number): Tensor<'float32'> {
  const channels = shape[0] / blocksize ** 2;
  const size = data.length / shape[0];
  const turned = Array.from({ length: shape[0] }, (_, to) => {
    const [row, channel, column] = [Math.floor(to / (channels * blocksize)), Math.floor(to / blocksize) % channels, to % blocksize];
    const from = (row * blocksize + column) * channels + channel;
    return data.subarray(from * size, (from + 1) * size);
  });
  return float32(shape, new Float32Array(turned.flatMap((kernel) => [...kernel])));
}
