/** The table of Keras layers that can be read, each with its rule. To add one, write its rule and enter it here. */
import { z } from 'zod';
import { activationOf } from './activations.ts';
import { bytes, field, int32, ints, pair, real, Unreadable } from './build.ts';
import { CONVOLUTIONS, type Rule, requireChannelsLast, windowOf } from './convolutions.ts';

const number = z.number();

function pooling(op: string): Rule {
  return (layer) => {
    const size = field(layer, 'pool_size', pair, [2, 2]);
    const attributes = windowOf(layer, field(layer, 'strides', pair, size));
    return [{ op, attributes: { ...attributes, ksize: ints(1, ...size, 1) } }];
  };
}

function globalPooling(op: string): Rule {
  return (layer, build) => {
    requireChannelsLast(layer);
    const axes = build.constant('~height-and-width', int32([2], [1, 2]));
    return [{ op, inputs: [axes], attributes: { keep_dims: { b: field(layer, 'keepdims', z.boolean(), false) } } }];
  };
}

/** An operation on any number of values. */
const merge =
  (op: string): Rule =>
  () => [{ op }];

const concatenate: Rule = (layer, build) => [
  { op: 'ConcatV2', inputs: [build.constant(build.named(layer, 'axis'), int32([], [field(layer, 'axis', z.int(), -1)]))] },
];

/** `[[top, bottom], [left, right]]`, in any of its shorter forms. */
const margins = z.union([
  z.tuple([z.tuple([z.int(), z.int()]), z.tuple([z.int(), z.int()])]),
  pair.transform(([h, w]): [[number, number], [number, number]] => [
    [h, h],
    [w, w],
  ]),
]);

const zeroPadding: Rule = (layer, build) => {
  requireChannelsLast(layer);
  const [[top, bottom], [left, right]] = field(layer, 'padding', margins, [
    [1, 1],
    [1, 1],
  ]);
  return [{ op: 'Pad', inputs: [build.constant(build.named(layer, 'padding'), int32([4, 2], [0, 0, top, bottom, left, right, 0, 0]))] }];
};

const cropping: Rule = (layer) => {
  requireChannelsLast(layer);
  const [rows, columns] = field(layer, 'cropping', margins, [
    [0, 0],
    [0, 0],
  ]);
  return [{ op: 'Cropping2D', attributes: { cropping: ints(...rows, ...columns) } }];
};

const upSampling: Rule = (layer) => {
  requireChannelsLast(layer);
  const size = field(layer, 'size', pair, [2, 2]);
  return [
    {
      op: 'UpSampling2D',
      attributes: { size: ints(...size), interpolation: bytes(field(layer, 'interpolation', z.string(), 'nearest')) },
    },
  ];
};

const relu: Rule = (layer) => {
  const most = field(layer, 'max_value', number, Number.POSITIVE_INFINITY);
  const slope = field(layer, 'negative_slope', number, 0);
  const threshold = field(layer, 'threshold', number, 0);
  if (slope === 0 && threshold === 0 && (most === 6 || most === Number.POSITIVE_INFINITY))
    return [{ op: most === 6 ? 'Relu6' : 'Relu', activation: true }];
  return [{ op: 'ReLU', activation: true, attributes: { max_value: real(most), negative_slope: real(slope), threshold: real(threshold) } }];
};

const leakyRelu: Rule = (layer) => {
  // The name of the older versions, then that of Keras 3.
  const slope = field(layer, 'alpha', number, field(layer, 'negative_slope', number, 0.3));
  return [{ op: 'LeakyRelu', activation: true, attributes: { alpha: real(slope) } }];
};

const softmax: Rule = (layer) => {
  const axis = field(layer, 'axis', z.int(), -1);
  if (axis !== -1 && axis !== 3) throw new Unreadable('the last axis', axis);
  return [{ op: 'Softmax', activation: true }];
};

const permute: Rule = (layer, build) => {
  const dims = field(layer, 'dims', z.array(z.int().positive()), []);
  return [{ op: 'Transpose', inputs: [build.constant(build.named(layer, 'dims'), int32([dims.length + 1], [0, ...dims]))] }];
};

const extents = z.array(
  z
    .int()
    .nullable()
    .transform((extent) => extent ?? -1),
);
const reshape: Rule = (layer) => [{ op: 'ReshapeEach', attributes: { shape: ints(...field(layer, 'target_shape', extents, [])) } }];

const rescaling: Rule = (layer) => {
  const value = z.union([z.number(), z.array(z.number())]);
  const [scale, offset] = [field(layer, 'scale', value, 1), field(layer, 'offset', value, 0)];
  const attribute = (given: number | number[]) => ({ list: { f: Array.isArray(given) ? given : [given] } });
  return [{ op: 'Rescaling', attributes: { scale: attribute(scale), offset: attribute(offset) } }];
};

/** Nothing, once training is over. */
const nothing: Rule = () => [];

/** By Keras's class; InputLayer and networks aside. */
export const CLASSES: Readonly<Record<string, Rule>> = {
  ...CONVOLUTIONS,
  Activation: (layer) => activationOf(layer),
  ReLU: relu,
  LeakyReLU: leakyRelu,
  PReLU: (layer, build) => [{ op: 'Prelu', activation: true, inputs: [build.weight(layer, 'alpha')] }],
  ELU: (layer) => [{ op: 'Elu', activation: true, attributes: { alpha: real(field(layer, 'alpha', number, 1)) } }],
  ThresholdedReLU: (layer) => [{ op: 'ThresholdedRelu', activation: true, attributes: { alpha: real(field(layer, 'theta', number, 1)) } }],
  Softmax: softmax,
  MaxPooling2D: pooling('MaxPool'),
  AveragePooling2D: pooling('AvgPool'),
  GlobalAveragePooling2D: globalPooling('Mean'),
  GlobalMaxPooling2D: globalPooling('Max'),
  Add: merge('AddN'),
  Subtract: merge('Sub'),
  Multiply: merge('Mul'),
  Average: merge('Average'),
  Maximum: merge('Maximum'),
  Minimum: merge('Minimum'),
  Concatenate: concatenate,
  ZeroPadding2D: zeroPadding,
  Cropping2D: cropping,
  UpSampling2D: upSampling,
  Flatten: (layer) => {
    requireChannelsLast(layer);
    return [{ op: 'Flatten' }];
  },
  Reshape: reshape,
  Permute: permute,
  Rescaling: rescaling,
  Identity: nothing,
  Dropout: nothing,
  SpatialDropout2D: nothing,
  AlphaDropout: nothing,
  GaussianDropout: nothing,
  GaussianNoise: nothing,
  ActivityRegularization: nothing,
};
