/** Matrix products. */
import type * as tf from '@tensorflow/tfjs-core';
import { broadcast } from '../../../graph/shapes.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import { type Kernels, shapeOf } from '../kernel.ts';

export const matrix = {
  Gemm: ({ tf, attributes: { alpha, beta, transA, transB }, inputs, hold }) => {
    const [a, b] = [hold(() => tf.scalar(alpha)), hold(() => tf.scalar(beta))];
    return (input) => {
      const product = tf.matMul(input(0) as tf.Tensor2D, input(1) as tf.Tensor2D, transA === 1, transB === 1);
      const scaled = alpha === 1 ? product : tf.mul(product, a);
      return inputs[2] ? tf.add(scaled, beta === 1 ? input(2) : tf.mul(input(2), b)) : scaled;
    };
  },
  MatMul: (context) => {
    const { tf, outputs } = context;
    const [a, b] = [shapeOf(context, 0), shapeOf(context, 1)];
    const result = [...outputs[0].shape];
    if (b.length === 2) {
      // One large product instead of many small ones.
      const rows = sizeOf(a.slice(0, -1));
      return (input) => tf.reshape(tf.matMul(tf.reshape(input(0), [rows, b[0]]), input(1) as tf.Tensor2D), result);
    }
    const outer = broadcast(a.slice(0, -2), b.slice(0, -2));
    const batch = sizeOf(outer);
    const stacked = (shape: number[]) => {
      const [rows, columns] = shape.slice(-2);
      // Backends broadcast one matrix over a batch; what is between is spread out first.
      const own = sizeOf(shape.slice(0, -2));
      if (own === 1 || own === batch) return (x: tf.Tensor) => tf.reshape(x, [own, rows, columns]);
      return (x: tf.Tensor) => tf.reshape(tf.broadcastTo(x, [...outer, rows, columns]), [batch, rows, columns]);
    };
    const [left, right] = [stacked(a), stacked(b)];
    return (input) => tf.reshape(tf.matMul(left(input(0)), right(input(1))), result);
  },
} satisfies Kernels;
