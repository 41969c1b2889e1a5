/** Evaluating the nodes of a file that depend on no pixel: weights on their way to a layer, shapes, and the arithmetic between them. */
import { broadcast, checkShape, positive } from '../../../graph/shapes/inference.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import type { Limit } from '../../limit.ts';
import { float, int, ints } from '../attributes.ts';
import type { FileNode } from '../file-nodes.ts';
import { type Constant, dtypeOf, rangeOf } from '../tensors.ts';
import { constant, mapped, reduced, spreadStrides, strided, walk, zeros, zipped } from './arrays.ts';
import { type Evaluate, given } from './evaluation.ts';
import { MOVING } from './moving.ts';
import { BINARY, COMPARE, REDUCE, roundEven, UNARY } from './tables.ts';

/** The most multiplications that a product of constants may take here; a larger one is left to the runtime. */
const MOST_PRODUCTS = 2 ** 24;

/** Whether a node can be evaluated from these constants. */
export function canEvaluate({ op, domain }: FileNode, inputs: readonly (Constant | undefined)[]): boolean {
  if (op === 'MatMul') {
    const [a = [], b = []] = inputs.map((input) => input?.shape ?? []);
    const stack = Math.max(sizeOf(a.slice(0, -2)), sizeOf(b.slice(0, -2)));
    return a.length > 1 && b.length > 1 && stack * sizeOf(a.slice(-2)) * (b.at(-1) ?? 1) <= MOST_PRODUCTS;
  }
  return domain === '' && Object.hasOwn(EVALUATE, op);
}

/** Evaluates a node; {@link canEvaluate} must hold. */
export function evaluate(node: FileNode, inputs: readonly (Constant | undefined)[], limit: Limit): readonly Constant[] {
  const known = inputs.filter((input) => input !== undefined);
  // Broadcasting and moving make no more values than this in one go; where more come about, the rule takes its own room.
  limit.take([Math.max(1, ...known.map(({ data }) => data.length))]);
  const made = EVALUATE[node.op](inputs, node, limit);
  for (const { shape } of made) checkShape(shape, 'the result', 0);
  return made;
}

function broadcastLimit(a: Constant, b: Constant, limit: Limit): void {
  const rank = Math.max(a.shape.length, b.shape.length);
  const extent = (shape: readonly number[], i: number) => shape[i - rank + shape.length] ?? 1;
  limit.take(Array.from({ length: rank }, (_, i) => Math.max(extent(a.shape, i), extent(b.shape, i))));
}

const binary =
  (op: string): Evaluate =>
  (inputs, _, limit) => {
    const [first, ...rest] = inputs.map((_, i) => given(inputs, i));
    const f = op === 'Div' && first.dtype === 'int64' ? (a: number, b: number) => Math.trunc(a / b) : BINARY[op];
    return [
      rest.reduce((a, b) => {
        broadcastLimit(a, b, limit);
        return zipped(a, b, f);
      }, first),
    ];
  };

/** Axes from an input or an attribute; every axis where there are none. */
function axesOf(inputs: readonly (Constant | undefined)[], node: FileNode, rank: number): number[] {
  const axes = inputs[1] ? Array.from(inputs[1].data) : (ints(node, 'axes') ?? []);
  if (axes.length === 0 && int(node, 'noop_with_empty_axes', 0) === 1) return [];
  return axes.length === 0 ? Array.from({ length: rank }, (_, axis) => axis) : axes.map((axis) => positive(axis, rank));
}

const reduce =
  (op: string): Evaluate =>
  (inputs, node) => {
    const x = given(inputs, 0);
    const axes = axesOf(inputs, node, x.shape.length);
    const { start, f } = REDUCE[op];
    const sum = reduced(x, axes, start, f);
    const count = x.data.length / Math.max(1, sum.data.length);
    const value = op === 'ReduceMean' ? mapped(sum, (total) => total / count) : sum;
    const shape = int(node, 'keepdims', 1) ? value.shape : value.shape.filter((_, axis) => !axes.includes(axis));
    return [{ ...value, shape }];
  };

const cast: Evaluate = (inputs, node) => {
  const to = int(node, 'to', 0);
  const dtype = dtypeOf(to);
  if (!dtype) throw new Error(`element type ${to} cannot be cast to`);
  return [castTo(given(inputs, 0), dtype)];
};

/** Another type's values: truncated towards zero for integers, compared with zero for truth. */
export function castTo(x: Constant, dtype: Constant['dtype']): Constant {
  if (dtype === x.dtype) return x;
  return mapped(x, dtype === 'bool' ? (value) => (value ? 1 : 0) : dtype === 'int64' ? Math.trunc : (value) => value, dtype);
}

/** Scale and zero point of one axis, or of the whole, spread over `x`; `(q − zero) · scale`, or rounded and saturated the other way. */
const quantisation =
  (back: boolean): Evaluate =>
  (inputs, node, limit) => {
    const [x, scale] = [given(inputs, 0), given(inputs, 1)];
    if (int(node, 'block_size', 0) > 0) throw new Error('scales for blocks cannot be read');
    const axis = scale.data.length === 1 ? 0 : positive(int(node, 'axis', 1), x.shape.length);
    const along = (values: Constant): Constant => ({
      ...values,
      shape: values.data.length === 1 ? [] : [values.data.length, ...x.shape.slice(axis + 1).map(() => 1)],
    });
    const zero = inputs[2] ? castTo(along(inputs[2]), 'float32') : constant('float32', [], [0]);
    limit.take(x.shape);
    if (back)
      return [
        zipped(
          zipped(castTo(x, 'float32'), zero, (a, b) => a - b),
          along(scale),
          (a, b) => a * b,
        ),
      ];
    const [least, most] = quantisedRange(inputs[2]);
    const levels = zipped(
      mapped(x, (value) => value),
      along(scale),
      (a, b) => roundEven(a / b),
    );
    return [zipped(levels, zero, (a, b) => Math.min(Math.max(a + b, least), most))];
  };

/** Where a quantised value saturates, by the array that its zero point came in; uint8 where it has none, as ONNX says. */
function quantisedRange(zero: Constant | undefined): readonly [number, number] {
  const types: [unknown, number][] = [
    [Int8Array, 3],
    [Uint16Array, 4],
    [Int16Array, 5],
    [Int32Array, 6],
  ];
  const found = types.find(([array]) => zero?.data.constructor === array);
  return rangeOf(found?.[1] ?? 2) ?? [0, 255];
}

/** A product of matrices, or of every pair of two stacks of them, whose leading axes broadcast. */
const matmul: Evaluate = (inputs, _, limit) => {
  const [a, b] = [given(inputs, 0), given(inputs, 1)];
  const [rows, inner, columns] = [a.shape.at(-2), a.shape.at(-1), b.shape.at(-1)];
  if (rows === undefined || inner === undefined || columns === undefined || b.shape.at(-2) !== inner)
    throw new Error(`[${a.shape}] times [${b.shape}]`);
  const leading = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  // Stacks that broadcast are written out, so that each of the three takes its room.
  for (const extents of [
    [rows, columns],
    [rows, inner],
    [inner, columns],
  ])
    limit.take([...leading, ...extents]);
  const stack = (x: Constant, shape: readonly number[]) => strided(x, shape, spreadStrides(x.shape, shape)).data;
  const [left, right] = [stack(a, [...leading, rows, inner]), stack(b, [...leading, inner, columns])];
  const data = new Float64Array(sizeOf(leading) * rows * columns);
  for (let row = 0; row < data.length / columns; row++) {
    const matrix = Math.floor(row / rows) * inner;
    for (let k = 0; k < inner; k++)
      for (let j = 0; j < columns; j++) data[row * columns + j] += left[row * inner + k] * right[(matrix + k) * columns + j];
  }
  return [constant(a.dtype, [...leading, rows, columns], data)];
};

const where: Evaluate = (inputs, _, limit) => {
  const [condition, yes, no] = [given(inputs, 0), given(inputs, 1), given(inputs, 2)];
  broadcastLimit(yes, no, limit);
  const both = zipped(yes, no, (a) => a);
  broadcastLimit(condition, both, limit);
  const { shape } = zipped(condition, both, () => 0);
  const data = zeros(yes.dtype, sizeOf(shape));
  for (const [source, wanted] of [
    [yes, true],
    [no, false],
  ] as const) {
    const chosen = strided(castTo(condition, 'bool'), shape, spreadStrides(condition.shape, shape));
    walk(shape, spreadStrides(source.shape, shape), 0, (to, from) => {
      if (Boolean(chosen.data[to]) === wanted) data[to] = source.data[from];
    });
  }
  return [{ dtype: yes.dtype, shape, data }];
};

const clip: Evaluate = (inputs, node) => {
  const least = inputs[1]?.data[0] ?? float(node, 'min', Number.NEGATIVE_INFINITY);
  const most = inputs[2]?.data[0] ?? float(node, 'max', Number.POSITIVE_INFINITY);
  return [mapped(given(inputs, 0), (x) => Math.min(Math.max(x, least), most))];
};

const modulo: Evaluate = (inputs, node) => {
  const fmod = int(node, 'fmod', 0) === 1;
  return [zipped(given(inputs, 0), given(inputs, 1), (a, b) => (fmod ? a % b : a - Math.floor(a / b) * b))];
};

const tabled = <T>(table: Readonly<Record<string, T>>, make: (op: string) => Evaluate) =>
  Object.fromEntries(Object.keys(table).map((op) => [op, make(op)]));

const EVALUATE: Readonly<Record<string, Evaluate>> = {
  ...tabled(UNARY, (op) => (inputs) => [mapped(given(inputs, 0), UNARY[op])]),
  ...tabled(BINARY, binary),
  ...tabled(REDUCE, reduce),
  ...tabled(COMPARE, (op) => (inputs, _, limit) => {
    broadcastLimit(given(inputs, 0), given(inputs, 1), limit);
    return [zipped(given(inputs, 0), given(inputs, 1), (a, b) => Number(COMPARE[op](a, b)), 'bool')];
  }),
  ...MOVING,
  Mod: modulo,
  Clip: clip,
  Where: where,
  MatMul: matmul,
  Cast: cast,
  CastLike: (inputs) => [castTo(given(inputs, 0), given(inputs, 1).dtype)],
  DequantizeLinear: quantisation(true),
  QuantizeLinear: quantisation(false),
};
