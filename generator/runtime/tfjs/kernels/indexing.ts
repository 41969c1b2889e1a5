/** Reading and writing by index. */
import type * as tf from '@tensorflow/tfjs-core';
import type { OpName } from '../../../graph/graph.ts';
import { positive } from '../../../graph/shapes.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import { type KernelContext, type KernelTable, shapeOf } from '../kernel.ts';

export const indexing = {
  Gather: (context) => {
    const { tf, attributes } = context;
    const extents = shapeOf(context);
    const axis = positive(attributes.axis, extents.length);
    const counted = fromStart(context, extents[axis]);
    return (input) => tf.gather(input(0), counted(input(1)), axis);
  },
  GatherElements: (context) => {
    const { tf, outputs } = context;
    const size = sizeOf(shapeOf(context));
    const flat = flatIndices(context, context.attributes.axis);
    return (input) => tf.reshape(tf.gather(tf.reshape(input(0), [size]), flat(input(1))), [...outputs[0].shape]);
  },
  /** A scatter into the values laid out flat, which TensorFlow.js adds up where indices repeat. */
  ScatterElements: (context) => {
    const { tf, attributes } = context;
    const [extents, count] = [shapeOf(context), sizeOf(shapeOf(context, 1))];
    const size = sizeOf(extents);
    const flat = flatIndices(context, attributes.axis);
    return (input) => {
      const places = tf.reshape(flat(input(1)), [count, 1]) as tf.Tensor2D;
      const scatter = (values: tf.Tensor) => tf.reshape(tf.scatterND(places, tf.reshape(values, [count]), [size]), extents);
      if (attributes.reduction === 'add') return tf.add(input(0), scatter(input(2)));
      return tf.where(tf.greater(scatter(tf.onesLike(input(2))), 0), scatter(input(2)), input(0));
    };
  },
} satisfies KernelTable<'Gather' | 'GatherElements' | 'ScatterElements'>;

/** Counts indices from the start that counted from the end. */
function fromStart<O extends OpName>({ tf, hold }: KernelContext<O>, extent: number): (indices: tf.Tensor) => tf.Tensor1D {
  const [zero, length] = [hold(() => tf.scalar(0, 'int32')), hold(() => tf.scalar(extent, 'int32'))];
  return (indices) => tf.where(tf.less(indices, zero), tf.add(indices, length), indices) as tf.Tensor1D;
}

/** Turns indices along an axis into such into the first input laid out flat, `[count]`. */
function flatIndices<O extends OpName>(context: KernelContext<O>, given: number): (indices: tf.Tensor) => tf.Tensor1D {
  const { tf, hold } = context;
  const [extents, places] = [shapeOf(context), shapeOf(context, 1)];
  const axis = positive(given, extents.length);
  const stride = hold(() => tf.scalar(sizeOf(extents.slice(axis + 1)), 'int32'));
  const base = hold(() => tf.tensor(offsets(extents, places, axis), [sizeOf(places)], 'int32'));
  const counted = fromStart(context, extents[axis]);
  return (indices) => tf.add(tf.mul(tf.reshape(counted(indices), [sizeOf(places)]), stride), base);
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
