/** Pooling, as a walk over the window: at each of its places a strided slice, taken together. Any number of axes, and no layout is changed. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Operators } from '../../../graph/graph.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import { type KernelTable, shapeOf, type Tfjs } from '../kernel.ts';
import { padOrCrop } from './padding.ts';

/** A window's geometry; `extents` and `results` are the spatial ones of the input and of the result, `planes` is `[N,C]`. */
interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly planes: readonly number[];
  readonly extents: readonly number[];
  readonly results: readonly number[];
}

export const pooling = {
  MaxPool: (context) => {
    const { tf, attributes, outputs, hold } = context;
    const windows = windowsOf(shapeOf(context), outputs[0].shape, attributes, attributes.dilations);
    const sides = (x: tf.Tensor) => slices(tf, x, windows, Number.NEGATIVE_INFINITY);
    if (outputs.length === 1) return (input) => sides(input(0)).reduce((best, side) => tf.maximum(best, side));
    const base = hold(() => tf.tensor(windowStarts(windows), [...outputs[0].shape], 'int32'));
    const offsets = listPlaces(windows).map((place) => hold(() => tf.scalar(flatten(place, windows.extents), 'int32')));
    return (input) => {
      const [first, ...rest] = sides(input(0));
      let best = first;
      let offset: tf.Tensor = tf.broadcastTo(offsets[0], first.shape);
      for (const [i, side] of rest.entries()) {
        // The first of equal ones stays.
        offset = tf.where(tf.greater(side, best), offsets[i + 1], offset);
        best = tf.maximum(best, side);
      }
      return [best.clone(), tf.add(base, offset)];
    };
  },
  AveragePool: (context) => {
    const { tf, attributes, outputs, hold } = context;
    const dilations = attributes.kernel_shape.map(() => 1);
    const windows = windowsOf(shapeOf(context), outputs[0].shape, attributes, dilations);
    const shares = hold(() => tf.tensor(windowShares(windows, attributes.count_include_pad === 1), windows.results as number[]));
    return (input) => {
      const [first, ...rest] = slices(tf, input(0), windows, 0);
      const sum = rest.reduce<tf.Tensor>((total, side) => tf.add(total, side), first);
      return tf.mul(sum, shares);
    };
  },
} satisfies KernelTable<'MaxPool' | 'AveragePool'>;

function windowsOf(
  input: readonly number[],
  output: readonly number[],
  { kernel_shape, strides, pads }: Pick<Operators['AveragePool'], 'kernel_shape' | 'strides' | 'pads'>,
  dilations: readonly number[],
): Windows {
  return { kernel: kernel_shape, strides, pads, dilations, planes: input.slice(0, 2), extents: input.slice(2), results: output.slice(2) };
}

/** A position laid out flat. */
const flatten = (position: readonly number[], extents: readonly number[]) => position.reduce((flat, at, i) => flat * extents[i] + at, 0);

/** Every position of `extents`, the last axis fastest. */
function listPositions(extents: readonly number[]): number[][] {
  return extents.reduce<number[][]>(
    (list, extent) => list.flatMap((start) => Array.from({ length: extent }, (_, i) => [...start, i])),
    [[]],
  );
}

/** The places of a window from its first one, in order. */
function listPlaces({ kernel, dilations }: Windows): number[][] {
  return listPositions(kernel).map((place) => place.map((at, i) => at * dilations[i]));
}

/** For every place of the window, what all windows have there: `[N,C,…results]` each. */
function slices(tf: Tfjs, x: tf.Tensor, windows: Windows, outside: number): tf.Tensor[] {
  const { kernel, strides, pads, dilations, planes, extents, results } = windows;
  // As far as the last window reaches: beyond the padding in ceil mode, short of it where a remainder is left.
  const around = extents.map((extent, i): [number, number] => [
    pads[i],
    strides[i] * (results[i] - 1) + dilations[i] * (kernel[i] - 1) + 1 - pads[i] - extent,
  ]);
  const padded = padOrCrop(tf, x, [[0, 0], [0, 0], ...around], outside);
  return listPlaces(windows).map((place) => {
    const ends = place.map((start, i) => start + strides[i] * (results[i] - 1) + 1);
    return tf.stridedSlice(padded, [0, 0, ...place], [...planes, ...ends], [1, 1, ...strides]);
  });
}

/** Where each window begins in the input laid out flat, `[N,C,…results]`: before its plane's start for one that begins in the padding. */
function windowStarts({ strides, pads, planes, extents, results }: Windows): Int32Array {
  const within = listPositions(results).map((position) =>
    flatten(
      position.map((at, i) => at * strides[i] - pads[i]),
      extents,
    ),
  );
  const area = sizeOf(extents);
  return Int32Array.from(
    { length: sizeOf(planes) * within.length },
    (_, i) => Math.floor(i / within.length) * area + within[i % within.length],
  );
}

/** One over the number of values that each window averages, `[…results]`: places beyond the padding never count. */
function windowShares({ kernel, strides, pads, extents, results }: Windows, padding: boolean): Float32Array {
  const counts = results.map((result, i) =>
    Array.from({ length: result }, (_, at) => {
      const start = at * strides[i] - pads[i];
      const end = Math.min(start + kernel[i], extents[i] + (padding ? pads[i + extents.length] : 0));
      return end - (padding ? start : Math.max(start, 0));
    }),
  );
  return Float32Array.from(listPositions(results), (position) => 1 / position.reduce((product, at, i) => product * counts[i][at], 1));
}
