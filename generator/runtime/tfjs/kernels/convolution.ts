/** Convolutions. TensorFlow.js has them with the channels last and kernels `[kH,kW,C,M]`: constant kernels are turned once, when compiled. */
import type * as tf from '@tensorflow/tfjs-core';
import { type KernelContext, type Kernels, shapeOf, type Tfjs } from '../kernel.ts';
import { padOrCrop } from './shape.ts';

const LAST = [0, 2, 3, 1];
const FIRST = [0, 3, 1, 2];

/** A convolution of `[N,H,W,C]` values, unpadded ones with a kernel prepared by {@link groupKernels}. */
interface Geometry {
  readonly strides: readonly number[];
  /** `[top, left, bottom, right]`; negative ones take away. */
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
  readonly group: number;
  /** `[M, C/group, kH, kW]`. */
  readonly weights: readonly number[];
}

export const convolution = {
  Conv: (context) => {
    const { tf, attributes, inputs } = context;
    const geometry: Geometry = { ...attributes, weights: shapeOf(context, 1) };
    const kernels = prepared(context, (weights) => groupKernels(tf, weights, geometry));
    return (input) => {
      const y = convolve(tf, tf.transpose(input(0), LAST), kernels(input(1)), geometry);
      return tf.transpose(inputs[2] ? tf.add(y, input(2)) : y, FIRST);
    };
  },
  ConvTranspose: (context) => {
    const { tf, attributes, inputs, outputs } = context;
    const { strides, dilations, group } = attributes;
    const plain = group === 1 && dilations.every((dilation) => dilation === 1);
    const transpose = plain ? byBackpropagation(context) : byZeros(context);
    const kernels = prepared(context, plain ? (weights) => [tf.transpose(weights, [2, 3, 1, 0])] : (weights) => flipped(tf, weights, group, strides));
    return (input) => {
      const y = transpose(tf.transpose(input(0), LAST), kernels(input(1)));
      if (y.shape[1] !== outputs[0].shape[2] || y.shape[2] !== outputs[0].shape[3]) throw new Error(`made [${y.shape}], not [${outputs[0].shape}]`);
      return tf.transpose(inputs[2] ? tf.add(y, input(2)) : y, FIRST);
    };
  },
} satisfies Kernels;
