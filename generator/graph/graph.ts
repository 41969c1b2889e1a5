/** The intermediate form: a typed, immutable graph of ONNX operators (https://onnx.ai/onnx/operators/), NCHW, every shape known. */
import type { Dtype, Tensor } from './tensor.ts';

/** Padding in ONNX's order `[top, left, bottom, right]`. */
export type Pads = readonly number[];

/**
 * The operators a graph may hold, each with its attributes, named and typed as ONNX has them (operator set 17).
 * Every attribute is present: an importer writes the defaults out, so that nobody downstream has to know them.
 */
export interface Operators {
  /** Inputs X `[N,C,H,W]` (any number of spatial axes), W `[M,C/group,kH,kW]`, optional B `[M]`. */
  Conv: { strides: readonly number[]; pads: Pads; dilations: readonly number[]; group: number };
  /** Inputs X `[N,C,H,W]`, W `[C,M/group,kH,kW]`, optional B `[M]`. */
  ConvTranspose: { strides: readonly number[]; pads: Pads; dilations: readonly number[]; group: number; output_padding: readonly number[] };
  /** Inputs A, B, optional C that broadcasts to the result; `alpha·op(A)·op(B) + beta·C`. */
  Gemm: { alpha: number; beta: number; transA: number; transB: number };
  /** As NumPy: of rank 1 a row (first) or a column (second), and leading axes broadcast. */
  MatMul: NoAttributes;
  /** Any number of inputs; every index at most once in a term: `"bhid,bhjd->bhij"`. */
  Einsum: { equation: string };
  Add: NoAttributes;
  Sub: NoAttributes;
  Mul: NoAttributes;
  Div: NoAttributes;
  /** Inputs base and exponent, which broadcast. */
  Pow: NoAttributes;
  /** Any number of inputs, which broadcast; so for Max and Min. */
  Sum: NoAttributes;
  Max: NoAttributes;
  Min: NoAttributes;
  Neg: NoAttributes;
  Reciprocal: NoAttributes;
  Sqrt: NoAttributes;
  Exp: NoAttributes;
  Log: NoAttributes;
  Erf: NoAttributes;
  Sin: NoAttributes;
  Cos: NoAttributes;
  Atan: NoAttributes;
  Abs: NoAttributes;
  Sign: NoAttributes;
  Ceil: NoAttributes;
  Floor: NoAttributes;
  /** To the nearest integer, halves to the even one. */
  Round: NoAttributes;
  Tanh: NoAttributes;
  Relu: NoAttributes;
  /** `alpha·x` where x < 0. */
  LeakyRelu: { alpha: number };
  /** Inputs X, slope that broadcasts to X. */
  PRelu: NoAttributes;
  /** `alpha·(exp x − 1)` where x < 0. */
  Elu: { alpha: number };
  /** `gamma·x`, and `gamma·alpha·(exp x − 1)` where x ≤ 0. */
  Selu: { alpha: number; gamma: number };
  /** `max(0, x) + min(0, alpha·(exp(x/alpha) − 1))`. */
  Celu: { alpha: number };
  /** x where x > alpha, else 0. */
  ThresholdedRelu: { alpha: number };
  /** Inputs X, optional min and max (scalars). */
  Clip: NoAttributes;
  Sigmoid: NoAttributes;
  /** `max(0, min(1, alpha·x + beta))`. */
  HardSigmoid: { alpha: number; beta: number };
  /** `x · max(0, min(1, x/6 + 1/2))`. */
  HardSwish: NoAttributes;
  /** `log(1 + exp x)`. */
  Softplus: NoAttributes;
  /** `x / (1 + |x|)`. */
  Softsign: NoAttributes;
  Identity: NoAttributes;
  /** Inputs X `[N,C,H,W]`; outputs Y and optionally Indices (int64, into X laid out flat). */
  MaxPool: { kernel_shape: readonly number[]; strides: readonly number[]; pads: Pads; dilations: readonly number[]; ceil_mode: number };
  AveragePool: { kernel_shape: readonly number[]; strides: readonly number[]; pads: Pads; ceil_mode: number; count_include_pad: number };
  GlobalAveragePool: NoAttributes;
  GlobalMaxPool: NoAttributes;
  /** Inputs X, scale, B, mean, variance, all but X `[C]`; inference alone. */
  BatchNormalization: { epsilon: number };
  /** Inputs X `[N,C,…]`, scale `[C]`, B `[C]`. */
  InstanceNormalization: { epsilon: number };
  /** Inputs X, scale, optional B, both of X's shape from `axis` on; the first output alone. */
  LayerNormalization: { axis: number; epsilon: number };
  /** Input X `[N,C,H,W]`: local response normalisation over `size` neighbouring channels, an odd number (Krizhevsky et al. 2012, §3.3, with alpha over size). */
  LRN: { alpha: number; beta: number; bias: number; size: number };
  Concat: { axis: number };
  /** Inputs X, split (int64, one extent for each output). */
  Split: { axis: number };
  /** Inputs X, pads (int64, `[2·rank]`; negative ones cut, in mode `constant` alone), optional constant (scalar). */
  Pad: { mode: 'constant' | 'reflect' | 'edge' };
  /** Inputs X, `''`, then scales (float32, `[rank]`), or `''` and sizes (int64, `[rank]`). */
  Resize: {
    mode: 'nearest' | 'linear' | 'cubic';
    coordinate_transformation_mode: 'half_pixel' | 'pytorch_half_pixel' | 'align_corners' | 'asymmetric';
    nearest_mode: 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil';
    cubic_coeff_a: number;
    exclude_outside: number;
  };
  Reshape: { allowzero: number };
  Transpose: { perm: readonly number[] };
  /** Inputs X, starts, ends, axes, steps (int64; steps may be negative). */
  Slice: NoAttributes;
  /** Inputs X, axes (int64). */
  Squeeze: NoAttributes;
  Unsqueeze: NoAttributes;
  /** Inputs X, shape (int64). */
  Expand: NoAttributes;
  /** Inputs X, repeats (int64, `[rank]`). */
  Tile: NoAttributes;
  /** Inputs X, axes (int64); `keepdims` 0 or 1. */
  ReduceSum: { keepdims: number };
  ReduceMean: { keepdims: number; axes: readonly number[] };
  ReduceMax: { keepdims: number; axes: readonly number[] };
  ReduceMin: { keepdims: number; axes: readonly number[] };
  /** Sum of magnitudes. */
  ReduceL1: { keepdims: number; axes: readonly number[] };
  /** Root of the sum of squares. */
  ReduceL2: { keepdims: number; axes: readonly number[] };
  ReduceSumSquare: { keepdims: number; axes: readonly number[] };
  ReduceLogSumExp: { keepdims: number; axes: readonly number[] };
  Softmax: { axis: number };
  LogSoftmax: { axis: number };
  /** Inputs X, indices (int64, any shape; negative ones count from the end). */
  Gather: { axis: number };
  /** Inputs X, indices (int64, of X's rank). */
  GatherElements: { axis: number };
  /** Inputs X, indices (int64), updates of the indices' shape. */
  ScatterElements: { axis: number; reduction: 'none' | 'add' };
  /** `CRD`: output channel c reads the input's channels `c·block² + row·block + column`. */
  DepthToSpace: { blocksize: number; mode: 'DCR' | 'CRD' };
  /** Output channel `(row·block + column)·C + c` holds the input's channel c, as DepthToSpace's `DCR` in reverse. */
  SpaceToDepth: { blocksize: number };
  Where: NoAttributes;
  Equal: NoAttributes;
  Greater: NoAttributes;
  GreaterOrEqual: NoAttributes;
  Less: NoAttributes;
  LessOrEqual: NoAttributes;
  And: NoAttributes;
  Or: NoAttributes;
  Xor: NoAttributes;
  Not: NoAttributes;
  /** `to` is ONNX's number of the element type. */
  Cast: { to: number };
}

type NoAttributes = Record<never, never>;

export type OpName = keyof Operators;

/** One operator applied: `inputs` and `outputs` are value names, `''` for an optional input left out. */
export type Node<O extends OpName = OpName> = {
  [K in O]: {
    readonly op: K;
    /** Unique, for messages and profiles: `FeatureExtractor/MobilenetV2/Conv/Relu6`. */
    readonly name: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    readonly attributes: Operators[K];
  };
}[O];

/** What is known of a value without running anything. */
export interface ValueType {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

export interface Graph {
  /** Values given at every run, in order. */
  readonly inputs: ReadonlyMap<string, ValueType>;
  /** Names of the values returned, in order. */
  readonly outputs: readonly string[];
  /** Topologically sorted: a node stands after whatever it reads. */
  readonly nodes: readonly Node[];
  /** Weights and other values fixed when the graph is built. */
  readonly constants: ReadonlyMap<string, Tensor>;
  /** The type of every value: inputs, constants and node outputs. */
  readonly types: ReadonlyMap<string, ValueType>;
}
