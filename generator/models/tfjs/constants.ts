/** Evaluating the nodes of a TF.js graph that depend on no image: weights, shapes, and the arithmetic between them. */
import { checkShape } from '../../graph/shapes/inference.ts';
import { broadcast } from '../../graph/shapes.ts';
import { sizeOf, type Tensor } from '../../graph/tensor.ts';
import type { Limit } from '../limit.ts';
import { type FileNode, flag, integers, number } from './topology.ts';

/** A constant in the file's own layout (NHWC): float32, or int32 for shapes and axes. */
export type Constant = Tensor<'float32'> | Tensor<'int32'>;

type Evaluate = (inputs: readonly Constant[], node: FileNode, limit: Limit) => Constant | undefined;

/** The value of a node whose inputs are all constant; nothing where the operator is not known here, or its inputs do not fit. */
export function evaluate(node: FileNode, inputs: readonly Constant[], limit: Limit): Constant | undefined {
  if (!Object.hasOwn(EVALUATE, node.op)) return undefined;
  try {
    limit.take([Math.max(1, ...inputs.map(({ data }) => data.length))]);
    const made = EVALUATE[node.op](inputs, node, limit);
    if (made) checkShape(made.shape, 'the result', 0);
    return made && made.data.length === sizeOf(made.shape) ? made : undefined;
  } catch {
    return undefined; // Harmless off the way to a layer; on it, whoever reads the value says that it is missing.
  }
}

/** The value written into a `Const` node itself; small integers stand there, everything else in the weights. */
export function inlineConstant(node: FileNode, limit: Limit): Constant | undefined {
  const value = node.attributes.value?.tensor;
  const shape = (value?.tensorShape?.dim ?? []).map(({ size }) => Number(size ?? 1));
  const count = sizeOf(shape);
  try {
    checkShape(shape, 'it', 0);
    limit.take(shape);
  } catch {
    return undefined; // As above.
  }
  // The last value stands for all that are left out.
  const fill = <T extends Float32Array | Int32Array>(data: T, values: readonly unknown[]): T => {
    for (let i = 0; i < values.length && i < count; i++) data[i] = Number(values[i]);
    return data.fill(Number(values.at(-1)), Math.min(values.length, count)) as T;
  };
  if (value?.floatVal?.length) return { dtype: 'float32', shape, data: fill(new Float32Array(count), value.floatVal) };
  const whole = [value?.intVal, value?.boolVal].find((values) => values?.length);
  return whole ? { dtype: 'int32', shape, data: fill(new Int32Array(count), whole) } : undefined;
}

function make(dtype: Constant['dtype'], shape: readonly number[], values: readonly number[]): Constant {
  return dtype === 'float32' ? { dtype, shape, data: Float32Array.from(values) } : { dtype, shape, data: Int32Array.from(values) };
}

function unary(f: (x: number) => number): Evaluate {
  return ([x]) => make(x.dtype, x.shape, Array.from(x.data, f));
}

function binary(f: (a: number, b: number) => number): Evaluate {
  return ([a, b], _, limit) => {
    const shape = broadcast(a.shape, b.shape);
    limit.take(shape);
    const values = Array.from({ length: sizeOf(shape) }, (_, i) => f(a.data[source(i, shape, a.shape)], b.data[source(i, shape, b.shape)]));
    return make(a.dtype, shape, values);
  };
}

/** The index into an operand of shape `from` that broadcasts to position `index` of `shape`. */
function source(index: number, shape: readonly number[], from: readonly number[]): number {
  let at = 0;
  let step = 1;
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = from[axis - shape.length + from.length] ?? 1;
    if (extent > 1) at += (rest % shape[axis]) * step;
    step *= extent;
    rest = Math.floor(rest / shape[axis]);
  }
  return at;
}

const add = binary((a, b) => a + b);
const same: Evaluate = ([x]) => x;

const EVALUATE: Readonly<Record<string, Evaluate>> = {
  Identity: same,
  Add: add,
  AddV2: add,
  BiasAdd: add,
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  RealDiv: binary((a, b) => a / b),
  Neg: unary((x) => -x),
  Sqrt: unary(Math.sqrt),
  Rsqrt: unary((x) => 1 / Math.sqrt(x)),
  Square: unary((x) => x * x),
  Exp: unary(Math.exp),
  Reshape: ([x, target]) => make(x.dtype, resolveShape(x.shape, [...target.data]), [...x.data]),
  ExpandDims: ([x, axis]) => {
    const at = axis.data[0] < 0 ? axis.data[0] + x.shape.length + 1 : axis.data[0];
    return make(x.dtype, x.shape.toSpliced(at, 0, 1), [...x.data]);
  },
  Squeeze: ([x], node) => make(x.dtype, squeezed(x.shape, integers(node, 'squeeze_dims', [])), [...x.data]),
  Pack: (inputs, node) => {
    // Scalars into a vector, which is how graphs put shapes together.
    if (inputs.some(({ shape }) => shape.length > 0) || number(node, 'axis', 0) !== 0) return undefined;
    return make(
      inputs[0].dtype,
      [inputs.length],
      inputs.map(({ data }) => data[0]),
    );
  },
  StridedSlice: ([x, begin, end, stride], node) => {
    if (x.shape.length !== 1 || (stride?.data[0] ?? 1) !== 1 || number(node, 'ellipsis_mask', 0) || number(node, 'new_axis_mask', 0))
      return undefined;
    const from = number(node, 'begin_mask', 0) ? 0 : begin.data[0];
    if (number(node, 'shrink_axis_mask', 0)) return make(x.dtype, [], [x.data.at(from) ?? 0]);
    const values = [...x.data.slice(from, number(node, 'end_mask', 0) ? undefined : end.data[0])];
    return make(x.dtype, [values.length], values);
  },
};

/** A `Reshape` target with its -1 resolved. */
export function resolveShape(from: readonly number[], target: readonly number[]): number[] {
  const known = target.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  return target.map((extent) => (extent === -1 ? sizeOf(from) / known : extent));
}

/** A shape without the axes given, or without all axes of extent one where none is. */
export function squeezed(shape: readonly number[], axes: readonly number[]): number[] {
  const gone = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  return shape.filter((extent, axis) => (axes.length ? !gone.has(axis) : extent !== 1));
}

/** One number for each of `channels`, from a constant that is a scalar, `[C]`, `[1,1,1,C]` or the like; nothing for any other shape. */
export function perChannel(constant: Constant | undefined, channels: number): Float64Array | undefined {
  if (constant?.dtype !== 'float32') return undefined;
  if (constant.data.length === 1) return new Float64Array(channels).fill(constant.data[0]);
  if (constant.data.length !== channels || constant.shape.at(-1) !== channels) return undefined;
  return Float64Array.from(constant.data);
}

/** What is applied to a convolution's channels after its own bias: `scale[c] · x + offset[c]`. */
export interface Affine {
  readonly scale: Float64Array;
  readonly offset: Float64Array;
}

/** Scale and offset per channel that a batch norm with fixed statistics amounts to (Ioffe & Szegedy 2015, algorithm 2). */
export function batchNorm(
  node: FileNode,
  [scale, offset, mean, variance]: readonly (Constant | undefined)[],
  channels: number,
): Affine | undefined {
  const [gamma, beta, mu, sigma2] = [scale, offset, mean, variance].map((value) => perChannel(value, channels));
  if (!gamma || !beta || !mu || !sigma2 || flag(node, 'is_training', false)) return undefined;
  const epsilon = number(node, 'epsilon', 1e-4);
  const slope = gamma.map((value, c) => value / Math.sqrt(sigma2[c] + epsilon));
  return { scale: slope, offset: beta.map((value, c) => value - mu[c] * slope[c]) };
}
