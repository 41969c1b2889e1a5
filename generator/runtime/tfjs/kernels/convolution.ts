/** Convolutions. TensorFlow.js has them with the channels last and kernels `[kH,kW,C,M]`: constant kernels are turned once, when compiled. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Operators, OpName } from '../../../graph/graph.ts';
import { type Kernel, type KernelContext, type KernelTable, shapeOf, type Tfjs } from '../kernel.ts';
import { upload } from '../tensors.ts';
import { padOrCrop } from './padding.ts';

const LAST = [0, 2, 3, 1];
const FIRST = [0, 3, 1, 2];

/** A convolution's geometry, and the shape of its weights `[M, C/group, kH, kW]`. */
interface Geometry extends Readonly<Operators['Conv']> {
  readonly weights: readonly number[];
}

export const convolution = {
  Conv: planar((context) => {
    const { tf, attributes, inputs } = context;
    const geometry: Geometry = { ...attributes, weights: shapeOf(context, 1) };
    const kernels = prepared(context, (weights) => groupKernels(tf, weights, geometry));
    return (input) => {
      const y = convolve(
        tf,
        tf.transpose(input(0), LAST),
        kernels(() => input(1)),
        geometry,
      );
      return tf.transpose(inputs[2] ? tf.add(y, input(2)) : y, FIRST);
    };
  }),
  /** The gradient of a convolution by its input; with groups or dilations, which not every backend has, a convolution between inserted zeros. */
  ConvTranspose: planar((context) => {
    const { tf, attributes, inputs } = context;
    const backward = attributes.group === 1 && attributes.dilations.every((dilation) => dilation === 1);
    const { kernels, transpose } = backward ? byBackpropagation(context) : byZeros(context);
    return (input) => {
      const y = transpose(
        tf.transpose(input(0), LAST),
        kernels(() => input(1)),
      );
      return tf.transpose(inputs[2] ? tf.add(y, input(2)) : y, FIRST);
    };
  }),
} satisfies KernelTable<'Conv' | 'ConvTranspose'>;

/** A kernel for two spatial axes made one for lines too, which are pictures of one row. */
function planar<O extends 'Conv' | 'ConvTranspose'>(kernel: Kernel<O>): Kernel<O> {
  return (context) => {
    const { tf, attributes, inputs, outputs, constants } = context;
    const axes = shapeOf(context).length - 2;
    if (axes === 2) return kernel(context);
    if (axes !== 1) throw new Error(`the TensorFlow.js runtime convolves over one or two spatial axes, not ${axes}`);
    const row = (shape: readonly number[]) => [...shape.slice(0, 2), 1, ...shape.slice(2)];
    const lift = <T extends { readonly shape: readonly number[] }>(value: T | undefined, i: number) =>
      value && i < 2 ? { ...value, shape: row(value.shape) } : value;
    const { strides, dilations, pads } = attributes;
    const run = kernel({
      ...context,
      attributes: {
        ...attributes,
        strides: [1, ...strides],
        dilations: [1, ...dilations],
        pads: [0, pads[0], 0, pads[1]],
        ...('output_padding' in attributes ? { output_padding: [0, ...attributes.output_padding] } : {}),
      },
      inputs: inputs.map(lift),
      constants: constants.map(lift),
      outputs: outputs.map((type) => ({ ...type, shape: row(type.shape) })),
    });
    return (input) => {
      const result = run((i) => (i < 2 ? tf.reshape(input(i), row(input(i).shape)) : input(i)));
      return tf.reshape([result].flat()[0], [...outputs[0].shape]);
    };
  };
}

/** Kernels made of the weights: once where these are constant, else at every run. */
function prepared<O extends OpName>(
  { tf, constants, hold }: KernelContext<O>,
  make: (weights: tf.Tensor) => tf.Tensor4D[],
): (weights: () => tf.Tensor) => tf.Tensor4D[] {
  const [, known] = constants;
  if (!known) return (weights) => make(weights());
  const kernels = hold(() => make(upload(tf, known)));
  return () => kernels;
}

/** Whether every channel has its own kernels. */
const isDepthwise = ({ group, weights }: Geometry) => group > 1 && weights[1] === 1;

/** `[kH,kW,C,M]` for each group, or one of `[kH,kW,C,M/C]` for all channels where each has its own. */
function groupKernels(tf: Tfjs, weights: tf.Tensor, geometry: Geometry): tf.Tensor4D[] {
  const [outputs, inputs, height, width] = geometry.weights;
  const { group } = geometry;
  if (isDepthwise(geometry)) return [tf.transpose(tf.reshape(weights, [group, outputs / group, height, width]), [2, 3, 0, 1])];
  const size = outputs / group;
  return Array.from({ length: group }, (_, g) =>
    tf.transpose(tf.slice(weights, [g * size, 0, 0, 0], [size, inputs, height, width]) as tf.Tensor4D, [2, 3, 1, 0]),
  );
}

/** Convolves `[N,H,W,C]`. */
function convolve(tf: Tfjs, x: tf.Tensor, kernels: readonly tf.Tensor4D[], geometry: Geometry): tf.Tensor {
  const { strides, pads, dilations, group, weights } = geometry;
  const dilated = dilations.some((dilation) => dilation !== 1);
  const uneven = isDepthwise(geometry) && strides[0] !== strides[1];
  if (strides.some((stride) => stride !== 1) && (dilated || uneven)) {
    // What TensorFlow has no kernel for: every position is computed, and the ones asked for are kept.
    const dense = convolve(tf, x, kernels, { ...geometry, strides: [1, 1] });
    return tf.stridedSlice(dense, [0, 0, 0, 0], dense.shape, [1, ...strides, 1]);
  }
  const padded = pads.some((pad) => pad < 0)
    ? padOrCrop(tf, x, [
        [0, 0],
        [pads[0], pads[2]],
        [pads[1], pads[3]],
        [0, 0],
      ])
    : x;
  const around = padded !== x || pads.every((pad) => pad === 0) ? 'valid' : explicit(pads);
  const [step, spread] = [strides as [number, number], dilations as [number, number]];
  if (isDepthwise(geometry)) return tf.depthwiseConv2d(padded as tf.Tensor4D, kernels[0], step, around, 'NHWC', spread);
  const [batch, height, width] = padded.shape;
  const parts = kernels.map((kernel, g) => {
    const part = group === 1 ? padded : tf.slice(padded, [0, 0, 0, g * weights[1]], [batch, height, width, weights[1]]);
    return tf.conv2d(part as tf.Tensor4D, kernel, step, around, 'NHWC', spread);
  });
  return group === 1 ? parts[0] : tf.concat(parts, 3);
}

/** ONNX's `[top, left, bottom, right]` as TensorFlow.js has it. */
function explicit([top, left, bottom, right]: readonly number[]): [[number, number], [number, number], [number, number], [number, number]] {
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

/** A transposed convolution of `[N,H,W,C]`, and the kernels that it takes. */
interface Transposed {
  readonly kernels: (weights: () => tf.Tensor) => tf.Tensor4D[];
  readonly transpose: (x: tf.Tensor, kernels: readonly tf.Tensor4D[]) => tf.Tensor;
}

function byBackpropagation(context: KernelContext<'ConvTranspose'>): Transposed {
  const { tf, attributes, inputs } = context;
  const { strides, pads, output_padding } = attributes;
  const [batch, , ...extents] = shapeOf(context);
  const [, outputs, ...kernel] = inputs[1]?.shape ?? [];
  const [height, width] = extents.map((extent, i) => strides[i] * (extent - 1) + kernel[i]);
  const [rows, columns] = [0, 1].map((i): [number, number] => [-pads[i], output_padding[i] - pads[i + 2]]);
  return {
    kernels: prepared(context, (weights) => [tf.transpose(weights as tf.Tensor4D, [2, 3, 1, 0])]),
    transpose: (x, [weights]) => {
      const whole = tf.conv2dTranspose(x as tf.Tensor4D, weights, [batch, height, width, outputs], strides as [number, number], 'valid');
      return padOrCrop(tf, whole, [[0, 0], rows, columns, [0, 0]]);
    },
  };
}

function byZeros(context: KernelContext<'ConvTranspose'>): Transposed {
  const { tf, attributes, outputs } = context;
  const { strides, pads, dilations, group } = attributes;
  const [batch, channels, ...extents] = shapeOf(context);
  const [, perGroup, ...kernel] = shapeOf(context, 1);
  const weights = [perGroup * group, channels / group, ...kernel];
  const geometry: Geometry = { strides: [1, 1], pads: [0, 0, 0, 0], dilations, group, weights };
  const [height, width] = extents.map((extent, i) => extent * strides[i]);
  const [rows, columns] = [0, 1].map((i): [number, number] => {
    const reach = dilations[i] * (kernel[i] - 1);
    const before = reach - pads[i];
    return [before, outputs[0].shape[i + 2] + reach - before - extents[i] * strides[i]];
  });
  return {
    kernels: prepared(context, (given) => {
      const grouped = tf.transpose(tf.reshape(given, [group, channels / group, perGroup, ...kernel]), [0, 2, 1, 3, 4]);
      return groupKernels(tf, tf.reverse(tf.reshape(grouped, weights), [2, 3]), geometry);
    }),
    transpose: (x, kernels) => {
      // Zeros after every row, then after every position: as padding of a matrix, which every backend has.
      const lengthened = tf.pad(tf.reshape(x, [batch * extents[0], extents[1] * channels]), [
        [0, 0],
        [0, (strides[0] - 1) * extents[1] * channels],
      ]);
      const spread = tf.pad(tf.reshape(lengthened, [batch * height * extents[1], channels]), [
        [0, 0],
        [0, (strides[1] - 1) * channels],
      ]);
      const padded = padOrCrop(tf, tf.reshape(spread, [batch, height, width, channels]), [[0, 0], rows, columns, [0, 0]]);
      return convolve(tf, padded, kernels, geometry);
    },
  };
}
