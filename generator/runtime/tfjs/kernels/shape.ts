/** Operators that move values without changing them. */
import type * as tf from '@tensorflow/tfjs-core';
import { integers, positive, sliceBounds } from '../../../graph/shapes.ts';
import { type Kernel, type KernelContext, type Kernels, shapeOf, type Tfjs } from '../kernel.ts';

/** Of an operator that is a reshape: the result's shape is known when the graph is built. */
const reshaped =
  ({ tf, outputs }: { tf: Tfjs; outputs: KernelContext<'Reshape'>['outputs'] }) =>
  (input: (index: number) => tf.Tensor): tf.Tensor =>
    tf.reshape(input(0), [...outputs[0].shape]);

const slice: Kernel<'Slice'> = (context) => {
  const { tf, constants } = context;
  const bounds = sliceBounds(shapeOf(context), constants);
  const [starts, ends, steps] = [bounds.map(({ start }) => start), bounds.map(({ end }) => end), bounds.map(({ step }) => step)];
  if (steps.every((step) => step === 1)) {
    const sizes = bounds.map(({ start, end }) => end - start);
    return (input) => tf.slice(input(0), starts, sizes);
  }
  return (input) => tf.stridedSlice(input(0), starts, ends, steps);
};

/** CRD reads `c·block² + row·block + column`, DCR `(row·block + column)·C + c`. */
const depthToSpace: Kernel<'DepthToSpace'> = (context) => {
  const { tf, attributes, outputs } = context;
  const { blocksize: block, mode } = attributes;
  const [batch, , height, width] = shapeOf(context);
  const channels = outputs[0].shape[1];
  // Batch and channel go together where they can, so that no more than five axes are turned.
  const [parts, turn] =
    mode === 'CRD'
      ? [
          [batch * channels, block, block, height, width],
          [0, 3, 1, 4, 2],
        ]
      : [
          [batch, block, block, channels, height, width],
          [0, 3, 4, 1, 5, 2],
        ];
  return (input) => tf.reshape(tf.transpose(tf.reshape(input(0), parts), turn), [...outputs[0].shape]);
};

export const shape = {
  Concat: (context) => {
    const { tf, attributes, inputs } = context;
    const axis = positive(attributes.axis, shapeOf(context).length);
    return (input) =>
      tf.concat(
        inputs.map((_, i) => input(i)),
        axis,
      );
  },
  Reshape: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Transpose:
    ({ tf, attributes: { perm } }) =>
    (input) =>
      tf.transpose(input(0), [...perm]),
  Slice: slice,
  Expand:
    ({ tf, outputs }) =>
    (input) =>
      tf.broadcastTo(input(0), [...outputs[0].shape]),
  DepthToSpace: depthToSpace,
  Pad: (context) => {
    const { tf, attributes, constants, inputs } = context;
    const extents = shapeOf(context);
    const pads = integers(constants[1], 'pads');
    if (attributes.mode !== 'constant') return mirrored(tf, extents, pads, attributes.mode);
    const value = inputs[2] ? scalarOf(constants[2]) : 0;
    const around = extents.map((_, i): [number, number] => [pads[i], pads[i + extents.length]]);
    return (input) => padOrCrop(tf, input(0), around, value);
  },
} satisfies Kernels;

function scalarOf(tensor: KernelContext<'Pad'>['constants'][number]): number {
  if (!tensor) throw new Error('the constant to pad with must be known beforehand');
  return Number(tensor.data[0]);
}

/** Adds `[before, after]` values on every axis, or takes that many away where they are negative. */
export function padOrCrop(tf: Tfjs, x: tf.Tensor, around: readonly [number, number][], value = 0): tf.Tensor {
  const cut = around.map(([before, after]) => [Math.max(0, -before), Math.max(0, -after)]);
  const starts = cut.map(([before]) => before);
  const sizes = x.shape.map((extent, i) => extent - cut[i][0] - cut[i][1]);
  const cropped = cut.flat().some((count) => count > 0) ? tf.slice(x, starts, sizes) : x;
  const added = around.map(([before, after]): [number, number] => [Math.max(0, before), Math.max(0, after)]);
  return added.flat().some((count) => count > 0) ? tf.pad(cropped, added, value) : cropped.clone();
}

/** Padding by values of the input itself: on each axis that grows, a gather of the positions that it repeats. */
function mirrored(tf: Tfjs, extents: readonly number[], pads: readonly number[], mode: 'reflect' | 'edge'): (input: (index: number) => tf.Tensor) => tf.Tensor {
  const positions = extents.map((extent, axis) =>
    Array.from({ length: extent + pads[axis] + pads[axis + extents.length] }, (_, i) => source(i - pads[axis], extent, mode)),
  );
  return (input) =>
    positions.reduce<tf.Tensor>(
      (x, indices, axis) =>
        pads[axis] === 0 && pads[axis + extents.length] === 0 ? x : tf.gather(x, tf.tensor1d(indices, 'int32'), axis),
      input(0).clone(),
    );
}

/** The position that a position outside repeats: −1 → 1 where it is reflected, −1 → 0 at an edge. */
function source(index: number, extent: number, mode: 'reflect' | 'edge'): number {
  if (mode === 'edge' || extent === 1) return Math.min(Math.max(index, 0), extent - 1);
  const period = 2 * (extent - 1);
  const folded = ((index % period) + period) % period;
  return folded < extent ? folded : period - folded;
}
