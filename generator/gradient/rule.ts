/** What a gradient rule is: how one operator hands the gradient of its output on to its inputs, as more graph. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Node, OpName } from '../graph/graph.ts';

/** Operators whose output does not vary with an input in a way that has a gradient: constant steps, comparisons, and what only a backward pass makes. */
export type StepOp =
  | 'Sign'
  | 'Ceil'
  | 'Floor'
  | 'Round'
  | 'Equal'
  | 'Greater'
  | 'GreaterOrEqual'
  | 'Less'
  | 'LessOrEqual'
  | 'And'
  | 'Or'
  | 'Xor'
  | 'Not'
  | 'Cast'
  | 'ScatterElements';

/** Operators whose rules are still to be written. */
type Unwritten =
  | 'Einsum'
  | 'Pow'
  | 'Max'
  | 'Min'
  | 'Reciprocal'
  | 'Log'
  | 'Erf'
  | 'LeakyRelu'
  | 'PRelu'
  | 'Elu'
  | 'Selu'
  | 'Celu'
  | 'ThresholdedRelu'
  | 'HardSwish'
  | 'Softplus'
  | 'Softsign'
  | 'GlobalMaxPool'
  | 'BatchNormalization'
  | 'InstanceNormalization'
  | 'LayerNormalization'
  | 'LRN'
  | 'Split'
  | 'Resize'
  | 'Tile'
  | 'ReduceMax'
  | 'ReduceMin'
  | 'ReduceL1'
  | 'ReduceL2'
  | 'ReduceSumSquare'
  | 'ReduceLogSumExp'
  | 'LogSoftmax'
  | 'GatherElements'
  | 'SpaceToDepth';

export type DifferentiableOp = Exclude<OpName, StepOp | Unwritten>;

export interface RuleContext<O extends OpName> {
  readonly builder: GraphBuilder;
  /** The node of the forward pass; a rule reads its attributes and the names of its inputs and outputs. */
  readonly node: Node<O>;
  /** dL/dY, of the shape of the first output. */
  readonly gradient: string;
  /** Which inputs lie on the way; a rule need not make the others' gradients. */
  readonly wanted: readonly boolean[];
}

/** Returns dL/dX for each input, of the input's own shape; undefined for an input that is not wanted. */
export type Rule<O extends OpName> = (context: RuleContext<O>) => readonly (string | undefined)[];

/** Sums a gradient down to the shape that was broadcast to it. */
export function unbroadcast(builder: GraphBuilder, gradient: string, shape: readonly number[]): string {
  const from = builder.shape(gradient);
  const extra = from.length - shape.length;
  const axes = from.flatMap((extent, i) => (i < extra || (shape[i - extra] === 1 && extent !== 1) ? [i] : []));
  if (axes.length === 0) return gradient;
  const sum = builder.add('ReduceSum', [gradient, builder.integers(axes)], { keepdims: 1 });
  return reshape(builder, sum, shape);
}

/** The same values under another shape; nothing is added where the shape is the same already. */
export function reshape(builder: GraphBuilder, value: string, shape: readonly number[]): string {
  const from = builder.shape(value);
  if (from.length === shape.length && from.every((extent, i) => extent === shape[i])) return value;
  return builder.add('Reshape', [value, builder.integers(shape)], { allowzero: 0 });
}
