/** Pooling, as a walk over the window: at each of its places a strided slice, taken together. No layout is changed for it. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Operators } from '../../../graph/graph.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import { type Kernels, shapeOf, type Tfjs } from '../kernel.ts';
import { padOrCrop } from './shape.ts';

/** A window's geometry over an input `[N,C,H,W]` with results `[N,C,h,w]`. */
interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly extents: readonly number[];
  readonly results: readonly number[];
}

export const pooling = {
  MaxPool: (context) => {
    const { tf, attributes, outputs, hold } = context;
    const windows = windowsOf(shapeOf(context), outputs[0].shape, attributes, attributes.dilations);
    const places = listPlaces(windows);
    if (outputs.length === 1)
      return (input) => slices(tf, input(0), windows, Number.NEGATIVE_INFINITY).reduce<tf.Tensor>((best, slice) => tf.maximum(best, slice));
    const base = hold(() => tf.tensor(windowStarts(windows), [...outputs[0].shape], 'int32'));
    const offsets = places.map(([y, x]) => hold(() => tf.scalar(y * windows.extents[3] + x, 'int32')));
    return (input) => {
      const [first, ...rest] = slices(tf, input(0), windows, Number.NEGATIVE_INFINITY);
      let [best, offset]: tf.Tensor[] = [first, tf.fill([...outputs[0].shape], places[0][0] * windows.extents[3] + places[0][1], 'int32')];
      for (const [i, slice] of rest.entries()) {
        // The first of equal ones stays; a window that began outside gives way even to the lowest value inside.
        const better = tf.greater(slice, best);
        best = tf.maximum(best, slice);
        offset = tf.where(better, offsets[i + 1], offset);
      }
      return [best.clone(), tf.add(base, offset)];
    };
  },
  AveragePool: (context) => {
    const { tf, attributes, outputs, hold } = context;
    const windows = windowsOf(shapeOf(context), outputs[0].shape, attributes, [1, 1]);
    const shares = hold(() => tf.tensor(windowShares(windows, attributes.count_include_pad === 1), [1, 1, ...windows.results.slice(2)]));
    return (input) =>
      tf.mul(
        slices(tf, input(0), windows, 0).reduce<tf.Tensor>((sum, slice) => tf.add(sum, slice)),
        shares,
      );
  },
} satisfies Kernels;

function windowsOf(
  extents: readonly number[],
  results: readonly number[],
  { kernel_shape, strides, pads }: Pick<Operators['AveragePool'], 'kernel_shape' | 'strides' | 'pads'>,
  dilations: readonly number[],
): Windows {
  if (extents.length !== 4) throw new Error(`pooling of rank ${extents.length} is not supported`);
  return { kernel: kernel_shape, strides, pads, dilations, extents, results };
}

/** The places of a window, `[y, x]` from its first one, in order. */
function listPlaces({ kernel, dilations }: Windows): [number, number][] {
  return Array.from({ length: sizeOf(kernel) }, (_, i) => [Math.floor(i / kernel[1]) * dilations[0], (i % kernel[1]) * dilations[1]]);
}

/** For every place of the window, what all windows have there: `[N,C,h,w]` each. */
function slices(tf: Tfjs, x: tf.Tensor, windows: Windows, outside: number): tf.Tensor[] {
  const { kernel, strides, pads, dilations, extents, results } = windows;
  // As far as the last window reaches: beyond the padding in ceil mode, short of it where a remainder is left.
  const after = [0, 1].map(
    (i) => strides[i] * (results[i + 2] - 1) + dilations[i] * (kernel[i] - 1) + 1 - pads[i] - extents[i + 2],
  );
  const around: [number, number][] = [[0, 0], [0, 0], [pads[0], after[0]], [pads[1], after[1]]];
  const padded = padOrCrop(tf, x, around, outside);
  return listPlaces(windows).map(([top, left]) => {
    const [bottom, right] = [top + strides[0] * (results[2] - 1) + 1, left + strides[1] * (results[3] - 1) + 1];
    return tf.stridedSlice(padded, [0, 0, top, left], [extents[0], extents[1], bottom, right], [1, 1, ...strides]);
  });
}

/** Where each window begins in the input laid out flat, `[N,C,h,w]`; outside the input for one that begins in the padding. */
function windowStarts({ strides, pads, extents, results }: Windows): Int32Array {
  const [, , rows, columns] = results;
  return Int32Array.from({ length: sizeOf(results) }, (_, i) => {
    const [plane, y, x] = [Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns];
    return (plane * extents[2] + y * strides[0] - pads[0]) * extents[3] + x * strides[1] - pads[1];
  });
}

/** One over the number of values that each window averages, `[h,w]`: places beyond the padding never count. */
function windowShares({ kernel, strides, pads, extents, results }: Windows, padding: boolean): Float32Array {
  const counts = [0, 1].map((i) =>
    Array.from({ length: results[i + 2] }, (_, at) => {
      const start = at * strides[i] - pads[i];
      const end = Math.min(start + kernel[i], extents[i + 2] + (padding ? pads[i + 2] : 0));
      return end - (padding ? start : Math.max(start, 0));
    }),
  );
  return Float32Array.from(counts[0].flatMap((rows) => counts[1].map((columns) => 1 / (rows * columns))));
}
