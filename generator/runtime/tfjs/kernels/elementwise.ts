/** Operators that work element by element. */
import type * as tf from '@tensorflow/tfjs-core';
import { ELEMENT_TYPES } from '../../../graph/shapes.ts';
import type { Dtype } from '../../../graph/tensor.ts';
import type { Inputs, Kernel, KernelContext, KernelTable, Tfjs } from '../kernel.ts';
import { tensorDtype } from '../tensors.ts';

/** One function of one value. */
export const unary =
  (apply: (tf: Tfjs, x: tf.Tensor) => tf.Tensor) =>
  ({ tf }: { tf: Tfjs }) =>
  (input: Inputs): tf.Tensor =>
    apply(tf, input(0));

const binary =
  (apply: (tf: Tfjs, a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
  ({ tf }: { tf: Tfjs }) =>
  (input: Inputs): tf.Tensor =>
    apply(tf, input(0), input(1));

/** Any number of values, taken together from the left. */
const folded =
  (op: 'add' | 'maximum' | 'minimum') =>
  ({ tf, inputs }: Pick<KernelContext<'Sum'>, 'tf' | 'inputs'>) =>
  (input: Inputs): tf.Tensor =>
    inputs.slice(1).reduce<tf.Tensor>((result, _, i) => tf[op](result, input(i + 1)), input(0).clone());

/** A bound that is left out is no bound; computed bounds work as constant ones do. */
const clip: Kernel<'Clip'> = ({ tf, inputs }) => {
  const [, low, high] = inputs;
  return (input) => {
    const raised = low ? tf.maximum(input(0), input(1)) : input(0);
    return high ? tf.minimum(raised, input(2)) : raised.clone();
  };
};

export const elementwise = {
  Add: binary((tf, a, b) => tf.add(a, b)),
  Sub: binary((tf, a, b) => tf.sub(a, b)),
  Mul: binary((tf, a, b) => tf.mul(a, b)),
  Div: binary((tf, a, b) => tf.div(a, b)),
  Pow: binary((tf, a, b) => tf.pow(a, b)),
  Sum: folded('add'),
  Max: folded('maximum'),
  Min: folded('minimum'),
  Neg: unary((tf, x) => tf.neg(x)),
  Reciprocal: unary((tf, x) => tf.reciprocal(x)),
  Sqrt: unary((tf, x) => tf.sqrt(x)),
  Exp: unary((tf, x) => tf.exp(x)),
  Log: unary((tf, x) => tf.log(x)),
  Erf: unary((tf, x) => tf.erf(x)),
  Sin: unary((tf, x) => tf.sin(x)),
  Cos: unary((tf, x) => tf.cos(x)),
  Atan: unary((tf, x) => tf.atan(x)),
  Abs: unary((tf, x) => tf.abs(x)),
  Sign: unary((tf, x) => tf.sign(x)),
  Ceil: unary((tf, x) => tf.ceil(x)),
  Floor: unary((tf, x) => tf.floor(x)),
  Round: unary((tf, x) => tf.round(x)),
  Identity: unary((_, x) => x.clone()),
  Clip: clip,
  Where:
    ({ tf }) =>
    (input) =>
      tf.where(input(0), input(1), input(2)),
  Equal: binary((tf, a, b) => tf.equal(a, b)),
  Greater: binary((tf, a, b) => tf.greater(a, b)),
  GreaterOrEqual: binary((tf, a, b) => tf.greaterEqual(a, b)),
  Less: binary((tf, a, b) => tf.less(a, b)),
  LessOrEqual: binary((tf, a, b) => tf.lessEqual(a, b)),
  And: binary((tf, a, b) => tf.logicalAnd(a, b)),
  Or: binary((tf, a, b) => tf.logicalOr(a, b)),
  Xor: binary((tf, a, b) => tf.logicalXor(a, b)),
  Not: unary((tf, x) => tf.logicalNot(x)),
  Cast: ({ tf, attributes: { to } }) => {
    const entry = (Object.entries(ELEMENT_TYPES) as [Dtype, number][]).find(([, number]) => number === to);
    if (!entry) throw new Error(`element type ${to} is not supported`);
    const dtype = tensorDtype(entry[0]);
    return (input) => tf.cast(input(0), dtype);
  },
} satisfies KernelTable<
  | (
      | 'Add'
      | 'Sub'
      | 'Mul'
      | 'Div'
      | 'Pow'
      | 'Sum'
      | 'Max'
      | 'Min'
      | 'Neg'
      | 'Reciprocal'
      | 'Sqrt'
      | 'Exp'
      | 'Log'
      | 'Erf'
      | 'Sin'
      | 'Cos'
      | 'Atan'
      | 'Abs'
    )
  | ('Sign' | 'Ceil' | 'Floor' | 'Round' | 'Identity' | 'Clip' | 'Where' | 'Equal' | 'Greater' | 'GreaterOrEqual' | 'Less' | 'LessOrEqual')
  | ('And' | 'Or' | 'Xor' | 'Not' | 'Cast')
>;
