/**
 * The table of TensorFlow operators that can be read, each with its rule. To add one, write its rule and enter it here. The last group are
 * not TensorFlow's: they are what layers of Keras amount to.
 */
import { elu, gelu, geluNew, hardSigmoid, kerasRelu, mish, selu, swish, thresholdedRelu } from './activations.ts';
import { batchNormalisation, convolution, pooling } from './convolution.ts';
import { dense, layerNormalisation } from './dense.ts';
import { average, binary, bound, nonlinearity, sum, unary } from './elementwise.ts';
import type { Lower } from './lowering.ts';
import { cropping, flatten, max, rescaling, reshapeEach, transpose, transposedConvolution, upSampling } from './resampling.ts';
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
  Max: max,
  Transpose: transpose,
  Elu: elu,
  Selu: selu,
  Softplus: unary('Softplus'),
  Softsign: unary('Softsign'),
  Add: binary('Add'),
  AddV2: binary('Add'),
  BiasAdd: binary('Add'),
  AddN: sum,
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  RealDiv: binary('Div'),
  Relu: nonlinearity,
  Relu6: nonlinearity,
  Prelu: nonlinearity,
  LeakyRelu: nonlinearity,
  Sigmoid: nonlinearity,
  Tanh: nonlinearity,
  Maximum: bound('min'),
  Minimum: bound('max'),
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

  HardSigmoid: hardSigmoid,
  ThresholdedRelu: thresholdedRelu,
  ReLU: kerasRelu,
  Swish: swish,
  Mish: mish,
  Gelu: gelu,
  GeluNew: geluNew,
  Average: average,
  Dense: dense,
  LayerNormalization: layerNormalisation,
  Conv2DTranspose: transposedConvolution,
  UpSampling2D: upSampling,
  Cropping2D: cropping,
  Flatten: flatten,
  ReshapeEach: reshapeEach,
  Rescaling: rescaling,
};
