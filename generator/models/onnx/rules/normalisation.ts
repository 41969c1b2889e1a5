/** Rules for normalisations. A batch norm is one multiplication and one addition, which a convolution before it takes in. */
import { positive } from '../../../graph/shapes/inference.ts';
import type { Rule, Step } from '../rule.ts';
import type { Constant } from '../tensors.ts';

/** A constant with one value for each of `channels`. */
function perChannel(step: Step, index: number, channels: number): Constant {
  const constant = step.constant(index);
  if (constant?.dtype !== 'float32' || constant.data.length !== channels)
    throw step.refuse(`${channels} floats as input ${index}, one a channel`, constant ? `${constant.dtype}[${constant.shape}]` : 'nothing');
  return constant;
}

/** A constant along axis 1 of a value of `rank` axes. */
function alongChannels(step: Step, values: ArrayLike<number>, rank: number): string {
  const shape = [values.length, ...new Array<number>(Math.max(0, rank - 2)).fill(1)];
  return step.nameOf({ dtype: 'float32', shape, data: Float32Array.from(values) });
}

/** Ioffe & Szegedy 2015, algorithm 2, with fixed statistics. */
const batchNormalization: Rule = (step) => {
  const x = step.value();
  const shape = step.shape(x);
  if (step.int('training_mode', 0) === 1 || step.int('spatial', 1) === 0)
    throw step.refuse('fixed statistics, one a channel', 'others', 'Export the model in inference mode: model.eval().');
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => perChannel(step, index, shape[1]).data);
  const epsilon = step.float('epsilon', 1e-5);
  const scale = Float64Array.from(gamma, (value, c) => value / Math.sqrt(variance[c] + epsilon));
  const offset = Float64Array.from(beta, (value, c) => value - mean[c] * scale[c]);
  const scaled = step.add('Mul', [x, alongChannels(step, scale, shape.length)], {});
  return step.make('Add', [scaled, alongChannels(step, offset, shape.length)], {});
};

const instanceNormalization: Rule = (step) => {
  const x = step.value();
  const channels = step.shape(x)[1];
  perChannel(step, 1, channels);
  perChannel(step, 2, channels);
  return step.make('InstanceNormalization', [x, step.value(1), step.value(2)], { epsilon: step.float('epsilon', 1e-5) });
};

/** Over groups of channels (Wu & He 2018); scale and bias are a group's before version 21, a channel's from then on. */
const groupNormalization: Rule = (step) => {
  const x = step.value();
  const shape = step.shape(x);
  const groups = step.int('num_groups', 0);
  const channels = shape[1];
  if (!(groups > 0) || channels % groups !== 0) throw step.refuse(`groups that make up ${channels} channels`, groups);
  const flat = step.add('Reshape', [x, step.integers([shape[0], groups, -1])], { allowzero: 0 });
  const units = [1, 0].map((value) => alongChannels(step, new Array<number>(groups).fill(value), 2));
  const normal = step.add('InstanceNormalization', [flat, ...units], { epsilon: step.float('epsilon', 1e-5) });
  const back = step.add('Reshape', [normal, step.integers(shape)], { allowzero: 0 });
  const spread = (index: number) => {
    const own = perChannel(step, index, step.opset < 21 ? groups : channels).data;
    const each = channels / own.length;
    return alongChannels(
      step,
      Float32Array.from({ length: channels }, (_, c) => own[Math.floor(c / each)]),
      shape.length,
    );
  };
  return step.make('Add', [step.add('Mul', [back, spread(1)], {}), spread(2)], {});
};

const layerNormalization: Rule = (step) =>
  step.make('LayerNormalization', [step.value(0), step.value(1), ...(step.has(2) ? [step.value(2)] : [])], {
    axis: step.int('axis', -1),
    epsilon: step.float('epsilon', 1e-5),
  });

/** x / √(mean x² + ε) · scale (Zhang & Sennrich 2019). */
const rmsNormalization: Rule = (step) => {
  const x = step.value();
  const rank = step.shape(x).length;
  const start = positive(step.int('axis', -1), rank);
  const axes = Array.from({ length: rank - start }, (_, i) => start + i);
  const square = step.add('ReduceMean', [step.add('Mul', [x, x], {})], { axes, keepdims: 1 });
  const length = step.add('Sqrt', [step.add('Add', [square, step.scalar(step.float('epsilon', 1e-5))], {})], {});
  return step.make('Mul', [step.add('Div', [x, length], {}), step.value(1)], {});
};

const lrn: Rule = (step) =>
  step.make('LRN', [step.value()], {
    alpha: step.float('alpha', 1e-4),
    beta: step.float('beta', 0.75),
    bias: step.float('bias', 1),
    size: step.int('size', 0),
  });

const lpNormalization: Rule = (step) => {
  const x = step.value();
  const p = step.int('p', 2);
  if (p !== 1 && p !== 2) throw step.refuse('p of 1 or 2', p);
  const axes = [positive(step.int('axis', -1), step.shape(x).length)];
  return step.make('Div', [x, step.add(p === 1 ? 'ReduceL1' : 'ReduceL2', [x], { axes, keepdims: 1 })], {});
};

/** (x − mean) / (deviation + 1e-9), as ONNX defines it by other operators. */
const meanVarianceNormalization: Rule = (step) => {
  const x = step.value();
  // Over the images of a batch, as the default has it, a picture would depend on its neighbours: each is its own.
  const axes = (step.ints('axes') ?? [0, 2, 3]).filter((axis) => axis !== 0);
  const centred = step.add('Sub', [x, step.add('ReduceMean', [x], { axes, keepdims: 1 })], {});
  const variance = step.add('ReduceMean', [step.add('Mul', [centred, centred], {})], { axes, keepdims: 1 });
  const deviation = step.add('Add', [step.add('Sqrt', [variance], {}), step.scalar(1e-9)], {});
  return step.make('Div', [centred, deviation], {});
};

export const NORMALISATIONS = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  LRN: lrn,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
} satisfies Record<string, Rule>;
