/** Non-linearities, of operations that every backend has. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Inputs, KernelTable, Tfjs } from '../kernel.ts';
import { unary } from './elementwise.ts';

/** `max(0, min(1, alpha·x + beta))`: made so that a very large alpha is an exact step. */
const gate = (tf: Tfjs, x: tf.Tensor, alpha: tf.TensorLike | tf.Tensor, beta: tf.TensorLike | tf.Tensor) =>
  tf.clipByValue(tf.add(tf.mul(x, alpha), beta), 0, 1);

/** `positive(x)` above 0, `negative(x)` below: each is given values of its own side alone, so that none overflows. */
const sides = (tf: Tfjs, x: tf.Tensor, scale: number, alpha: number) =>
  tf.add(tf.mul(tf.relu(x), scale), tf.mul(tf.expm1(tf.minimum(x, 0)), scale * alpha));

export const activation = {
  Tanh: unary((tf, x) => tf.tanh(x)),
  Relu: unary((tf, x) => tf.relu(x)),
  Sigmoid: unary((tf, x) => tf.sigmoid(x)),
  Softplus: unary((tf, x) => tf.add(tf.relu(x), tf.log1p(tf.exp(tf.neg(tf.abs(x)))))),
  Softsign: unary((tf, x) => tf.div(x, tf.add(tf.abs(x), 1))),
  HardSwish: unary((tf, x) => tf.mul(x, gate(tf, x, 1 / 6, 0.5))),
  HardSigmoid: ({ tf, attributes: { alpha, beta }, hold }) => {
    // Tensors made once: a number would be copied to the device at every run.
    const [slope, offset] = [hold(() => tf.scalar(alpha)), hold(() => tf.scalar(beta))];
    return (input) => gate(tf, input(0), slope, offset);
  },
  LeakyRelu: ({ tf, attributes: { alpha } }) => {
    return (input) => tf.add(tf.relu(input(0)), tf.mul(tf.minimum(input(0), 0), alpha));
  },
  PRelu:
    ({ tf }) =>
    (input: Inputs) =>
      tf.add(tf.relu(input(0)), tf.mul(tf.minimum(input(0), 0), input(1))),
  Elu: ({ tf, attributes: { alpha } }) => {
    return (input) => sides(tf, input(0), 1, alpha);
  },
  Selu: ({ tf, attributes: { alpha, gamma } }) => {
    return (input) => sides(tf, input(0), gamma, alpha);
  },
  Celu: ({ tf, attributes: { alpha } }) => {
    return (input) => tf.add(tf.relu(input(0)), tf.mul(tf.expm1(tf.div(tf.minimum(input(0), 0), alpha)), alpha));
  },
  ThresholdedRelu: ({ tf, attributes: { alpha } }) => {
    return (input) => tf.where(tf.greater(input(0), alpha), input(0), tf.zerosLike(input(0)));
  },
} satisfies KernelTable<
  | ('Tanh' | 'Relu' | 'Sigmoid' | 'Softplus' | 'Softsign' | 'HardSwish' | 'HardSigmoid' | 'LeakyRelu' | 'PRelu' | 'Elu' | 'Selu')
  | ('Celu' | 'ThresholdedRelu')
>;
