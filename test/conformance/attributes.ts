/** ONNX's defaults for the attributes of the operators in the table (operator sets 11 to 17), and the values that are supported. */
import type { OpName } from '../../generator/graph/graph.ts';

export type AttributeValue = number | string | readonly number[];

type Defaults = (shape: readonly number[]) => Record<string, AttributeValue>;

const ones = (shape: readonly number[]) => shape.slice(2).map(() => 1);
const zeros = (shape: readonly number[]) => shape.slice(2).map(() => 0);
const every = (shape: readonly number[]) => shape.map((_, i) => i);
const windows: Defaults = (shape) => ({ strides: ones(shape), pads: [...zeros(shape), ...zeros(shape)], dilations: ones(shape) });
const reduction: Defaults = (shape) => ({ axes: every(shape), keepdims: 1 });

/** Defaults for an input of a shape. An operator that is not here has no attributes. */
export const ATTRIBUTES: { readonly [O in OpName]?: Defaults } = {
  Conv: (shape) => ({ ...windows(shape), group: 1 }),
  ConvTranspose: (shape) => ({ ...windows(shape), group: 1, output_padding: zeros(shape) }),
  MaxPool: (shape) => ({ ...windows(shape), kernel_shape: [], ceil_mode: 0 }),
  AveragePool: (shape) => {
    const { strides, pads } = windows(shape);
    return { strides, pads, kernel_shape: [], ceil_mode: 0, count_include_pad: 0 };
  },
  Gemm: () => ({ alpha: 1, beta: 1, transA: 0, transB: 0 }),
  Einsum: () => ({ equation: '' }),
  LeakyRelu: () => ({ alpha: 0.01 }),
  Elu: () => ({ alpha: 1 }),
  Selu: () => ({ alpha: 1.6732631921768188, gamma: 1.0507010221481323 }),
  Celu: () => ({ alpha: 1 }),
  ThresholdedRelu: () => ({ alpha: 1 }),
  HardSigmoid: () => ({ alpha: 0.2, beta: 0.5 }),
  BatchNormalization: () => ({ epsilon: 1e-5 }),
  InstanceNormalization: () => ({ epsilon: 1e-5 }),
  LayerNormalization: () => ({ axis: -1, epsilon: 1e-5 }),
  LRN: () => ({ alpha: 1e-4, beta: 0.75, bias: 1, size: 1 }),
  Concat: () => ({ axis: 0 }),
  Split: () => ({ axis: 0 }),
  Pad: () => ({ mode: 'constant' }),
  Resize: () => ({
    mode: 'nearest',
    coordinate_transformation_mode: 'half_pixel',
    nearest_mode: 'round_prefer_floor',
    cubic_coeff_a: -0.75,
    exclude_outside: 0,
  }),
  Reshape: () => ({ allowzero: 0 }),
  Transpose: (shape) => ({ perm: every(shape).reverse() }),
  ReduceSum: () => ({ keepdims: 1 }),
  ReduceMean: reduction,
  ReduceMax: reduction,
  ReduceMin: reduction,
  ReduceL1: reduction,
  ReduceL2: reduction,
  ReduceSumSquare: reduction,
  ReduceLogSumExp: reduction,
  Softmax: () => ({ axis: -1 }),
  LogSoftmax: () => ({ axis: -1 }),
  Gather: () => ({ axis: 0 }),
  GatherElements: () => ({ axis: 0 }),
  ScatterElements: () => ({ axis: 0, reduction: 'none' }),
  DepthToSpace: () => ({ blocksize: 1, mode: 'DCR' }),
  SpaceToDepth: () => ({ blocksize: 1 }),
  Cast: () => ({ to: 1 }),
};

/** Words that an attribute may have. */
export const VALUES: Readonly<Record<string, readonly string[]>> = {
  coordinate_transformation_mode: ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'],
  reduction: ['none', 'add'],
};
