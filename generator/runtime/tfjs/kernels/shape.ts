/** Operators that move values without changing them. */
import type * as tf from '@tensorflow/tfjs-core';
import { integers, positive, sliceBounds } from '../../../graph/shapes.ts';
import { type Inputs, type Kernel, type KernelContext, type KernelTable, shapeOf } from '../kernel.ts';
import { pad } from './padding.ts';

/** Of an operator that is a reshape: the result's shape is known when the graph is built. */
const reshaped =
  ({ tf, outputs }: Pick<KernelContext<'Reshape'>, 'tf' | 'outputs'>) =>
  (input: Inputs): tf.Tensor =>
    tf.reshape(input(0), [...outputs[0].shape]);

/** Backwards: the same positions forwards, then turned round. TensorFlow cannot name the place before the first. */
const slice: Kernel<'Slice'> = (context) => {
  const { tf, constants } = context;
  const bounds = sliceBounds(shapeOf(context), constants);
  const backwards = bounds.flatMap(({ step }, axis) => (step < 0 ? axis : []));
  const starts = bounds.map(({ start, step, count }) => (step < 0 ? start + (count - 1) * step : start));
  const steps = bounds.map(({ step }) => Math.abs(step));
  const ends = bounds.map(({ count }, i) => starts[i] + (count - 1) * steps[i] + 1);
  const plain = steps.every((step) => step === 1);
  return (input) => {
    const forwards = plain
      ? tf.slice(
          input(0),
          starts,
          bounds.map(({ count }) => count),
        )
      : tf.stridedSlice(input(0), starts, ends, steps);
    return backwards.length > 0 ? tf.reverse(forwards, backwards) : forwards;
  };
};

/** CRD reads the channel `c·block² + row·block + column`, DCR `(row·block + column)·C + c`. */
const depthToSpace: Kernel<'DepthToSpace'> = (context) => {
  const { tf, attributes, outputs } = context;
  const { blocksize: block, mode } = attributes;
  const [batch, , height, width] = shapeOf(context);
  const channels = outputs[0].shape[1];
  const crd = mode === 'CRD';
  const parts = crd ? [batch * channels, block, block, height, width] : [batch, block, block, channels, height, width];
  const turn = crd ? [0, 3, 1, 4, 2] : [0, 3, 4, 1, 5, 2];
  return (input) => tf.reshape(tf.transpose(tf.reshape(input(0), parts), turn), [...outputs[0].shape]);
};

const spaceToDepth: Kernel<'SpaceToDepth'> = (context) => {
  const { tf, attributes, outputs } = context;
  const { blocksize: block } = attributes;
  const [batch, channels, height, width] = shapeOf(context);
  const parts = [batch, channels, height / block, block, width / block, block];
  return (input) => tf.reshape(tf.transpose(tf.reshape(input(0), parts), [0, 3, 5, 1, 2, 4]), [...outputs[0].shape]);
};

export const shape = {
  Concat: (context) => {
    const { tf, attributes, inputs } = context;
    const axis = positive(attributes.axis, shapeOf(context).length);
    const all = (input: Inputs) => inputs.map((_, i) => input(i));
    return (input) => tf.concat(all(input), axis);
  },
  Split: (context) => {
    const { tf, attributes, constants } = context;
    const extents = shapeOf(context);
    const axis = positive(attributes.axis, extents.length);
    let next = 0;
    const parts = integers(constants[1], 'split').map((size) => {
      const part = {
        starts: extents.map((_, i) => (i === axis ? next : 0)),
        sizes: extents.map((extent, i) => (i === axis ? size : extent)),
      };
      next += size;
      return part;
    });
    return (input) => parts.map(({ starts, sizes }) => tf.slice(input(0), starts, sizes));
  },
  Pad: pad,
  Reshape: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose: ({ tf, attributes }) => {
    const perm = [...attributes.perm];
    return (input) => tf.transpose(input(0), perm);
  },
  Slice: slice,
  Expand: ({ tf, outputs }) => {
    const target = [...outputs[0].shape];
    return (input) => tf.broadcastTo(input(0), target);
  },
  Tile: ({ tf, constants }) => {
    const repeats = integers(constants[1], 'repeats');
    return (input) => tf.tile(input(0), repeats);
  },
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
} satisfies KernelTable<
  | 'Concat'
  | 'Split'
  | 'Pad'
  | 'Reshape'
  | 'Squeeze'
  | 'Unsqueeze'
  | 'Transpose'
  | 'Slice'
  | 'Expand'
  | 'Tile'
  | 'DepthToSpace'
  | 'SpaceToDepth'
>;
