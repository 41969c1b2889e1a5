/** Shape inference: for every operator, the types of its outputs from the types of its inputs. */
import { AtlasError } from './errors.ts';
import type { Node, Operators, OpName, ValueType } from './graph.ts';
import type { Dtype, Tensor } from './tensor.ts';

/** What an inference rule may look at: the inputs' types (undefined where left out), and their values where they are constant. */
export interface InferenceInputs {
  readonly types: readonly (ValueType | undefined)[];
  readonly constants: readonly (Tensor | undefined)[];
}

type Infer<O extends OpName> = (inputs: InferenceInputs, attributes: Operators[O]) => readonly ValueType[];

/** The output types of a node. Throws with the node's name and input shapes where they do not fit. */
export function inferTypes(node: Node, inputs: InferenceInputs): readonly ValueType[] {
  const infer = RULES[node.op] as Infer<OpName>;
  try {
    const types = infer(inputs, node.attributes);
    for (const { shape } of types) {
      if (shape.some((extent) => !Number.isInteger(extent) || extent < 1)) throw new Error(`the result would have shape [${shape}]`);
    }
    return types;
  } catch (cause) {
    const shapes = inputs.types.map((type) => (type ? `${type.dtype}[${type.shape}]` : 'none')).join(', ');
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AtlasError(
      `${node.op} "${node.name}": expected inputs that fit each other, received ${shapes}: ${why}\nThis is how the model file connects them; check the file and the image size.`,
      { cause },
    );
  }
}

/** NumPy broadcasting of two shapes. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`[${a}] and [${b}] do not broadcast`);
    return Math.max(x, y);
  });
}

/** The values of a constant int64 (or int32) input as numbers. */
export function integers(tensor: Tensor | undefined, what: string): number[] {
  if (!tensor || (tensor.dtype !== 'int64' && tensor.dtype !== 'int32')) throw new Error(`${what} must be a constant of integers`);
  return Array.from<bigint | number, number>(tensor.data, Number);
}

/** ONNX's numbers of the element types (TensorProto.DataType). */
export const ELEMENT_TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const satisfies Record<Dtype, number>;

/** Extent after a window slides over `extent` positions. */
export function slide(extent: number, kernel: number, stride: number, before: number, after: number, dilation = 1, ceil = false): number {
  const room = extent + before + after - (dilation * (kernel - 1) + 1);
  if (!ceil) return Math.floor(room / stride) + 1;
  const count = Math.ceil(room / stride) + 1;
  // A window must start inside the input or its left padding (as onnxruntime and PyTorch have it).
  return (count - 1) * stride >= extent + before ? count - 1 : count;
}

const first = ({ types }: InferenceInputs): ValueType => at(types, 0);

function at(types: readonly (ValueType | undefined)[], index: number): ValueType {
  const type = types[index];
  if (!type) throw new Error(`input ${index} is missing`);
  return type;
}

const same: Infer<OpName> = (inputs) => [first(inputs)];
const spread: Infer<OpName> = (inputs) => [
  { dtype: first(inputs).dtype, shape: broadcast(first(inputs).shape, at(inputs.types, 1).shape) },
];
const compare: Infer<OpName> = (inputs) => [{ dtype: 'bool', shape: broadcast(first(inputs).shape, at(inputs.types, 1).shape) }];

/** Negative axes count from the end. */
export function positive(axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) throw new Error(`axis ${axis} is outside rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

function reduce(shape: readonly number[], axes: readonly number[], keep: number): number[] {
  const gone = new Set(axes.map((axis) => positive(axis, shape.length)));
  return keep ? shape.map((extent, i) => (gone.has(i) ? 1 : extent)) : shape.filter((_, i) => !gone.has(i));
}

interface Window {
  kernel_shape: readonly number[];
  strides: readonly number[];
  pads: readonly number[];
  dilations?: readonly number[];
  ceil_mode: number;
}

function pooled(shape: readonly number[], { kernel_shape, strides, pads, dilations, ceil_mode }: Window): number[] {
  const spatial = kernel_shape.map((kernel, i) =>
    slide(shape[i + 2], kernel, strides[i], pads[i], pads[i + kernel_shape.length], dilations?.[i] ?? 1, ceil_mode === 1),
  );
  return [shape[0], shape[1], ...spatial];
}

const RULES: { [O in OpName]: Infer<O> } = {
  Conv: ({ types }, { strides, pads, dilations, group }) => {
    const { dtype, shape } = at(types, 0);
    const [outputs, perGroup, ...kernel] = at(types, 1).shape;
    if (perGroup * group !== shape[1] || outputs % group !== 0)
      throw new Error(`${shape[1]} channels do not fit ${group} groups of ${perGroup}`);
    const spatial = kernel.map((k, i) => slide(shape[i + 2], k, strides[i], pads[i], pads[i + kernel.length], dilations[i]));
    return [{ dtype, shape: [shape[0], outputs, ...spatial] }];
  },
  ConvTranspose: ({ types }, { strides, pads, dilations, group, output_padding }) => {
    const { dtype, shape } = at(types, 0);
    const [inputs, perGroup, ...kernel] = at(types, 1).shape;
    if (inputs !== shape[1]) throw new Error(`${shape[1]} channels do not fit a kernel for ${inputs}`);
    const spatial = kernel.map(
      (k, i) => strides[i] * (shape[i + 2] - 1) + output_padding[i] + dilations[i] * (k - 1) + 1 - pads[i] - pads[i + kernel.length],
    );
    return [{ dtype, shape: [shape[0], perGroup * group, ...spatial] }];
  },
  Gemm: ({ types }, { transA, transB }) => {
    const a = at(types, 0);
    const b = at(types, 1);
    const [m, k] = transA ? [a.shape[1], a.shape[0]] : [a.shape[0], a.shape[1]];
    const [l, n] = transB ? [b.shape[1], b.shape[0]] : [b.shape[0], b.shape[1]];
    if (k !== l) throw new Error(`inner extents ${k} and ${l} differ`);
    return [{ dtype: a.dtype, shape: [m, n] }];
  },
  MatMul: ({ types }) => {
    const a = at(types, 0);
    const b = at(types, 1);
    if (a.shape.length < 2 || b.shape.length < 2) throw new Error('matrices of rank 2 or more are needed');
    const [m, k] = a.shape.slice(-2);
    const [l, n] = b.shape.slice(-2);
    if (k !== l) throw new Error(`inner extents ${k} and ${l} differ`);
    return [{ dtype: a.dtype, shape: [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n] }];
  },
  Add: spread,
  Sub: spread,
  Mul: spread,
  Div: spread,
  Sum: ({ types }) => [
    { dtype: at(types, 0).dtype, shape: types.reduce<number[]>((shape, type) => broadcast(shape, type?.shape ?? []), []) },
  ],
  Neg: same,
  Sqrt: same,
  Exp: same,
  Sin: same,
  Cos: same,
  Abs: same,
  Sign: same,
  Tanh: same,
  Relu: same,
  Clip: same,
  Sigmoid: same,
  HardSigmoid: same,
  Identity: same,
  Softmax: same,
  Not: same,
  And: compare,
  Equal: compare,
  Greater: compare,
  GreaterOrEqual: compare,
  Less: compare,
  MaxPool: (inputs, attributes) => {
    const { dtype, shape } = first(inputs);
    const result = pooled(shape, attributes);
    return [
      { dtype, shape: result },
      { dtype: 'int64', shape: result },
    ];
  },
  AveragePool: (inputs, attributes) => [{ dtype: first(inputs).dtype, shape: pooled(first(inputs).shape, attributes) }],
  GlobalAveragePool: (inputs) => [{ dtype: first(inputs).dtype, shape: first(inputs).shape.map((extent, i) => (i < 2 ? extent : 1)) }],
  Concat: ({ types }, { axis }) => {
    const { dtype, shape } = at(types, 0);
    const along = positive(axis, shape.length);
    const total = types.reduce((sum, type) => sum + (type?.shape[along] ?? 0), 0);
    for (const type of types) {
      if (type?.shape.some((extent, i) => i !== along && extent !== shape[i])) throw new Error(`all extents but axis ${along} must agree`);
    }
    return [{ dtype, shape: shape.map((extent, i) => (i === along ? total : extent)) }];
  },
  Pad: (inputs) => {
    const { dtype, shape } = first(inputs);
    const pads = integers(inputs.constants[1], 'pads');
    return [{ dtype, shape: shape.map((extent, i) => extent + pads[i] + pads[i + shape.length]) }];
  },
  Reshape: (inputs, { allowzero }) => {
    const { dtype, shape } = first(inputs);
    const target = integers(inputs.constants[1], 'shape').map((extent, i) => (extent === 0 && !allowzero ? shape[i] : extent));
    const total = shape.reduce((product, extent) => product * extent, 1);
    const known = target.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
    const result = target.map((extent) => (extent === -1 ? total / known : extent));
    if (result.reduce((product, extent) => product * extent, 1) !== total) throw new Error(`${total} values do not fit [${target}]`);
    return [{ dtype, shape: result }];
  },
  Transpose: (inputs, { perm }) => [{ dtype: first(inputs).dtype, shape: perm.map((axis) => first(inputs).shape[axis]) }],
  Slice: (inputs) => {
    const { dtype, shape } = first(inputs);
    const bounds = sliceBounds(shape, inputs.constants);
    return [{ dtype, shape: shape.map((_, i) => Math.max(0, Math.ceil((bounds[i].end - bounds[i].start) / bounds[i].step))) }];
  },
  Squeeze: (inputs) => {
    const { dtype, shape } = first(inputs);
    return [{ dtype, shape: reduce(shape, integers(inputs.constants[1], 'axes'), 0) }];
  },
  Unsqueeze: (inputs) => {
    const { dtype, shape } = first(inputs);
    const axes = integers(inputs.constants[1], 'axes');
    const rank = shape.length + axes.length;
    const added = new Set(axes.map((axis) => positive(axis, rank)));
    const rest = [...shape];
    return [{ dtype, shape: Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.shift() ?? 1))) }];
  },
  Expand: (inputs) => [{ dtype: first(inputs).dtype, shape: broadcast(first(inputs).shape, integers(inputs.constants[1], 'shape')) }],
  ReduceSum: (inputs, { keepdims }) => [
    { dtype: first(inputs).dtype, shape: reduce(first(inputs).shape, integers(inputs.constants[1], 'axes'), keepdims) },
  ],
  ReduceMean: (inputs, { axes, keepdims }) => [{ dtype: first(inputs).dtype, shape: reduce(first(inputs).shape, axes, keepdims) }],
  Gather: ({ types }, { axis }) => {
    const { dtype, shape } = at(types, 0);
    const along = positive(axis, shape.length);
    return [{ dtype, shape: [...shape.slice(0, along), ...at(types, 1).shape, ...shape.slice(along + 1)] }];
  },
  ScatterElements: same,
  DepthToSpace: (inputs, { blocksize }) => {
    const { dtype, shape } = first(inputs);
    return [{ dtype, shape: [shape[0], shape[1] / blocksize ** 2, shape[2] * blocksize, shape[3] * blocksize] }];
  },
  Where: ({ types }) => [
    { dtype: at(types, 1).dtype, shape: broadcast(at(types, 0).shape, broadcast(at(types, 1).shape, at(types, 2).shape)) },
  ],
  Cast: (inputs, { to }) => {
    const entry = (Object.entries(ELEMENT_TYPES) as [Dtype, number][]).find(([, number]) => number === to);
    if (!entry) throw new Error(`element type ${to} is not one of ${Object.keys(ELEMENT_TYPES)}`);
    return [{ dtype: entry[0], shape: first(inputs).shape }];
  },
};

/** A Slice's bounds on every axis, with negative and overlong values resolved as ONNX has it; steps are positive here. */
export function sliceBounds(
  shape: readonly number[],
  constants: readonly (Tensor | undefined)[],
): { start: number; end: number; step: number }[] {
  const starts = integers(constants[1], 'starts');
  const ends = integers(constants[2], 'ends');
  const axes = constants[3] ? integers(constants[3], 'axes') : starts.map((_, i) => i);
  const steps = constants[4] ? integers(constants[4], 'steps') : starts.map(() => 1);
  const bounds = shape.map((extent) => ({ start: 0, end: extent, step: 1 }));
  axes.forEach((axis, i) => {
    const along = positive(axis, shape.length);
    const extent = shape[along];
    const clamp = (value: number) => Math.min(Math.max(value < 0 ? value + extent : value, 0), extent);
    if (steps[i] < 1) throw new Error(`a step of ${steps[i]} is not supported`);
    bounds[along] = { start: clamp(starts[i]), end: clamp(ends[i]), step: steps[i] };
  });
  return bounds;
}
