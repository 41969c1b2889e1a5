/** Operators that work element by element. */
import type * as tf from '@tensorflow/tfjs-core';
import { ELEMENT_TYPES } from '../../../graph/shapes.ts';
import type { Dtype } from '../../../graph/tensor.ts';
import type { Inputs, Kernel, Kernels, Tfjs } from '../kernel.ts';
import { tensorDtype } from '../tensors.ts';

type Unary = 'neg' | 'sqrt' | 'exp' | 'sin' | 'cos' | 'abs' | 'sign' | 'tanh' | 'relu' | 'sigmoid' | 'clone' | 'logicalNot';
type Binary = 'add' | 'sub' | 'mul' | 'div' | 'equal' | 'greater' | 'greaterEqual' | 'less' | 'logicalAnd';

const unary =
  (op: Unary) =>
  ({ tf }: { tf: Tfjs }) =>
  (input: Inputs): tf.Tensor =>
    tf[op](input(0));

const binary =
  (op: Binary) =>
  ({ tf }: { tf: Tfjs }) =>
  (input: Inputs): tf.Tensor =>
    tf[op](input(0), input(1));

/** A bound that is left out is no bound. Computed bounds work as constant ones do. */
const clip: Kernel<'Clip'> = ({ tf, inputs }) => {
  const [, low, high] = inputs;
  return (input) => {
    const raised = low ? tf.maximum(input(0), input(1)) : input(0);
    return high ? tf.minimum(raised, input(2)) : raised.clone();
  };
};

export const elementwise = {
  Add: binary('add'),
  Sub: binary('sub'),
  Mul: binary('mul'),
  Div: binary('div'),
  Sum: ({ tf, inputs }) => {
    return (input) => inputs.slice(1).reduce<tf.Tensor>((sum, _, i) => tf.add(sum, input(i + 1)), input(0).clone());
  },
  Neg: unary('neg'),
  Sqrt: unary('sqrt'),
  Exp: unary('exp'),
  Sin: unary('sin'),
  Cos: unary('cos'),
  Abs: unary('abs'),
  Sign: unary('sign'),
  Tanh: unary('tanh'),
  Relu: unary('relu'),
  Sigmoid: unary('sigmoid'),
  Identity: unary('clone'),
  Clip: clip,
  HardSigmoid: ({ tf, attributes: { alpha, beta }, hold }) => {
    // As tensors made once: a number would be copied to the device at every run.
    const [slope, offset] = [hold(() => tf.scalar(alpha)), hold(() => tf.scalar(beta))];
    return (input) => tf.clipByValue(tf.add(tf.mul(input(0), slope), offset), 0, 1);
  },
  Where:
    ({ tf }) =>
    (input) =>
      tf.where(input(0), input(1), input(2)),
  Equal: binary('equal'),
  Greater: binary('greater'),
  GreaterOrEqual: binary('greaterEqual'),
  Less: binary('less'),
  And: binary('logicalAnd'),
  Not: unary('logicalNot'),
  Cast: ({ tf, attributes: { to } }) => {
    const entry = (Object.entries(ELEMENT_TYPES) as [Dtype, number][]).find(([, number]) => number === to);
    if (!entry) throw new Error(`element type ${to} is not supported`);
    const dtype = tensorDtype(entry[0]);
    return (input) => tf.cast(input(0), dtype);
  },
} satisfies Kernels;
