/** Folding what scales and shifts channels (batch norms, biases) into the convolution or matrix before it. */
import { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';

/** What is applied to every channel: `scale[c] · x + offset[c]`. */
interface Affine {
  readonly scale: Float64Array;
  readonly offset: Float64Array;
}

interface Folded extends Affine {
  readonly kernel: Float32Array;
  readonly weights: Tensor<'float32'>;
  readonly bias: Tensor<'float32'>;
}

/** Folded weights, kept for the next graph of the same model, by the value they make. */
export type FoldCache = Map<string, Folded>;

/**
 * Folds every chain of Add, Sub, Mul and Div by a constant a channel that follows a Conv, ConvTranspose or Gemm and is the only one to read it.
 * Values in `pinned` stay as they are. The last value of a chain keeps its name; those between are gone.
 */
export function foldAffine(graph: Graph, pinned: ReadonlySet<string>, cache: FoldCache): Graph {
  const readers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of node.inputs) {
      const list = readers.get(name) ?? [];
      list.push(node);
      readers.set(name, list);
    }
  }
  const chains = new Map<Node, { affine: Affine; output: string }>();
  const absorbed = new Set<Node>();
  const gone = new Set<string>();
  for (const node of graph.nodes) {
    let output = node.outputs[0];
    const channels = graph.types.get(output)?.shape[1] ?? 0;
    let affine: Affine | undefined;
    while (foldable(node, graph) && !pinned.has(output)) {
      const [reader, ...others] = readers.get(output) ?? [];
      const next = reader && others.length === 0 ? affineOf(reader, output, graph, channels) : undefined;
      if (!next) break;
      affine = affine ? after(affine, next) : next;
      absorbed.add(reader);
      gone.add(output);
      output = reader.outputs[0];
    }
    if (affine) chains.set(node, { affine, output });
  }
  if (chains.size === 0) return graph;
  const builder = new GraphBuilder();
  for (const [name, type] of graph.inputs) builder.input(name, type);
  for (const [name, tensor] of graph.constants) builder.constant(tensor, name);
  for (const node of graph.nodes) {
    if (absorbed.has(node)) continue;
    const chain = chains.get(node);
    builder.append(chain ? folded(node, chain.output, chain.affine, graph, builder, cache) : node);
  }
  return builder.build(graph.outputs.filter((name) => !gone.has(name)));
}

/** Whether a node's output channels can be scaled and shifted in its constants. */
function foldable(node: Node, graph: Graph): boolean {
  const fixed = (name: string | undefined) => !name || graph.constants.get(name)?.dtype === 'float32';
  if (node.op === 'Conv' || node.op === 'ConvTranspose') return fixed(node.inputs[1]) && fixed(node.inputs[2]);
  if (node.op !== 'Gemm' || node.attributes.alpha !== 1 || node.attributes.beta !== 1) return false;
  const bias = node.inputs[2] ? graph.constants.get(node.inputs[2])?.shape : [0];
  return fixed(node.inputs[1]) && fixed(node.inputs[2]) && bias?.length === 1 && graph.constants.has(node.inputs[1]);
}

/** What a node does to `value`, where that is one number times, and one number added to, every channel. */
function affineOf(node: Node, value: string, graph: Graph, channels: number): Affine | undefined {
  if (node.op !== 'Add' && node.op !== 'Sub' && node.op !== 'Mul' && node.op !== 'Div') return undefined;
  const first = node.inputs[0] === value;
  const shape = graph.types.get(value)?.shape ?? [];
  const other = perChannel(graph.constants.get(node.inputs[first ? 1 : 0]), shape.length, channels);
  if (!other) return undefined;
  const zeros = new Float64Array(channels);
  const ones = new Float64Array(channels).fill(1);
  if (node.op === 'Add') return { scale: ones, offset: other };
  if (node.op === 'Sub') return first ? { scale: ones, offset: other.map((x) => -x) } : { scale: ones.map(() => -1), offset: other };
  if (node.op === 'Mul') return { scale: other, offset: zeros };
  return first ? { scale: other.map((x) => 1 / x), offset: zeros } : undefined;
}

/** One number for each channel, from a constant that broadcasts along axis 1 alone. */
function perChannel(constant: Tensor | undefined, rank: number, channels: number): Float64Array | undefined {
  if (constant?.dtype !== 'float32' || constant.shape.length > rank) return undefined;
  if (constant.data.length === 1) return new Float64Array(channels).fill(constant.data[0]);
  const at = 1 - rank + constant.shape.length;
  const along = constant.shape[at] === channels && constant.data.length === channels;
  return along ? Float64Array.from(constant.data) : undefined;
}

/** `second` applied after `first`. */
function after(first: Affine, second: Affine): Affine {
  return {
    scale: first.scale.map((value, c) => value * second.scale[c]),
    offset: first.offset.map((value, c) => value * second.scale[c] + second.offset[c]),
  };
}

function folded(node: Node, output: string, affine: Affine, graph: Graph, builder: GraphBuilder, cache: FoldCache): Node {
  const kernel = graph.constants.get(node.inputs[1]);
  const bias = graph.constants.get(node.inputs[2] ?? '');
  if (kernel?.dtype !== 'float32') return node;
  let known = cache.get(output);
  // The same value may be folded otherwise at another size or with other values pinned.
  if (!known || known.kernel !== kernel.data || !equal(known.scale, affine.scale) || !equal(known.offset, affine.offset)) {
    const data = scaled(node, kernel, affine.scale);
    const shifted = Float32Array.from(
      affine.offset,
      (value, c) => value + affine.scale[c] * Number(bias?.data[bias.data.length > 1 ? c : 0] ?? 0),
    );
    known = {
      ...affine,
      kernel: kernel.data,
      weights: { ...kernel, data },
      bias: { dtype: 'float32', shape: [shifted.length], data: shifted },
    };
    cache.set(output, known);
  }
  const inputs = [node.inputs[0], builder.constant(known.weights, `${output}~kernel`), builder.constant(known.bias, `${output}~bias`)];
  return { ...node, name: output, inputs, outputs: [output] } as Node;
}

/** The kernel with every output channel scaled. */
function scaled(node: Node, { shape, data }: Tensor<'float32'>, scale: Float64Array): Float32Array {
  const channelOf = outputChannel(node, shape);
  return data.map((value, i) => value * scale[channelOf(i)]);
}

/** The output channel that an element of a kernel belongs to. */
function outputChannel(node: Node, shape: readonly number[]): (index: number) => number {
  const inner = shape.slice(2).reduce((product, extent) => product * extent, 1);
  if (node.op === 'Conv') return (i) => Math.floor(i / (shape[1] * inner));
  if (node.op === 'Gemm') return node.attributes.transB ? (i) => Math.floor(i / shape[1]) : (i) => i % shape[1];
  const group = node.op === 'ConvTranspose' ? node.attributes.group : 1;
  const perGroup = shape[0] / group;
  return (i) => Math.floor(Math.floor(i / (shape[1] * inner)) / perGroup) * shape[1] + (Math.floor(i / inner) % shape[1]);
}

function equal(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
