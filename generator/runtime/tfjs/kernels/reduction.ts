/** Reductions over axes. */
import type * as tf from '@tensorflow/tfjs-core';
import { integers, positive } from '../../../graph/shapes.ts';
import { type Inputs, type KernelContext, type KernelTable, shapeOf, type Tfjs } from '../kernel.ts';

type Along = 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceL1' | 'ReduceL2' | 'ReduceSumSquare' | 'ReduceLogSumExp';

const reduced =
  (apply: (tf: Tfjs, x: tf.Tensor, axes: number[], keep: boolean) => tf.Tensor) =>
  ({ tf, attributes }: Pick<KernelContext<Along>, 'tf' | 'attributes'>) => {
    const [axes, keep] = [[...attributes.axes], attributes.keepdims === 1];
    return (input: Inputs): tf.Tensor => apply(tf, input(0), axes, keep);
  };

/** Over all spatial axes, kept. */
const global = (op: 'mean' | 'max') => (context: KernelContext<'GlobalAveragePool'> | KernelContext<'GlobalMaxPool'>) => {
  const { tf } = context;
  const axes = Array.from({ length: shapeOf(context).length - 2 }, (_, i) => i + 2);
  return (input: Inputs): tf.Tensor => tf[op](input(0), axes, true);
};

export const reduction = {
  ReduceSum: ({ tf, attributes, constants }) => {
    const [axes, keep] = [integers(constants[1], 'axes'), attributes.keepdims === 1];
    return (input) => tf.sum(input(0), axes, keep);
  },
  ReduceMean: reduced((tf, x, axes, keep) => tf.mean(x, axes, keep)),
  ReduceMax: reduced((tf, x, axes, keep) => tf.max(x, axes, keep)),
  ReduceMin: reduced((tf, x, axes, keep) => tf.min(x, axes, keep)),
  ReduceL1: reduced((tf, x, axes, keep) => tf.sum(tf.abs(x), axes, keep)),
  ReduceL2: reduced((tf, x, axes, keep) => tf.sqrt(tf.sum(tf.mul(x, x), axes, keep))),
  ReduceSumSquare: reduced((tf, x, axes, keep) => tf.sum(tf.mul(x, x), axes, keep)),
  ReduceLogSumExp: reduced((tf, x, axes, keep) => {
    // Less the maximum, so that no power overflows.
    const most = tf.max(x, axes, true);
    const sum = tf.log(tf.sum(tf.exp(tf.sub(x, most)), axes, keep));
    return tf.add(sum, tf.reshape(most, sum.shape));
  }),
  GlobalAveragePool: global('mean'),
  GlobalMaxPool: global('max'),
  // TensorFlow.js has its own over the last axis alone.
  Softmax: (context) => {
    const { tf, attributes } = context;
    const axis = positive(attributes.axis, shapeOf(context).length);
    return (input) => {
      const powers = tf.exp(tf.sub(input(0), tf.max(input(0), axis, true)));
      return tf.div(powers, tf.sum(powers, axis, true));
    };
  },
  LogSoftmax: (context) => {
    const { tf, attributes } = context;
    const axis = positive(attributes.axis, shapeOf(context).length);
    return (input) => {
      const shifted = tf.sub(input(0), tf.max(input(0), axis, true));
      return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), axis, true)));
    };
  },
} satisfies KernelTable<'ReduceSum' | Along | 'GlobalAveragePool' | 'GlobalMaxPool' | 'Softmax' | 'LogSoftmax'>;
