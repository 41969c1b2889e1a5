/** Rules for operators that make maps larger or cut them: transposed convolutions, up-sampling, cropping, global maxima. */
import type { Tensor } from '../../graph/tensor.ts';
import { perChannel } from './constants.ts';
import { constantOperand } from './elementwise.ts';
import type { Lower } from './lowering.ts';
import { axisOf, reshapeTo } from './shaping.ts';
import { flag, integers, text } from './topology.ts';

/** The gradient of a convolution as an operation of its own: kernel `[kH,kW,M,C]`, and the padding of the convolution that it is the gradient of. */
export const transposedConvolution: Lower = (node, lowering, output) => {
  const { builder } = lowering;
  const input = lowering.value(node);
  const kernel = lowering.constant(node, 1);
  if (kernel.dtype !== 'float32' || kernel.shape.length !== 4 || builder.shape(input).length !== 4)
    throw lowering.refuse(node, 'a map and a constant float32 kernel with four axes', `[${kernel.shape}]`);
  const [, , outputs, inputs] = kernel.shape;
  const strides = integers(node, 'strides', [1, 1, 1, 1]).slice(1, 3);
  const dilations = integers(node, 'dilations', [1, 1, 1, 1]).slice(1, 3);
  const padding = text(node, 'padding', 'VALID');
  if (!['SAME', 'VALID'].includes(padding)) throw lowering.refuse(node, 'SAME or VALID padding', padding);
  const reach = kernel.shape.slice(0, 2).map((extent, i) => dilations[i] * (extent - 1) + 1);
  // SAME: stride times as large, so what the kernel reaches beyond that is cut, the odd pixel at the end.
  const beyond = reach.map((extent, i) => (padding === 'SAME' ? Math.max(extent - strides[i], 0) : 0));
  const before = beyond.map((extent) => Math.floor(extent / 2));
  const pads = [...before, ...beyond.map((extent, i) => extent - before[i])];
  const output_padding = reach.map((extent, i) => Math.max(strides[i] - extent, 0));
  const data = new Float32Array(kernel.data.length);
  const area = kernel.shape[0] * kernel.shape[1];
  for (let position = 0; position < area; position++)
    for (let m = 0; m < outputs; m++)
      for (let c = 0; c < inputs; c++) data[(c * outputs + m) * area + position] = kernel.data[(position * outputs + m) * inputs + c];
  const turned: Tensor<'float32'> = { dtype: 'float32', shape: [inputs, outputs, kernel.shape[0], kernel.shape[1]], data };
  const attributes = { strides, pads, dilations, group: 1, output_padding };
  return lowering.add('ConvTranspose', [input, builder.constant(turned, `${output}~kernel`)], attributes, output);
};

/** Keras's UpSampling2D as TF.js computes it: repetition, or bilinear between samples at the corners of pixels. */
export const upSampling: Lower = (node, lowering, output) => {
  const { builder } = lowering;
  const interpolation = text(node, 'interpolation', 'nearest');
  if (interpolation !== 'nearest' && interpolation !== 'bilinear') throw lowering.refuse(node, 'nearest or bilinear', interpolation);
  const scales = builder.constant({ dtype: 'float32', shape: [4], data: Float32Array.from([1, 1, ...integers(node, 'size', [2, 2])]) });
  const attributes = {
    mode: interpolation === 'nearest' ? 'nearest' : 'linear',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
    cubic_coeff_a: -0.75,
    exclude_outside: 0,
  } as const;
  return lowering.add('Resize', [lowering.value(node), '', scales], attributes, output);
};

/** Rows and columns cut off: `[top, bottom, left, right]`. */
export const cropping: Lower = (node, lowering, output) => {
  const { builder } = lowering;
  const input = lowering.value(node);
  const [top, bottom, left, right] = integers(node, 'cropping', [0, 0, 0, 0]);
  const [, , height, width] = builder.shape(input);
  const bounds = [
    [top, left],
    [height - bottom, width - right],
    [2, 3],
    [1, 1],
  ].map((values) => builder.integers(values));
  return lowering.add('Slice', [input, ...bounds], {}, output);
};

/** The greatest value over some axes. */
export const max: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  const rank = lowering.builder.shape(input).length;
  const axes = lowering.integers(node, 1).map((axis) => axisOf(axis, rank, node, lowering));
  const keepdims = flag(node, 'keep_dims', false);
  if (rank === 4 && `${axes}` === '2,3' && keepdims) return lowering.add('GlobalMaxPool', [input], {}, output);
  if (rank === 4 && `${axes}` !== '2,3' && !keepdims) throw lowering.refuse(node, 'the axes of height and width', `${axes}`);
  return lowering.add('ReduceMax', [input], { axes, keepdims: Number(keepdims) }, output);
};

/** Another order of the file's axes. */
export const transpose: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  const order = lowering.integers(node, 1);
  const rank = lowering.builder.shape(input).length;
  if (order.length !== rank) throw lowering.refuse(node, `an order of ${rank} axes`, `${order}`);
  const perm = new Array<number>(rank);
  for (const [to, from] of order.entries()) perm[axisOf(to, rank, node, lowering)] = axisOf(from, rank, node, lowering);
  return lowering.add('Transpose', [input], { perm }, output);
};

/** Each image's values in one row, in the file's order. */
export const flatten: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  const [batch, ...rest] = lowering.fileShape(input);
  return reshapeTo(input, [batch, rest.reduce((product, extent) => product * extent, 1)], lowering, output);
};

/** Each image in another shape, one extent of which may be -1. */
export const reshapeEach: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  const [batch, ...rest] = lowering.fileShape(input);
  const target = integers(node, 'shape', []);
  const whole = rest.reduce((product, extent) => product * extent, 1);
  const known = target.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  const shape = target.map((extent) => (extent === -1 ? whole / known : extent));
  if (shape.reduce((product, extent) => product * extent, 1) !== whole || shape.some((extent) => !Number.isInteger(extent)))
    throw lowering.refuse(node, `a shape of ${whole} values`, `[${target}]`);
  return reshapeTo(input, [batch, ...shape], lowering, output);
};

/** `scale·x + offset`, by channel or for all. */
export const rescaling: Lower = (node, lowering, output) => {
  const { builder } = lowering;
  const input = lowering.value(node);
  const shape = builder.shape(input);
  const [scale, offset] = ['scale', 'offset'].map((name) => {
    const values = (node.attributes[name]?.list?.f ?? []).map(Number);
    const constant = { dtype: 'float32', shape: [values.length], data: Float32Array.from(values) } as const;
    if (!perChannel(constant, shape[1])) throw lowering.refuse(node, `one number or ${shape[1]}`, `${values.length}`);
    return constantOperand(constant, shape.length, lowering);
  });
  const scaled = builder.add('Mul', [input, scale], {}, { name: `${output}~scaled`, outputs: [`${output}~scaled`] });
  return lowering.add('Add', [scaled, offset], {}, output);
};
