/** Normalisations, as they are used after training. */
import type * as tf from '@tensorflow/tfjs-core';
import { positive } from '../../../graph/shapes.ts';
import { type KernelTable, shapeOf, type Tfjs } from '../kernel.ts';

export const normalisation = {
  BatchNormalization: (context) => {
    const { tf, attributes } = context;
    const spread = perChannel(shapeOf(context));
    return (input) => {
      const level = tf.div(input(1), tf.sqrt(tf.add(input(4), attributes.epsilon)));
      const shift = tf.sub(input(2), tf.mul(input(3), level));
      return tf.add(tf.mul(input(0), tf.reshape(level, spread)), tf.reshape(shift, spread));
    };
  },
  InstanceNormalization: (context) => {
    const { tf, attributes } = context;
    const extents = shapeOf(context);
    const spread = perChannel(extents);
    const axes = extents.map((_, i) => i).slice(2);
    return (input) =>
      tf.add(tf.mul(standardised(tf, input(0), axes, attributes.epsilon), tf.reshape(input(1), spread)), tf.reshape(input(2), spread));
  },
  LayerNormalization: (context) => {
    const { tf, attributes, inputs } = context;
    const rank = shapeOf(context).length;
    const first = positive(attributes.axis, rank);
    const axes = Array.from({ length: rank - first }, (_, i) => first + i);
    return (input) => {
      const scaled = tf.mul(standardised(tf, input(0), axes, attributes.epsilon), input(1));
      return inputs[2] ? tf.add(scaled, input(2)) : scaled;
    };
  },
  LRN: (context) => {
    const { tf, attributes } = context;
    const { alpha, beta, bias, size } = attributes;
    const extents = shapeOf(context);
    // As ONNX has it: ⌊(size − 1)/2⌋ channels before, ⌈(size − 1)/2⌉ after.
    const around = extents.map((_, i): [number, number] => (i === 1 ? [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)] : [0, 0]));
    return (input) => {
      const squares = tf.pad(tf.square(input(0)), around);
      const shifted = Array.from({ length: size }, (_, i) =>
        tf.slice(
          squares,
          extents.map((_, axis) => (axis === 1 ? i : 0)),
          extents,
        ),
      );
      const sum = shifted.reduce((total, part) => tf.add(total, part));
      return tf.div(input(0), tf.pow(tf.add(tf.mul(sum, alpha / size), bias), beta));
    };
  },
} satisfies KernelTable<'BatchNormalization' | 'InstanceNormalization' | 'LayerNormalization' | 'LRN'>;

/** `[C]` as it broadcasts over `[N,C,…]`. */
const perChannel = (extents: readonly number[]) => extents.slice(1).map((extent, i) => (i === 0 ? extent : 1));

/** `(x − mean) / √(variance + epsilon)` over axes. */
function standardised(tf: Tfjs, x: tf.Tensor, axes: number[], epsilon: number): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, axes, true));
  return tf.div(centred, tf.sqrt(tf.add(tf.mean(tf.square(centred), axes, true), epsilon)));
}
