/**
 * Moves the even and odd rows and columns of a picture apart before they grow in number. A depthwise convolution of stride 2 whose input comes
 * from few channels by pointwise operators (MobileNet's `expand → ReLU6 → depthwise`) becomes four branches, one a phase of its input: each
 * expands a quarter of the positions, and four small depthwise convolutions of stride 1 are summed. Forward, that is the same work. Backward,
 * it replaces the transposed convolution of the many channels, for which there is no fast kernel, by plain convolutions, and interleaves the
 * few channels alone.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Node, Operators, OpName } from '../graph/graph.ts';
import { float32, type Tensor } from '../graph/tensor.ts';
import { isPointwise } from './pointwise.ts';
import { isReadOnce, rewrite, type Wiring, wiringOf } from './rewrite.ts';

/** The graph with every such place rewritten; the same graph where there is none. What is an output, or read elsewhere, stays whole. */
export function splitPhases(graph: Graph): Graph {
  const wiring = wiringOf(graph);
  return rewrite(graph, (node) => {
    const place = findPlace(node, wiring);
    return place && ((builder) => addBranches(builder, place));
  });
}

type Depthwise = Extract<Node, { op: 'Conv' }>;

interface Place {
  readonly depthwise: Depthwise;
  /** From the narrow value to the depthwise convolution's input, in order. */
  readonly chain: readonly Node[];
  /** The narrow value. */
  readonly from: string;
  /** For each phase `[row, column]` of the input: the taps that read it, as a kernel, and its padding. */
  readonly phases: readonly { kernel: Tensor<'float32'>; pads: readonly number[] }[];
}

/** Operators that treat every position alike and read one computed value. */
const POINTWISE: ReadonlySet<OpName> = new Set<OpName>(['Relu', 'Clip', 'Sigmoid', 'HardSigmoid', 'Tanh', 'Identity']);

function findPlace(node: Node, wiring: Wiring): Place | undefined {
  const { graph } = wiring;
  if (node.op !== 'Conv') return undefined;
  const weights = graph.constants.get(node.inputs[1]);
  const input = graph.types.get(node.inputs[0])?.shape;
  const output = graph.types.get(node.outputs[0])?.shape;
  if (weights?.dtype !== 'float32' || input?.length !== 4 || !output) return undefined;
  const { strides, dilations, group } = node.attributes;
  if (group !== input[1] || weights.shape[0] !== group || strides.some((stride) => stride !== 2)) return undefined;
  if (dilations.some((dilation) => dilation !== 1) || input.slice(2).some((extent) => extent % 2 !== 0)) return undefined;
  const { chain, from, channels } = narrowest(node.inputs[0], wiring);
  if (2 * channels > input[1]) return undefined;
  const phases = [0, 1, 2, 3].map((phase) => phaseTaps(weights, node.attributes, [phase >> 1, phase & 1], input, output));
  if (phases.some((phase) => phase.pads.some((pad) => pad < 0))) return undefined;
  return { depthwise: node, chain, from, phases };
}

/** Walks back over pointwise operators that nothing else reads, to the value of fewest channels, the nearest of equals. */
function narrowest(value: string, wiring: Wiring) {
  const { graph, makers } = wiring;
  const channelsOf = (name: string) => graph.types.get(name)?.shape[1] ?? Number.POSITIVE_INFINITY;
  const walked: Node[] = [];
  let best = { chain: [] as readonly Node[], from: value, channels: channelsOf(value) };
  for (let from = value; ; from = walked[0].inputs[0]) {
    if (channelsOf(from) < best.channels) best = { chain: [...walked], from, channels: channelsOf(from) };
    const maker = makers.get(from);
    if (!maker || !isReadOnce(wiring, from) || !(POINTWISE.has(maker.op) || isPointwise(graph, maker))) return best;
    walked.unshift(maker);
  }
}

/** Output i reads row 2i + r − pad of the input for tap r: of the phase `(r − pad) mod 2`, its row `i + ⌊(r − pad)/2⌋`. */
function phaseTaps(
  weights: Tensor<'float32'>,
  { pads }: Operators['Conv'],
  phase: readonly number[],
  input: readonly number[],
  output: readonly number[],
): Place['phases'][number] {
  const [channels, , ...extents] = weights.shape;
  const axes = [0, 1].map((axis) => {
    const taps = Array.from({ length: extents[axis] }, (_, tap) => tap).filter((tap) => (tap - pads[axis] - phase[axis]) % 2 === 0);
    const offsets = taps.map((tap) => (tap - pads[axis] - phase[axis]) / 2);
    // A kernel reaches from the first position that it may need to the last, so that no padding is negative.
    const first = Math.min(0, ...offsets);
    const last = Math.max(first, input[axis + 2] / 2 - output[axis + 2], ...offsets);
    return { taps, offsets, first, length: last - first + 1, after: output[axis + 2] - 1 + last - (input[axis + 2] / 2 - 1) };
  });
  const [rows, columns] = axes;
  const data = new Float32Array(channels * rows.length * columns.length);
  for (let channel = 0; channel < channels; channel++) {
    rows.taps.forEach((row, j) => {
      columns.taps.forEach((column, i) => {
        const at = (channel * rows.length + rows.offsets[j] - rows.first) * columns.length + columns.offsets[i] - columns.first;
        data[at] = weights.data[(channel * extents[0] + row) * extents[1] + column];
      });
    });
  }
  return {
    kernel: float32([channels, 1, rows.length, columns.length], data),
    pads: [-rows.first, -columns.first, rows.after, columns.after],
  };
}

function addBranches(builder: GraphBuilder, { depthwise, chain, from, phases }: Place): void {
  const [, narrow] = builder.shape(from);
  const name = depthwise.name;
  const apart = builder.add('SpaceToDepth', [from], { blocksize: 2 }, { name: `${name}/phases` });
  const parts = [0, 1, 2, 3].map((phase) => `${name}/phase~${phase}`);
  builder.append({
    op: 'Split',
    name: `${name}/split`,
    inputs: [apart, builder.integers(parts.map(() => narrow))],
    outputs: parts,
    attributes: { axis: 1 },
  });
  const sums = parts.map((part, phase) => {
    const value = chain.reduce((input, member) => repeat(builder, member, input), part);
    const { kernel, pads } = phases[phase];
    const inputs = [value, builder.constant(kernel), ...(phase === 0 ? depthwise.inputs.slice(2) : [])];
    const { dilations, group } = depthwise.attributes;
    return builder.add('Conv', inputs, { strides: [1, 1], pads, dilations, group });
  });
  sums
    .slice(1)
    .reduce(
      (sum, part, i) => builder.add('Add', [sum, part], {}, i === sums.length - 2 ? { name, outputs: depthwise.outputs } : {}),
      sums[0],
    );
}

/** The same operator on another value. */
function repeat(builder: GraphBuilder, node: Node, input: string): string {
  return builder.add(node.op, [input, ...node.inputs.slice(1)], node.attributes);
}
