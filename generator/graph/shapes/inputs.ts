/** How many inputs an operator takes, and which of them must be floats. */
import type { Node, OpName, ValueType } from '../graph.ts';

interface Inputs {
  /** How many must be there, from the first on. */
  readonly least: number;
  readonly most: number;
  /** How many, from the first on, must be float32 where they are there. */
  readonly floats: number;
}

/** Inputs of any kind. */
const any = (least: number, most = least): Inputs => ({ least, most, floats: 0 });
/** Inputs of which the first so many are float32, all of them where left out. */
const float = (least: number, most = least, floats = most): Inputs => ({ least, most, floats });
/** One or more, none left out. */
const several = (kind: (least: number, most: number) => Inputs) => kind(1, Number.POSITIVE_INFINITY);

const INPUTS: { readonly [O in OpName]: Inputs } = {
  Conv: float(2, 3),
  ConvTranspose: float(2, 3),
  Gemm: float(2, 3),
  MatMul: float(2),
  Einsum: several(float),
  Add: any(2),
  Sub: any(2),
  Mul: any(2),
  Div: any(2),
  Pow: any(2),
  Sum: several(float),
  Max: several(any),
  Min: several(any),
  Neg: any(1),
  Reciprocal: float(1),
  Sqrt: float(1),
  Exp: float(1),
  Log: float(1),
  Erf: float(1),
  Sin: float(1),
  Cos: float(1),
  Atan: float(1),
  Abs: any(1),
  Sign: any(1),
  Ceil: float(1),
  Floor: float(1),
  Round: float(1),
  Tanh: float(1),
  Relu: float(1),
  LeakyRelu: float(1),
  PRelu: float(2),
  Elu: float(1),
  Selu: float(1),
  Celu: float(1),
  ThresholdedRelu: float(1),
  Clip: any(1, 3),
  Sigmoid: float(1),
  HardSigmoid: float(1),
  HardSwish: float(1),
  Softplus: float(1),
  Softsign: float(1),
  Identity: any(1),
  MaxPool: float(1),
  AveragePool: float(1),
  GlobalAveragePool: float(1),
  GlobalMaxPool: float(1),
  BatchNormalization: float(5),
  InstanceNormalization: float(3),
  LayerNormalization: float(2, 3),
  LRN: float(1),
  Concat: several(any),
  Split: any(2),
  Pad: any(2, 3),
  Resize: float(1, 4, 3),
  Reshape: any(2),
  Transpose: any(1),
  Slice: any(3, 5),
  Squeeze: any(2),
  Unsqueeze: any(2),
  Expand: any(2),
  Tile: any(2),
  ReduceSum: any(2),
  ReduceMean: any(1),
  ReduceMax: any(1),
  ReduceMin: any(1),
  ReduceL1: float(1),
  ReduceL2: float(1),
  ReduceSumSquare: float(1),
  ReduceLogSumExp: float(1),
  Softmax: float(1),
  LogSoftmax: float(1),
  Gather: any(2),
  GatherElements: any(2),
  ScatterElements: any(3),
  DepthToSpace: float(1),
  SpaceToDepth: float(1),
  Where: any(3),
  Equal: any(2),
  Greater: any(2),
  GreaterOrEqual: any(2),
  Less: any(2),
  LessOrEqual: any(2),
  And: any(2),
  Or: any(2),
  Xor: any(2),
  Not: any(1),
  Cast: any(1),
};

/** Every operator that a graph may hold, for those who read files: an importer's refusals, the tests that leave none out. */
export const OPERATORS = Object.keys(INPUTS) as readonly OpName[];

/** Throws a plain `Error` where inputs are missing, too many, or not floats. */
export function checkInputs({ op }: Node, types: readonly (ValueType | undefined)[]): void {
  const { least, most, floats } = INPUTS[op];
  if (types.length < least || types.length > most) {
    const wanted = least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
    throw new Error(`${types.length} inputs where it takes ${wanted}`);
  }
  types.forEach((type, i) => {
    if (!type && (i < least || most === Number.POSITIVE_INFINITY)) throw new Error(`input ${i} is missing`);
    if (type && i < floats && type.dtype !== 'float32') throw new Error(`input ${i} must be float32, not ${type.dtype}`);
  });
}
