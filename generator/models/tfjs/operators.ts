/** The table of TensorFlow operators that can be read, each with its rule. To add one, write its rule and enter it here. */
import { batchNormalisation, convolution, pooling } from './convolution.ts';
import { binary, clip, sum, unary } from './elementwise.ts';
import type { Lower } from './lowering.ts';
import { concat, expandDims, identity, matmul, mean, mirrorPad, pad, reshape, shapeOf, softmax, squeeze } from './shaping.ts';

/** By TensorFlow's name. */
export const OPERATORS: Readonly<Record<string, Lower>> = {
  Conv2D: convolution,
  _FusedConv2D: convolution,
  FusedConv2D: convolution,
  DepthwiseConv2dNative: convolution,
  DepthwiseConv2d: convolution,
  FusedDepthwiseConv2dNative: convolution,
  _FusedDepthwiseConv2dNative: convolution,
  FusedBatchNorm: batchNormalisation,
  FusedBatchNormV2: batchNormalisation,
  FusedBatchNormV3: batchNormalisation,
  MaxPool: pooling,
  AvgPool: pooling,
  Mean: mean,
  Add: binary('Add'),
  AddV2: binary('Add'),
  BiasAdd: binary('Add'),
  AddN: sum,
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  RealDiv: binary('Div'),
  Relu: unary('Relu'),
  Relu6: clip(0, 6),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Exp: unary('Exp'),
  Sqrt: unary('Sqrt'),
  Abs: unary('Abs'),
  Neg: unary('Neg'),
  Softmax: softmax,
  ConcatV2: concat,
  Pad: pad,
  PadV2: pad,
  MirrorPad: mirrorPad,
  Identity: identity,
  StopGradient: identity,
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: expandDims,
  MatMul: matmul,
  Shape: shapeOf,
};
