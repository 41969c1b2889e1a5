/**
 * The gradient of a clip between 0 and a limit in fewer or wider passes. `g · [0 < y] · [y < limit]` is four passes over the values, which
 * onnxruntime computes four at a time. Where there are many values, a stand-in marks the gate: a loop does it in one pass, between two parts of
 * the program. Elsewhere it becomes three depthwise 1×1 convolutions and their ReLUs, of which one adds, and three of four passes are computed
 * sixteen values at a time. Either is the same to the bit but for a value between 0 and 2⁻¹⁰⁰, where the hard sigmoid was partly open: there it
 * is open or, from 2⁻¹²⁵ down, closed in the convolutions.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Node, OpName } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor.ts';
import { addScaled, type Blocks, blocksOf, fitsBlocks } from './blocks.ts';
import type { Loop, LoopedGraph } from './loops.ts';
import { isReadOnce, rewrite } from './rewrite.ts';

/** The least row that a depthwise convolution is fast for: it begins anew at each. */
const SHORTEST_ROW = 8;
/** As steep as the hard sigmoids of gates (gradient/rules/gate.ts): a value above its inverse is above 0. */
export const STEEP = 2 ** 100;

/** The graph with the gates of at least `fewest` values, and all that are redirected, replaced by products that stand for them. */
export function setApart(graph: Graph, fewest: number): LoopedGraph {
  const blocks = blocksOf(graph);
  const loops = new Map<string, Loop>();
  const standing = rewrite(graph, (node) => {
    const redirected = findRedirected(node, blocks);
    const gate = redirected ?? findGate(node, blocks);
    if (!gate || [node.outputs[0], gate.gradient, gate.value].some((name) => graph.outputs.includes(name))) return undefined;
    // Of the gradient as it was nothing is left, so that nobody else may read it.
    if (blocks.readers.get(gate.gradient)?.length !== (redirected ? REDIRECTED_READS : 1)) return undefined;
    if (!redirected && sizeOf(graph.types.get(gate.value)?.shape ?? []) < fewest) return undefined;
    loops.set(node.name, { kind: 'gate', limit: gate.limit, redirected: redirected !== undefined });
    return (builder) => builder.append({ ...node, op: 'Mul', inputs: [gate.gradient, gate.value], attributes: {} });
  });
  return { graph: standing, loops };
}

/** The graph with every such gate rewritten as convolutions; the same graph where there is none, or none long enough. */
export function fuseGates(graph: Graph): Graph {
  const blocks = blocksOf(graph);
  return rewrite(graph, (node) => {
    const gate = findGate(node, blocks);
    return gate && isLong(graph, gate) ? (builder) => addGate(builder, gate, node) : undefined;
  });
}

function isLong({ types }: Graph, { value }: Gate): boolean {
  return (types.get(value)?.shape[3] ?? 0) >= SHORTEST_ROW;
}

interface Gate {
  readonly gradient: string;
  /** What is compared. */
  readonly value: string;
  /** A float32: the gate is open where the value is above 0 and below it. */
  readonly limit: number;
}

function findGate(node: Node, blocks: Blocks): Gate | undefined {
  const { graph, makers, inBlocks } = blocks;
  const first = node.op === 'Mul' ? makers.get(node.inputs[0]) : undefined;
  if (first?.op !== 'Mul' || !isReadOnce(blocks, node.inputs[0])) return undefined;
  const [above, below] = [first.inputs[1], node.inputs[1]].map((name) => makers.get(name));
  if (above?.op !== 'HardSigmoid' || below?.op !== 'HardSigmoid' || above.inputs[0] !== below.inputs[0]) return undefined;
  const [value] = above.inputs;
  if (above.attributes.alpha !== STEEP || above.attributes.beta !== 0) return undefined;
  const limit = -below.attributes.beta / below.attributes.alpha;
  if (below.attributes.alpha > -(2 ** 64) || !(limit > 0 && limit < 2 ** 64)) return undefined;
  if (!fitsBlocks(graph, value) || !inBlocks.has(value)) return undefined;
  return { gradient: first.inputs[0], value, limit };
}

/** How often a redirected gate reads its gradient: in the plain gate, twice to compare it, and for what is let through instead. */
const REDIRECTED_READS = 4;

/** What the redirected rule of a clip makes, `Where(Σ|plain| > 0, plain, Where(stuck above, 0, Where(stuck below, 0, gradient)))`. */
function findRedirected(node: Node, blocks: Blocks): Gate | undefined {
  const { makers } = blocks;
  /** Who makes an input of a node, if that is such an operator. */
  const made = (by: Node | undefined, input: number, op: OpName) => {
    const maker = by && makers.get(by.inputs[input]);
    return maker?.op === op ? maker : undefined;
  };
  if (node.op !== 'Where') return undefined;
  const plain = made(node, 1, 'Mul');
  const gate = plain && findGate(plain, blocks);
  if (!gate || made(made(made(node, 0, 'Greater'), 0, 'ReduceSum'), 0, 'Abs')?.inputs[0] !== node.inputs[1]) return undefined;
  const above = made(node, 2, 'Where');
  const below = made(above, 2, 'Where');
  if (below?.inputs[2] !== gate.gradient) return undefined;
  const stuck = (where: Node | undefined, beyond: 'Less' | 'Greater', away: 'Less' | 'Greater') => {
    const both = made(where, 0, 'And');
    return made(made(both, 0, 'Not'), 0, beyond)?.inputs[0] === gate.value && made(both, 1, away)?.inputs[0] === gate.gradient;
  };
  return stuck(above, 'Less', 'Greater') && stuck(below, 'Greater', 'Less') ? gate : undefined;
}

/**
 * With `zero = [y = 0] = relu(1 − steep·y)`, `limit·zero + y` is the limit at either end and less between. By how much it is above the last
 * float32 before the limit is 0, or the step between the two: a power of two, so that `relu(1 − above/step)` is exactly 1 or 0.
 */
function addGate(builder: GraphBuilder, { gradient, value, limit }: Gate, { name, outputs }: Node): void {
  const before = floatBefore(limit);
  const zero = builder.add('Relu', [addScaled(builder, value, -STEEP, 1)], {});
  const above = builder.add('Relu', [builder.add('Add', [addScaled(builder, zero, limit, -before), value], {})], {});
  const open = builder.add('Relu', [addScaled(builder, above, -1 / (limit - before), 1)], {});
  builder.add('Mul', [gradient, open], {}, { name, outputs });
}

/** The greatest float32 below a positive one. */
function floatBefore(value: number): number {
  const floats = new Float32Array([value]);
  new Uint32Array(floats.buffer)[0] -= 1;
  return floats[0];
}
