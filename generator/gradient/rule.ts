/** What a gradient rule is: how one operator hands the gradient of its output on to its inputs, as more graph. */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Node, OpName } from '../graph/graph.ts';
import { positive } from '../graph/shapes.ts';

/** Operators whose output is constant between steps, or is no number at all: their gradient is 0 wherever there is one, as PyTorch has it. */
export const STEP_OPS = [
  'Sign',
  'Ceil',
  'Floor',
  'Round',
  'Equal',
  'Greater',
  'GreaterOrEqual',
  'Less',
  'LessOrEqual',
  'And',
  'Or',
  'Xor',
  'Not',
] as const satisfies readonly OpName[];

export type StepOp = (typeof STEP_OPS)[number];

export type DifferentiableOp = Exclude<OpName, StepOp>;

export interface RuleContext<O extends OpName> {
  readonly builder: GraphBuilder;
  /** The node of the forward pass; a rule reads its attributes and the names of its inputs and outputs. */
  readonly node: Node<O>;
  /** dL/dY, of the shape of the first output. */
  readonly gradient: string;
  /** dL/dY of every output, for operators with several; zeros for one that nothing on the way reads. */
  readonly gradients: readonly string[];
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

/** The shape of a reduction's result with the axes that it reduces kept, of extent 1. */
export function keepDimensions(from: readonly number[], axes: readonly number[]): number[] {
  const gone = new Set(axes.map((axis) => positive(axis, from.length)));
  return from.map((extent, i) => (gone.has(i) ? 1 : extent));
}

/** Zeros of a shape, made at every run. */
export function zeros(builder: GraphBuilder, shape: readonly number[]): string {
  return shape.length === 0 ? builder.scalar(0) : builder.add('Expand', [builder.scalar(0), builder.integers(shape)], {});
}
