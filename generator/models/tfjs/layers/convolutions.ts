/** Rules for Keras's layers with kernels: convolutions, dense layers, normalisations. */
import { z } from 'zod';
import { float32 } from '../../../graph/tensor.ts';
import type { Attribute } from '../topology.ts';
import { activationOf } from './activations.ts';
import { type Build, bytes, field, ints, pair, real, type Step, Unreadable } from './build.ts';
import type { LayerConfig } from './config.ts';

/** What a layer does to its inputs, one after another. */
export type Rule = (layer: LayerConfig, build: Build) => readonly Step[];

/** Throws {@link Unreadable} for a layer that does not have its channels last. */
export function requireChannelsLast(layer: LayerConfig): void {
  const format = field(layer, 'data_format', z.string(), 'channels_last');
  if (format.toLowerCase().replace('_', '') !== 'channelslast') throw new Unreadable('channels last', format);
}

/** Strides, dilation and padding, as attributes of TensorFlow's nodes. */
export function windowOf(layer: LayerConfig, strides: readonly number[]): Record<string, Attribute> {
  requireChannelsLast(layer);
  const padding = field(layer, 'padding', z.string(), 'valid').toUpperCase();
  const dilations = field(layer, 'dilation_rate', pair, [1, 1]);
  return { padding: bytes(padding), strides: ints(1, ...strides, 1), dilations: ints(1, ...dilations, 1) };
}

const strides = (layer: LayerConfig) => field(layer, 'strides', pair, [1, 1]);

function biasOf(layer: LayerConfig, build: Build): readonly Step[] {
  return field(layer, 'use_bias', z.boolean(), true) ? [{ op: 'BiasAdd', inputs: [build.weight(layer, 'bias')] }] : [];
}

function convolution(op: string, kernel: string): Rule {
  return (layer, build) => [
    { op, inputs: [build.weight(layer, kernel)], attributes: windowOf(layer, strides(layer)) },
    ...biasOf(layer, build),
    ...activationOf(layer),
  ];
}

const separable: Rule = (layer, build) => {
  const once = { padding: bytes('VALID'), strides: ints(1, 1, 1, 1) };
  return [
    {
      op: 'DepthwiseConv2dNative',
      as: 'depthwise',
      inputs: [build.weight(layer, 'depthwise_kernel')],
      attributes: windowOf(layer, strides(layer)),
    },
    { op: 'Conv2D', as: 'pointwise', inputs: [build.weight(layer, 'pointwise_kernel')], attributes: once },
    ...biasOf(layer, build),
    ...activationOf(layer),
  ];
};

const dense: Rule = (layer, build) => [
  { op: 'Dense', inputs: [build.weight(layer, 'kernel')] },
  ...biasOf(layer, build),
  ...activationOf(layer),
];

/** A weight, or ones or zeros of another's shape where the layer is said to have none. */
function optional(layer: LayerConfig, build: Build, has: string, name: string, like: string, value: number): string {
  if (field(layer, has, z.boolean(), true)) return build.weight(layer, name);
  const { shape, data } = build.tensor(layer, like);
  return build.constant(build.named(layer, name), float32(shape, new Float32Array(data.length).fill(value)));
}

/** The one axis that a layer normalises, or its channels, counted from the end. */
function requireLastAxis(layer: LayerConfig): void {
  const axis = field(layer, 'axis', z.union([z.int(), z.tuple([z.int()]).transform(([one]) => one)]), -1);
  // Written as a positive number it is the rank of a map of channels, or of a vector, less one.
  if (![-1, 3, 1].includes(axis)) throw new Unreadable('the last axis', axis);
}

const batchNormalization: Rule = (layer, build) => {
  requireLastAxis(layer);
  const inputs = [
    optional(layer, build, 'scale', 'gamma', 'moving_mean', 1),
    optional(layer, build, 'center', 'beta', 'moving_mean', 0),
    build.weight(layer, 'moving_mean'),
    build.weight(layer, 'moving_variance'),
  ];
  const epsilon = real(field(layer, 'epsilon', z.number(), 1e-3));
  return [{ op: 'FusedBatchNormV3', inputs, attributes: { epsilon, is_training: { b: false } } }];
};

const layerNormalization: Rule = (layer, build) => {
  requireLastAxis(layer);
  const scaled = field(layer, 'scale', z.boolean(), true);
  const centred = field(layer, 'center', z.boolean(), true);
  if (!scaled && !centred) throw new Unreadable('a scale or a centre', 'neither');
  const inputs = [optional(layer, build, 'scale', 'gamma', 'beta', 1), optional(layer, build, 'center', 'beta', 'gamma', 0)];
  return [{ op: 'LayerNormalization', inputs, attributes: { epsilon: real(field(layer, 'epsilon', z.number(), 1e-3)) } }];
};

/** By Keras's class. */
export const CONVOLUTIONS: Readonly<Record<string, Rule>> = {
  Conv2D: convolution('Conv2D', 'kernel'),
  DepthwiseConv2D: convolution('DepthwiseConv2dNative', 'depthwise_kernel'),
  SeparableConv2D: separable,
  Conv2DTranspose: convolution('Conv2DTranspose', 'kernel'),
  Dense: dense,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
};
