/** Sums and means over axes, and softmax. */
import { integers, positive } from '../../../graph/shapes.ts';
import { type Kernels, shapeOf } from '../kernel.ts';

export const reduce = {
  ReduceSum: ({ tf, attributes: { keepdims }, constants }) => {
    const axes = integers(constants[1], 'axes');
    return (input) => tf.sum(input(0), axes, keepdims === 1);
  },
  ReduceMean:
    ({ tf, attributes: { axes, keepdims } }) =>
    (input) =>
      tf.mean(input(0), [...axes], keepdims === 1),
  GlobalAveragePool: (context) => {
    const { tf } = context;
    const axes = shapeOf(context)
      .map((_, i) => i)
      .slice(2);
    return (input) => tf.mean(input(0), axes, true);
  },
  // Made of parts: TensorFlow.js has a softmax over the last axis alone.
  Softmax: (context) => {
    const { tf, attributes } = context;
    const axis = positive(attributes.axis, shapeOf(context).length);
    return (input) => {
      const powers = tf.exp(tf.sub(input(0), tf.max(input(0), axis, true)));
      return tf.div(powers, tf.sum(powers, axis, true));
    };
  },
} satisfies Kernels;
