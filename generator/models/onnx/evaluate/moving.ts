/** Evaluating operators that make, move, join or cut constants. */
import { broadcast, positive } from '../../../graph/shapes/inference.ts';
import { sliceBounds } from '../../../graph/shapes/slice-bounds.ts';
import { int64, sizeOf } from '../../../graph/tensor.ts';
import { int, ints, text } from '../attributes.ts';
import type { Constant } from '../tensors.ts';
import { constant, spreadStrides, strided, stridesOf, zeros } from './arrays.ts';
import { type Evaluate, given } from './evaluation.ts';
import { axesGiven, resolveShape, splitParts, squeezed, unsqueezed } from './extents.ts';

const numbers = (x: Constant): number[] => Array.from(x.data);

const same: Evaluate = (inputs) => [given(inputs, 0)];

const concat: Evaluate = (inputs, node, limit) => {
  const parts = inputs.map((_, i) => given(inputs, i));
  const axis = positive(int(node, 'axis', 0), parts[0].shape.length);
  const total = parts.reduce((sum, { shape }) => sum + shape[axis], 0);
  const shape = parts[0].shape.with(axis, total);
  limit.take(shape);
  for (const part of parts)
    if (part.shape.length !== shape.length || part.shape.some((extent, i) => i !== axis && extent !== shape[i]))
      throw new Error(`[${part.shape}] does not go with [${parts[0].shape}] along axis ${axis}`);
  const data = zeros(parts[0].dtype, sizeOf(shape));
  const outer = sizeOf(shape.slice(0, axis));
  let at = 0;
  for (let i = 0; i < outer; i++) {
    for (const part of parts) {
      const run = part.data.length / outer;
      data.set(part.data.subarray(i * run, (i + 1) * run), at);
      at += run;
    }
  }
  return [{ dtype: parts[0].dtype, shape, data }];
};

const slice: Evaluate = (inputs, node) => {
  const x = given(inputs, 0);
  const list = (index: number, name: string) => (inputs[index] ? numbers(given(inputs, index)) : ints(node, name));
  const starts = list(1, 'starts') ?? [];
  const lists = [starts, list(2, 'ends') ?? [], list(3, 'axes') ?? starts.map((_, i) => i), list(4, 'steps') ?? starts.map(() => 1)];
  const bounds = sliceBounds(x.shape, [undefined, ...lists.map((values) => int64([values.length], [...values]))]);
  const strides = stridesOf(x.shape);
  const offset = bounds.reduce((sum, { start }, axis) => sum + start * strides[axis], 0);
  const steps = strides.map((stride, axis) => stride * bounds[axis].step);
  return [
    strided(
      x,
      bounds.map(({ count }) => count),
      steps,
      offset,
    ),
  ];
};

const gather: Evaluate = (inputs, node, limit) => {
  const [x, indices] = [given(inputs, 0), given(inputs, 1)];
  const axis = positive(int(node, 'axis', 0), x.shape.length);
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  limit.take(shape);
  const extent = x.shape[axis];
  const inner = sizeOf(x.shape.slice(axis + 1));
  const data = zeros(x.dtype, sizeOf(shape));
  let at = 0;
  for (let outer = 0; outer < sizeOf(x.shape.slice(0, axis)); outer++) {
    for (const index of indices.data) {
      if (index < -extent || index >= extent) throw new Error(`index ${index} is outside an axis of ${extent}`);
      const from = (outer * extent + (index < 0 ? index + extent : index)) * inner;
      data.set(x.data.subarray(from, from + inner), at);
      at += inner;
    }
  }
  return [{ dtype: x.dtype, shape, data }];
};

/** What becomes of a value that an update falls on. */
const SCATTERED: Readonly<Record<string, (before: number, update: number) => number>> = {
  none: (_, update) => update,
  add: (before, update) => before + update,
  mul: (before, update) => before * update,
  max: Math.max,
  min: Math.min,
};

const scatterNd: Evaluate = (inputs, node) => {
  const put = SCATTERED[text(node, 'reduction', 'none')];
  if (!put) throw new Error(`a reduction of ${text(node, 'reduction', '')} cannot be read`);
  const [x, indices, updates] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)];
  const data = x.data.slice();
  const depth = indices.shape.at(-1) ?? 0;
  const strides = stridesOf(x.shape);
  const inner = sizeOf(x.shape.slice(depth));
  for (let i = 0; i * depth < indices.data.length; i++) {
    let at = 0;
    for (let axis = 0; axis < depth; axis++) {
      const index = indices.data[i * depth + axis];
      at += (index < 0 ? index + x.shape[axis] : index) * strides[axis];
    }
    if (!(at >= 0 && at + inner <= data.length)) throw new Error('an index is outside the data');
    for (let k = 0; k < inner; k++) data[at + k] = put(data[at + k], updates.data[i * inner + k]);
  }
  return [{ ...x, data }];
};

const split: Evaluate = (inputs, node) => {
  const x = given(inputs, 0);
  const axis = positive(int(node, 'axis', 0), x.shape.length);
  const parts = splitParts(x.shape[axis], inputs[1] ? numbers(inputs[1]) : ints(node, 'split'), node);
  const strides = stridesOf(x.shape);
  let start = 0;
  return parts.map((part) => {
    const made = strided(x, x.shape.with(axis, part), strides, start * strides[axis]);
    start += part;
    return made;
  });
};

const expand: Evaluate = (inputs, _, limit) => {
  const x = given(inputs, 0);
  const shape = broadcast(x.shape, numbers(given(inputs, 1)));
  limit.take(shape);
  return [strided(x, shape, spreadStrides(x.shape, shape))];
};

const tile: Evaluate = (inputs, _, limit) => {
  const x = given(inputs, 0);
  const repeats = numbers(given(inputs, 1));
  // [a, b] tiled [r, s] is [1, a, 1, b] spread to [r, a, s, b].
  const from = x.shape.flatMap((extent) => [1, extent]);
  const to = x.shape.flatMap((extent, axis) => [repeats[axis], extent]);
  limit.take(to);
  return [{ ...strided(x, to, spreadStrides(from, to)), shape: x.shape.map((extent, axis) => extent * repeats[axis]) }];
};

const range: Evaluate = (inputs, _, limit) => {
  const [start, end, step] = [0, 1, 2].map((index) => given(inputs, index).data[0]);
  const count = Math.max(0, Math.ceil((end - start) / step));
  limit.take([count]);
  return [
    constant(
      given(inputs, 0).dtype,
      [count],
      Float64Array.from({ length: count }, (_, i) => start + i * step),
    ),
  ];
};

const transpose: Evaluate = (inputs, node) => {
  const x = given(inputs, 0);
  const perm = ints(node, 'perm') ?? x.shape.map((_, axis) => x.shape.length - 1 - axis);
  if (perm.length !== x.shape.length || perm.some((axis) => !(axis in x.shape))) throw new Error(`[${perm}] does not fit [${x.shape}]`);
  const strides = stridesOf(x.shape);
  return [
    strided(
      x,
      perm.map((axis) => x.shape[axis]),
      perm.map((axis) => strides[axis]),
    ),
  ];
};

const nonZero: Evaluate = (inputs, _, limit) => {
  const x = given(inputs, 0);
  let count = 0;
  for (const value of x.data) if (value !== 0) count++;
  const shape = [x.shape.length, count];
  limit.take(shape);
  const data = zeros('int64', sizeOf(shape));
  const strides = stridesOf(x.shape);
  let at = 0;
  for (let i = 0; i < x.data.length; i++) {
    if (x.data[i] === 0) continue;
    x.shape.forEach((extent, axis) => {
      data[axis * count + at] = Math.floor(i / strides[axis]) % extent;
    });
    at++;
  }
  return [{ dtype: 'int64', shape, data }];
};

/** By ONNX's name. */
export const MOVING: Readonly<Record<string, Evaluate>> = {
  Identity: same,
  Dropout: same,
  Concat: concat,
  Slice: slice,
  Gather: gather,
  ScatterND: scatterNd,
  Split: split,
  Expand: expand,
  Tile: tile,
  Range: range,
  Transpose: transpose,
  NonZero: nonZero,
  Shape: (inputs, node) => {
    const { shape } = given(inputs, 0);
    const extents = shape.slice(int(node, 'start', 0), node.attributes.has('end') ? int(node, 'end', 0) : undefined);
    return [constant('int64', [extents.length], extents)];
  },
  Size: (inputs) => [constant('int64', [], [given(inputs, 0).data.length])],
  Reshape: (inputs, node) => {
    const x = given(inputs, 0);
    return [{ ...x, shape: resolveShape(x.shape, numbers(given(inputs, 1)), int(node, 'allowzero', 0) === 1) }];
  },
  Flatten: (inputs, node) => {
    const x = given(inputs, 0);
    const axis = int(node, 'axis', 1);
    const at = axis < 0 ? axis + x.shape.length : axis;
    return [{ ...x, shape: [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))] }];
  },
  Squeeze: (inputs, node) => {
    const x = given(inputs, 0);
    return [{ ...x, shape: squeezed(x.shape, axesGiven(inputs, node)) }];
  },
  Unsqueeze: (inputs, node) => {
    const x = given(inputs, 0);
    return [{ ...x, shape: unsqueezed(x.shape, axesGiven(inputs, node) ?? []) }];
  },
};
