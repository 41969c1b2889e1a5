/** Types of element-wise operators: arithmetic, non-linearities, comparisons, logic, casts. */

import type { OpName } from '../graph.ts';
import type { Dtype } from '../tensor.ts';
import { at, broadcast, checkSpreads, ELEMENT_TYPES, first, type Infer, type InferTable, same } from './inference.ts';

/** Two inputs that broadcast, as do any number of them. */
const spread: Infer<OpName> = (inputs) => {
  const { dtype } = first(inputs);
  for (const type of inputs.types) if (type && type.dtype !== dtype) throw new Error(`${dtype} and ${type.dtype} do not mix`);
  return [{ dtype, shape: inputs.types.reduce<readonly number[]>((shape, type) => broadcast(shape, type?.shape ?? []), []) }];
};

const compare: Infer<OpName> = (inputs, attributes) => [{ dtype: 'bool', shape: spread(inputs, attributes)[0].shape }];

const truths: Infer<OpName> = (inputs, attributes) => {
  for (const type of inputs.types) if (type?.dtype !== 'bool') throw new Error('truth values are needed');
  return inputs.types.length > 1 ? compare(inputs, attributes) : same(inputs, attributes);
};

export const elementwise = {
  Add: spread,
  Sub: spread,
  Mul: spread,
  Div: spread,
  Pow: ({ types }) => [{ dtype: at(types, 0).dtype, shape: broadcast(at(types, 0).shape, at(types, 1).shape) }],
  Sum: spread,
  Max: spread,
  Min: spread,
  Neg: same,
  Reciprocal: same,
  Sqrt: same,
  Exp: same,
  Log: same,
  Erf: same,
  Sin: same,
  Cos: same,
  Atan: same,
  Abs: same,
  Sign: same,
  Ceil: same,
  Floor: same,
  Round: same,
  Tanh: same,
  Relu: same,
  LeakyRelu: same,
  PRelu: (inputs) => {
    checkSpreads(at(inputs.types, 1).shape, first(inputs).shape);
    return [first(inputs)];
  },
  Elu: same,
  Selu: same,
  Celu: same,
  ThresholdedRelu: same,
  Clip: (inputs) => {
    for (const bound of inputs.types.slice(1)) if (bound && bound.shape.length > 0) throw new Error('bounds must be scalars');
    return [first(inputs)];
  },
  Sigmoid: same,
  HardSigmoid: same,
  HardSwish: same,
  Softplus: same,
  Softsign: same,
  Identity: same,
  Not: truths,
  And: truths,
  Or: truths,
  Xor: truths,
  Equal: compare,
  Greater: compare,
  GreaterOrEqual: compare,
  Less: compare,
  LessOrEqual: compare,
  Where: ({ types }) => {
    if (at(types, 0).dtype !== 'bool') throw new Error('the condition must be truth values');
    if (at(types, 1).dtype !== at(types, 2).dtype) throw new Error(`${at(types, 1).dtype} and ${at(types, 2).dtype} do not mix`);
    return [{ dtype: at(types, 1).dtype, shape: broadcast(at(types, 0).shape, broadcast(at(types, 1).shape, at(types, 2).shape)) }];
  },
  Cast: (inputs, { to }) => {
    const entry = (Object.entries(ELEMENT_TYPES) as [Dtype, number][]).find(([, number]) => number === to);
    if (!entry) throw new Error(`element type ${to} is not one of ${Object.keys(ELEMENT_TYPES)}`);
    return [{ dtype: entry[0], shape: first(inputs).shape }];
  },
} satisfies Partial<InferTable<OpName>>;
