/**
 * The gradient of a clip between 0 and a limit in wider passes. `g · [0 < y] · [y < limit]` is four passes over the values, which
 * onnxruntime computes four at a time. With three depthwise 1×1 convolutions and their ReLUs, of which one adds, three of four are
 * computed sixteen at a time. It is the same to the bit but for a value between 0 and 2⁻¹⁰⁰, where the hard sigmoid was partly open: there it is open
 * or, from 2⁻¹²⁵ down, closed.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { addScaled, type Blocks, blocksOf, fitsBlocks } from './blocks.ts';
import { isReadOnce, rewrite } from './rewrite.ts';

/** The least row that a depthwise convolution is fast for: it begins anew at each. */
const SHORTEST_ROW = 8;
/** As steep as the hard sigmoid that it replaces: a value above its inverse is above 0. */
const STEEP = 2 ** 100;

/** The graph with every such gate rewritten; the same graph where there is none. */
export function fuseGates(graph: Graph): Graph {
  const blocks = blocksOf(graph);
  return rewrite(graph, (node) => {
    const gate = findGate(node, blocks);
    return gate && ((builder) => addGate(builder, gate, node));
  });
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
  if ((graph.types.get(value)?.shape[3] ?? 0) < SHORTEST_ROW) return undefined;
  return { gradient: first.inputs[0], value, limit };
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
