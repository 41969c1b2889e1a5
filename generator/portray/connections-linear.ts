/** Which operators are linear in what depends on the picture, and which only bend each value by itself. */
import type { Graph, Node } from '../graph/graph.ts';

/** Whether a value depends on the picture. */
export type Moves = (value: string) => boolean;

/** The values of a graph that depend on its inputs. */
export function movingValues(graph: Graph): ReadonlySet<string> {
  const moving = new Set(graph.inputs.keys());
  for (const node of graph.nodes) if (node.inputs.some((name) => moving.has(name))) for (const name of node.outputs) moving.add(name);
  return moving;
}

/** Linear in every input of floats, whichever of these depend on the picture. */
const LINEAR: ReadonlySet<string> = new Set(
  'Add Sub Sum Neg Identity Concat Split Reshape Transpose Squeeze Unsqueeze Expand Tile ReduceSum ReduceMean GlobalAveragePool AveragePool DepthToSpace SpaceToDepth'.split(
    ' ',
  ),
);
/** Linear in the first input, with the others fixed. */
const LINEAR_IN_FIRST: ReadonlySet<string> = new Set(
  'Conv ConvTranspose BatchNormalization Div Pad Slice Resize Gather GatherElements'.split(' '),
);
/** Linear where one factor depends on the picture and the others do not. */
const PRODUCTS: ReadonlySet<string> = new Set(['Mul', 'MatMul', 'Einsum']);
/** Operators that apply one curve to every value by itself, so that channels and positions stay what they are. */
const CURVES: ReadonlySet<string> = new Set(
  'Relu Clip Sigmoid Tanh LeakyRelu PRelu Elu Selu Celu ThresholdedRelu HardSigmoid HardSwish Softplus Softsign'.split(' '),
);

/**
 * Whether a node's outputs are linear functions (up to a constant) of those of its inputs that depend on the picture. A product of two such inputs
 * is not: attention and gates are where a walk ends.
 */
export function isLinear(graph: Graph, node: Node, moves: Moves): boolean {
  const [first, ...others] = node.inputs;
  if (LINEAR.has(node.op)) return true;
  if (LINEAR_IN_FIRST.has(node.op)) return moves(first) && !others.some(moves);
  if (PRODUCTS.has(node.op)) return node.inputs.filter(moves).length === 1;
  if (node.op === 'Gemm') return [first, others[0]].filter(moves).length <= 1;
  if (node.op === 'Where') return !moves(first);
  if (node.op === 'ScatterElements') return !moves(others[0]);
  if (node.op === 'Cast') return [first, node.outputs[0]].every((name) => graph.types.get(name)?.dtype === 'float32');
  return false;
}

/** Whether a node bends each value of its first input by itself. */
export function isCurve(node: Node): boolean {
  return CURVES.has(node.op);
}
