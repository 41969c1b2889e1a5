/** Padding: by a value, or by the input's own. */
import type * as tf from '@tensorflow/tfjs-core';
import { integers } from '../../../graph/shapes.ts';
import { type Inputs, type Kernel, type Run, shapeOf, type Tfjs } from '../kernel.ts';

export const pad: Kernel<'Pad'> = (context) => {
  const { tf, attributes, constants, inputs } = context;
  const extents = shapeOf(context);
  const pads = integers(constants[1], 'pads');
  const around = extents.map((_, i): [number, number] => [pads[i], pads[i + extents.length]]);
  if (attributes.mode !== 'constant') return repeated(tf, extents, around, attributes.mode);
  if (inputs[2] && !constants[2]) {
    const inside = context.hold(() => tf.cast(padOrCrop(tf, tf.ones(extents), around), 'bool'));
    return (input) => tf.where(inside, padOrCrop(tf, input(0), around), input(2));
  }
  const value = Number(constants[2]?.data[0] ?? 0);
  return (input) => padOrCrop(tf, input(0), around, value);
};

/** Adds `[before, after]` values on every axis, or takes that many away where they are negative. */
export function padOrCrop(tf: Tfjs, x: tf.Tensor, around: readonly [number, number][], value = 0): tf.Tensor {
  const starts = around.map(([before]) => Math.max(0, -before));
  const sizes = x.shape.map((extent, i) => extent - starts[i] - Math.max(0, -around[i][1]));
  const cropped = sizes.some((size, i) => size !== x.shape[i]) ? tf.slice(x, starts, sizes) : x;
  const added = around.map(([before, after]): [number, number] => [Math.max(0, before), Math.max(0, after)]);
  return added.flat().some((count) => count > 0) ? tf.pad(cropped, added, value) : cropped.clone();
}

/** On each axis that changes, a gather of the positions that are repeated. */
function repeated(tf: Tfjs, extents: readonly number[], around: readonly [number, number][], mode: 'reflect' | 'edge'): Run {
  const gathers = extents.flatMap((extent, axis) => {
    const [before, after] = around[axis];
    if (before === 0 && after === 0) return [];
    return { axis, positions: Array.from({ length: extent + before + after }, (_, i) => source(i - before, extent, mode)) };
  });
  return (input: Inputs) =>
    gathers.reduce<tf.Tensor>((x, { axis, positions }) => tf.gather(x, tf.tensor1d(positions, 'int32'), axis), input(0).clone());
}

/** The position that stands outside: −1 is 1 where it is reflected, 0 at an edge. */
function source(index: number, extent: number, mode: 'reflect' | 'edge'): number {
  if (mode === 'edge' || extent === 1) return Math.min(Math.max(index, 0), extent - 1);
  const period = 2 * (extent - 1);
  const folded = ((index % period) + period) % period;
  return folded < extent ? folded : period - folded;
}
