/**
 * 3×3 convolutions with four products an output instead of nine: four outputs together are the transform of sixteen products of a transformed
 * 4×4 tile of the input and the transformed kernel (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", § 4.1: F(2×2, 3×3)).
 * The sixteen are pointwise convolutions, the transforms depthwise ones of a few taps. Rounds a little differently: 5e-7 of the largest value.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { float32, type Tensor } from '../graph/tensor.ts';
import { addScaled } from './blocks.ts';
import { rewrite } from './rewrite.ts';

/** Of a tile, which rows or columns an entry takes, and with which signs: [1 0 −1 0], [0 1 1 0], [0 −1 1 0], [0 1 0 −1]. */
const TILE = [
  { first: 0, step: 2, signs: [1, -1] },
  { first: 1, step: 1, signs: [1, 1] },
  { first: 1, step: 1, signs: [-1, 1] },
  { first: 1, step: 2, signs: [1, -1] },
] as const;
/** What a kernel's rows or columns become. */
const KERNEL = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1],
] as const;
/** How the entries add up to both outputs. */
const OUTPUT = [
  [1, 1, 1, 0],
  [0, 1, -1, -1],
] as const;
const ENTRIES = [0, 1, 2, 3] as const;

/** What the transforms cost by channels weighs against the products saved: below this it does not pay (test/bench/RESULTS.md). */
const LEAST_CHANNELS = 32;
/** Nor does it for fewer products than these, for the sake of the number of operators. */
const LEAST_PRODUCTS = 8e6;

/** The graph with every such convolution rewritten that is large enough; the same graph where there is none. */
export function useWinograd(graph: Graph): Graph {
  return rewrite(graph, (node) => {
    const place = findPlace(node, graph);
    return place && ((builder) => addTiles(builder, place, node));
  });
}

interface Place {
  readonly input: string;
  /** `[K,C,3,3]`. */
  readonly weights: Tensor<'float32'>;
  /** The constant's name, where there is one. */
  readonly bias: string | undefined;
}

function findPlace(node: Node, graph: Graph): Place | undefined {
  if (node.op !== 'Conv') return undefined;
  const [input, kernel, bias] = node.inputs;
  const weights = graph.constants.get(kernel);
  const shape = graph.types.get(input)?.shape;
  const { group, strides, dilations, pads } = node.attributes;
  if (weights?.dtype !== 'float32' || shape?.length !== 4) return undefined;
  if (group !== 1 || [...strides, ...dilations, ...pads].some((value) => value !== 1)) return undefined;
  const [outputs, inputs, rows, columns] = weights.shape;
  const [height, width] = shape.slice(2);
  if (rows !== 3 || columns !== 3 || height % 2 !== 0 || width % 2 !== 0 || inputs % 16 !== 0 || outputs % 16 !== 0) return undefined;
  if ((inputs * outputs) / (inputs + outputs) < LEAST_CHANNELS) return undefined;
  if (9 * inputs * outputs * height * width < LEAST_PRODUCTS) return undefined;
  return { input, weights, bias };
}

/** Ends in a depthwise convolution, which has the bias, and which takes the values back into blocks and a ReLU that follows with it. */
function addTiles(builder: GraphBuilder, { input, weights, bias }: Place, { name, outputs }: Node): void {
  const products = ENTRIES.map((row) =>
    ENTRIES.map((column) => {
      const entry = addEntry(builder, input, row, column);
      return builder.add('Conv', [entry, builder.constant(transformKernel(weights, row, column))], POINTWISE);
    }),
  );
  const phases = OUTPUT.flatMap((signs) => {
    const columns = ENTRIES.map((column) =>
      addSigned(
        builder,
        signs,
        products.map((row) => row[column]),
      ),
    );
    return OUTPUT.map((others) => addSigned(builder, others, columns));
  });
  const together = builder.add('Concat', phases, { axis: 1 });
  const whole = builder.add('DepthToSpace', [together], { blocksize: 2, mode: 'DCR' });
  addScaled(builder, whole, 1, bias, { name, outputs });
}

const POINTWISE = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };

/** An entry of every transformed tile: tiles begin a position before each even one, and reach a position beyond the next. */
function addEntry(builder: GraphBuilder, input: string, row: number, column: number): string {
  const channels = builder.shape(input)[1];
  const axes = [TILE[row], TILE[column]];
  const taps = axes[0].signs.flatMap((a) => axes[1].signs.map((b) => a * b));
  const kernel = float32(
    [channels, 1, 2, 2],
    new Float32Array(4 * channels).map((_, i) => taps[i % 4]),
  );
  const before = axes.map(({ first }) => 1 - first);
  const after = axes.map(({ first, step }) => Math.max(0, first + step - 2));
  const attributes = { strides: [2, 2], pads: [...before, ...after], dilations: axes.map(({ step }) => step), group: channels };
  return builder.add('Conv', [input, builder.constant(kernel)], attributes);
}

/** `[K,C,1,1]` of `[K,C,3,3]`. */
function transformKernel({ shape, data }: Tensor<'float32'>, row: number, column: number): Tensor<'float32'> {
  const factors = KERNEL[row].flatMap((a) => KERNEL[column].map((b) => a * b));
  const kernels = new Float32Array(data.length / 9).map((_, i) => factors.reduce((sum, factor, k) => sum + factor * data[9 * i + k], 0));
  return float32([shape[0], shape[1], 1, 1], kernels);
}

/** Σ sign · value: each term but one is a depthwise convolution that onnxruntime lets add to the sum so far. */
function addSigned(builder: GraphBuilder, signs: readonly number[], values: readonly string[]): string {
  const [first, ...rest] = values.map((value, i) => ({ value, sign: signs[i] })).filter(({ sign }) => sign !== 0);
  return rest.reduce((sum, { value, sign }) => builder.add('Add', [addScaled(builder, value, sign), sum], {}), first.value);
}
