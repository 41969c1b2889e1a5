/** Reading and writing by index. */
import type * as tf from '@tensorflow/tfjs-core';
import { positive } from '../../../graph/shapes.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import { type Kernels, shapeOf, type Tfjs } from '../kernel.ts';

export const indexing = {
  Gather: (context) => {
    const { tf } = context;
    const extents = shapeOf(context);
    const axis = positive(context.attributes.axis, extents.length);
    const read = counted(tf, extents[axis]);
    return (input) => tf.gather(input(0), read(input(1)), axis);
  },
  /** As a scatter into the values laid out flat, which TensorFlow.js sums where indices repeat. */
  ScatterElements: (context) => {
    const { tf, attributes, hold } = context;
    const [extents, places] = [shapeOf(context), shapeOf(context, 1)];
    const axis = positive(attributes.axis, extents.length);
    const [size, count] = [sizeOf(extents), sizeOf(places)];
    const stride = hold(() => tf.scalar(sizeOf(extents.slice(axis + 1)), 'int32'));
    const base = hold(() => tf.tensor(offsets(extents, places, axis), [count], 'int32'));
    const read = counted(tf, extents[axis]);
    return (input) => {
      const along = tf.reshape(read(input(1)), [count]);
      const flat = tf.reshape(tf.add(tf.mul(along, stride), base), [count, 1]);
      const scatter = (values: tf.Tensor) => tf.reshape(tf.scatterND(flat as tf.Tensor2D, tf.reshape(values, [count]), [size]), extents);
      const scattered = scatter(input(2));
      if (attributes.reduction === 'add') return tf.add(input(0), scattered);
      return tf.where(tf.greater(scatter(tf.onesLike(input(2))), 0), scattered, input(0));
    };
  },
} satisfies Kernels;

/** Turns indices that count from the end into such that count from the start. */
function counted(tf: Tfjs, extent: number): (indices: tf.Tensor) => tf.Tensor1D {
  return (indices) => tf.where(tf.less(indices, tf.scalar(0, 'int32')), tf.add(indices, tf.scalar(extent, 'int32')), indices);
}

/** Where each position of `places` begins in `extents` laid out flat, its place along `axis` left out. */
function offsets(extents: readonly number[], places: readonly number[], axis: number): Int32Array {
  const strides = extents.map((_, i) => (i === axis ? 0 : sizeOf(extents.slice(i + 1))));
  return Int32Array.from({ length: sizeOf(places) }, (_, at) => {
    let [rest, offset] = [at, 0];
    for (let i = places.length - 1; i >= 0; i--) {
      offset += (rest % places[i]) * strides[i];
      rest = Math.floor(rest / places[i]);
    }
    return offset;
  });
}
