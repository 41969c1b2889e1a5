/**
 * Keeping values in blocks of channels. onnxruntime computes convolutions on a processor in blocks of 16 channels, and what else it can in
 * that layout; around every other operator it moves the values to planes and back, which costs as much as the operator. Depthwise 1×1
 * convolutions are nearly as fast there as a copy. They take a value into the blocks, or an operator that is known there with a convolution
 * alone.
 */
import type { GraphBuilder, NodeNames } from '../graph/builder.ts';
import type { Graph, Node, OpName } from '../graph/graph.ts';
import { float32 } from '../graph/tensor.ts';
import { isReadOnce, rewrite, type Wiring, wiringOf } from './rewrite.ts';

/** Channels of a block, or twice as many. */
export const BLOCK = 16;

/** Operators that leave a value in blocks as it is laid out, where every input is. */
const LAYOUT_KEPT: ReadonlySet<OpName> = new Set<OpName>(['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu', 'HardSigmoid', 'Add', 'Sum', 'Mul']);

/** The wiring of a graph, and the values that onnxruntime has in blocks without a copy. */
export interface Blocks extends Wiring {
  readonly inBlocks: ReadonlySet<string>;
}

export function blocksOf(graph: Graph): Blocks {
  const wiring = wiringOf(graph);
  const inBlocks = new Set<string>();
  for (const node of graph.nodes) if (staysInBlocks(node, wiring, inBlocks)) inBlocks.add(node.outputs[0]);
  return { ...wiring, inBlocks };
}

function staysInBlocks(node: Node, wiring: Wiring, inBlocks: ReadonlySet<string>): boolean {
  const { graph } = wiring;
  if (node.op === 'Conv') return isInBlocks(graph, node);
  const whole = node.inputs.every((input) => (graph.types.get(input)?.shape[1] ?? 0) % BLOCK === 0 && inBlocks.has(input));
  if (node.op === 'Concat') return node.attributes.axis === 1 && whole;
  if (node.op === 'MaxPool') return node.outputs.length === 1 && whole;
  if (node.op === 'Resize') return isEnlargement(node) && inBlocks.has(node.inputs[0]);
  if (node.op === 'Clip')
    return inBlocks.has(node.inputs[0]) && isReadOnce(wiring, node.inputs[0]) && wiring.makers.get(node.inputs[0])?.op === 'Conv';
  return LAYOUT_KEPT.has(node.op) && node.inputs.every((input) => inBlocks.has(input));
}

/** Whether a resizing repeats every value, by scales: such a one there is in blocks. */
function isEnlargement({ inputs, attributes }: Extract<Node, { op: 'Resize' }>): boolean {
  const { mode, coordinate_transformation_mode, nearest_mode } = attributes;
  return inputs.length === 3 && mode === 'nearest' && coordinate_transformation_mode === 'asymmetric' && nearest_mode === 'floor';
}

/** Whether onnxruntime computes a convolution in blocks. */
function isInBlocks({ constants, types }: Graph, { inputs, attributes: { group } }: Extract<Node, { op: 'Conv' }>): boolean {
  const weights = constants.get(inputs[1])?.shape;
  if (weights?.length !== 4) return false;
  return group === 1 ? weights[1] < BLOCK || weights[1] % 4 === 0 : group === types.get(inputs[0])?.shape[1] && group === weights[0];
}

/** Whether a value can be in blocks: of at least one, and the last is filled up where a part of it remains. */
export function fitsBlocks({ types }: Graph, value: string): boolean {
  const { dtype, shape } = types.get(value) ?? { shape: [] };
  return dtype === 'float32' && shape.length === 4 && shape[1] >= BLOCK && shape[1] % 4 === 0;
}

/**
 * `weight · x + bias` as a convolution, and the identity where nothing else is said; the same weights of as many channels are held once. A bias
 * may be a number, or the name of one for each channel.
 */
export function addScaled(builder: GraphBuilder, value: string, weight = 1, bias?: number | string, names: NodeNames = {}): string {
  const channels = builder.shape(value)[1];
  const each = (number: number, ...rest: number[]) => {
    const name = `${number} for each of [${[channels, ...rest]}]`;
    if (builder.has(name)) return name;
    return builder.constant(float32([channels, ...rest], new Float32Array(channels).fill(number)), name);
  };
  const inputs = [value, each(weight, 1, 1, 1), ...(bias === undefined ? [] : [typeof bias === 'string' ? bias : each(bias)])];
  return builder.add('Conv', inputs, { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: channels }, names);
}

/** Clips a sum of convolutions in blocks: a clip is known there together with a convolution alone, and a sum has none left over. */
export function clipInBlocks(graph: Graph): Graph {
  const { makers, inBlocks } = blocksOf(graph);
  return rewrite(graph, (node) => {
    const [input, ...bounds] = node.inputs;
    if (node.op !== 'Clip' || makers.get(input)?.op !== 'Add' || !inBlocks.has(input) || !fitsBlocks(graph, input)) return undefined;
    return (builder) => builder.append({ ...node, inputs: [addScaled(builder, input), ...bounds] });
  });
}

/**
 * Sums and multiplies in blocks what is in blocks and what comes from elsewhere, where the result is for convolutions. The convolution
 * that takes the value in stands first, so that it is the one that onnxruntime lets add: `1·x + y` rounds as the sum does, a longer one
 * would not.
 */
export function meetInBlocks(graph: Graph): Graph {
  const { readers, inBlocks } = blocksOf(graph);
  return rewrite(graph, (node) => {
    if (node.op !== 'Mul' && node.op !== 'Add') return undefined;
    const [inside, outside] = [true, false].map((wanted) => node.inputs.find((input) => inBlocks.has(input) === wanted));
    if (inside === undefined || outside === undefined || !fitsBlocks(graph, outside)) return undefined;
    if (String(graph.types.get(inside)?.shape) !== String(graph.types.get(outside)?.shape)) return undefined;
    if (!readers.get(node.outputs[0])?.every(({ op }) => op === 'Conv')) return undefined;
    return (builder) => builder.append({ ...node, inputs: [addScaled(builder, outside), inside] });
  });
}
