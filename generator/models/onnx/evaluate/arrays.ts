/** Rearranging and combining arrays of numbers: what evaluating constants comes down to. */
import { broadcast } from '../../../graph/shapes/inference.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import type { Constant, Numbers } from '../tensors.ts';

/** An array of `count` zeros of the kind that holds a type. */
export function zeros(dtype: Constant['dtype'], count: number): Numbers {
  return dtype === 'float32' ? new Float32Array(count) : dtype === 'int64' ? new Float64Array(count) : new Uint8Array(count);
}

/** A constant from its parts; lists become arrays of the type's kind. */
export function constant(dtype: Constant['dtype'], shape: readonly number[], values: ArrayLike<number>): Constant {
  const data = zeros(dtype, values.length);
  data.set(values);
  return { dtype, shape, data };
}

/** Row-major strides of a shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** Calls `visit(to, from)` for every element of `shape`, `from` moving by `strides` from `offset`: transposes, slices and broadcasts alike. */
export function walk(
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
  visit: (to: number, from: number) => void,
): void {
  const count = sizeOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let to = 0; to < count; to++) {
    visit(to, from);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

/** A copy of `x` seen through other extents and strides. */
export function strided(x: Constant, shape: readonly number[], strides: readonly number[], offset = 0): Constant {
  const data = zeros(x.dtype, sizeOf(shape));
  walk(shape, strides, offset, (to, from) => {
    data[to] = x.data[from];
  });
  return { dtype: x.dtype, shape, data };
}

/** Strides of an array of shape `from` that make it as large as `to`: zero where it is repeated. */
export function spreadStrides(from: readonly number[], to: readonly number[]): number[] {
  const own = stridesOf(from);
  return to.map((_, axis) => {
    const at = axis - to.length + from.length;
    return at < 0 || from[at] === 1 ? 0 : own[at];
  });
}

/** Applies a function of one number everywhere. */
export function mapped(x: Constant, f: (value: number) => number, dtype = x.dtype): Constant {
  const data = zeros(dtype, x.data.length);
  for (let i = 0; i < data.length; i++) data[i] = f(x.data[i]);
  return { dtype, shape: x.shape, data };
}

/** Applies a function of two numbers to arrays that broadcast. */
export function zipped(a: Constant, b: Constant, f: (a: number, b: number) => number, dtype = a.dtype): Constant {
  const shape = broadcast(a.shape, b.shape);
  const data = zeros(dtype, sizeOf(shape));
  walk(shape, spreadStrides(a.shape, shape), 0, (to, from) => {
    data[to] = a.data[from];
  });
  walk(shape, spreadStrides(b.shape, shape), 0, (to, from) => {
    data[to] = f(a.data.length === data.length ? a.data[to] : data[to], b.data[from]);
  });
  return { dtype, shape, data };
}

/** Folds the axes given into one value each, from `start`; they stay with extent one. */
export function reduced(x: Constant, axes: readonly number[], start: number, f: (sum: number, value: number) => number): Constant {
  const gone = new Set(axes);
  const shape = x.shape.map((extent, axis) => (gone.has(axis) ? 1 : extent));
  const sums = new Float64Array(sizeOf(shape)).fill(start);
  const strides = stridesOf(shape).map((stride, axis) => (gone.has(axis) ? 0 : stride));
  walk(x.shape, strides, 0, (from, to) => {
    sums[to] = f(sums[to], x.data[from]);
  });
  return constant(x.dtype, shape, sums);
}
