/** The intermediate form: a typed, immutable graph of ONNX operators (https://onnx.ai/onnx/operators/), NCHW, every shape known. */
import type { Dtype, Tensor } from './tensor.ts';

/** Padding in ONNX's order `[top, left, bottom, right]`. */
export type Pads = readonly number[];

/**
 * The operators a graph may hold, each with its attributes, named and typed as ONNX has them (operator set 17).
 * Every attribute is present: an importer writes the defaults out, so that nobody downstream has to know them.
 */
export interface Operators {
  /** Inputs X `[N,C,H,W]`, W `[M,C/group,kH,kW]`, optional B `[M]`. */
  Conv: { strides: readonly number[]; pads: Pads; dilations: readonly number[]; group: number };
  /** Inputs X `[N,C,H,W]`, W `[C,M/group,kH,kW]`, optional B `[M]`. */
  ConvTranspose: { strides: readonly number[]; pads: Pads; dilations: readonly number[]; group: number; output_padding: readonly number[] };
  /** Inputs A, B, optional C; `alpha·op(A)·op(B) + beta·C`. */
  Gemm: { alpha: number; beta: number; transA: number; transB: number };
  MatMul: NoAttributes;
  Add: NoAttributes;
  Sub: NoAttributes;
  Mul: NoAttributes;
  Div: NoAttributes;
  Sum: NoAttributes;
  Neg: NoAttributes;
  Sqrt: NoAttributes;
  Exp: NoAttributes;
  Sin: NoAttributes;
  Cos: NoAttributes;
  Abs: NoAttributes;
  Sign: NoAttributes;
  Tanh: NoAttributes;
  Relu: NoAttributes;
  /** Inputs X, optional min and max (scalars). */
  Clip: NoAttributes;
  Sigmoid: NoAttributes;
  /** `max(0, min(1, alpha·x + beta))`. */
  HardSigmoid: { alpha: number; beta: number };
  Identity: NoAttributes;
  /** Inputs X `[N,C,H,W]`; outputs Y and optionally Indices (int64, into X laid out flat). */
  MaxPool: { kernel_shape: readonly number[]; strides: readonly number[]; pads: Pads; dilations: readonly number[]; ceil_mode: number };
  AveragePool: { kernel_shape: readonly number[]; strides: readonly number[]; pads: Pads; ceil_mode: number; count_include_pad: number };
  GlobalAveragePool: NoAttributes;
  Concat: { axis: number };
  /** Inputs X, pads (int64, `[2·rank]`), optional constant (scalar). */
  Pad: { mode: 'constant' | 'reflect' | 'edge' };
  Reshape: { allowzero: number };
  Transpose: { perm: readonly number[] };
  /** Inputs X, starts, ends, axes, steps (int64). */
  Slice: NoAttributes;
  /** Inputs X, axes (int64). */
  Squeeze: NoAttributes;
  Unsqueeze: NoAttributes;
  Expand: NoAttributes;
  /** Inputs X, axes (int64); `keepdims` 0 or 1. */
  ReduceSum: { keepdims: number };
  ReduceMean: { keepdims: number; axes: readonly number[] };
  Softmax: { axis: number };
  /** Inputs X, indices (int64). */
  Gather: { axis: number };
  /** Inputs X, indices (int64), updates of the indices' shape. */
  ScatterElements: { axis: number; reduction: 'none' | 'add' };
  /** `CRD`: output channel c reads the input's channels `c·block² + row·block + column`. */
  DepthToSpace: { blocksize: number; mode: 'DCR' | 'CRD' };
  Where: NoAttributes;
  Equal: NoAttributes;
  Greater: NoAttributes;
  GreaterOrEqual: NoAttributes;
  Less: NoAttributes;
  And: NoAttributes;
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
