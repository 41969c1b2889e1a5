/** Rules for convolutions, batch norms and pooling: padding made explicit, affine maps folded into kernels. */
import { slide } from '../../graph/shapes.ts';
import { batchNorm } from './constants.ts';
import { activate, constantOperand, requireActivation } from './elementwise.ts';
import { foldKernel, fusedActivation, fusedAffine, isDepthwise, kernelOf, outputChannels, preactivation } from './kernels.ts';
import type { Lower, Lowering } from './lowering.ts';
import { type FileNode, integers, text } from './topology.ts';

/** A window over height and width. */
interface Window {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** `[top, left, bottom, right]`. */
  readonly pads: readonly number[];
}

/** Reads a node's window and makes its padding explicit for the size that its input has here. */
function windowOf(node: FileNode, lowering: Lowering, input: string, kernel: readonly number[]): Window {
  const format = text(node, 'data_format', 'NHWC');
  if (format !== 'NHWC') throw lowering.refuse(node, 'NHWC', format);
  const spatial = (name: string) => integers(node, name, [1, 1, 1, 1]).slice(1, 3);
  const strides = spatial('strides');
  const dilations = spatial('dilations');
  const extents = lowering.builder.shape(input).slice(2);
  if (extents.length !== 2) throw lowering.refuse(node, 'an input with four axes', `${extents.length + 2}`);
  const pads = padsOf(node, lowering, extents, kernel, strides, dilations);
  for (const [i, extent] of extents.entries()) {
    if (slide(extent, kernel[i], strides[i], pads[i], pads[i + 2], dilations[i]) < 1)
      throw lowering.refuse(node, `at least ${dilations[i] * (kernel[i] - 1) + 1 - pads[i] - pads[i + 2]} positions`, `${extent}`);
  }
  return { strides, dilations, pads };
}

function padsOf(
  node: FileNode,
  lowering: Lowering,
  extents: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
): number[] {
  const padding = text(node, 'padding', '');
  if (padding === 'VALID') return [0, 0, 0, 0];
  if (padding === 'SAME') {
    // TensorFlow's rule: as many outputs as strides fit, and the odd pixel of padding goes after.
    const totals = extents.map((extent, i) => {
      const reach = dilations[i] * (kernel[i] - 1) + 1;
      return Math.max((Math.ceil(extent / strides[i]) - 1) * strides[i] + reach - extent, 0);
    });
    const before = totals.map((total) => Math.floor(total / 2));
    return [...before, ...totals.map((total, i) => total - before[i])];
  }
  // `[before, after]` for each of N, H, W, C.
  const explicit = integers(node, 'explicit_paddings', []);
  if (padding === 'EXPLICIT' && explicit.length === 8) return [explicit[2], explicit[4], explicit[3], explicit[5]];
  throw lowering.refuse(node, 'SAME, VALID or EXPLICIT padding', padding);
}

/** Any convolution, with the fused or following bias, batch norm and non-linearity. */
export const convolution: Lower = (node, lowering, output) => {
  const { source, folding, kernels, builder } = lowering;
  const input = lowering.value(node);
  const kernel = kernelOf(source, node);
  const outputs = outputChannels(source, node);
  if (!kernel || outputs === undefined) throw lowering.refuse(node, 'a constant float32 kernel with four axes', node.inputs[1]);
  const activation = fusedActivation(node);
  requireActivation(activation, node, lowering);
  const own = fusedAffine(source, node, outputs);
  if (!own) throw lowering.refuse(node, 'a constant bias or batch norm', node.inputs.slice(2).join(', '));
  const { strides, dilations, pads } = windowOf(node, lowering, input, kernel.shape);
  const chain = folding.chains.get(node.name);
  const affine = chain
    ? { scale: own.scale.map((x, c) => x * chain.scale[c]), offset: own.offset.map((x, c) => x * chain.scale[c] + chain.offset[c]) }
    : own;
  const key = JSON.stringify([node.name, ...(chain?.absorbed ?? [])]);
  const folded = kernels.get(key) ?? foldKernel(kernel, isDepthwise(node), affine);
  kernels.set(key, folded);
  const linear = activation === undefined ? output : preactivation(output);
  const inputs = [input, builder.constant(folded.kernel, `${output}~kernel`), builder.constant(folded.bias, `${output}~bias`)];
  const channels = builder.shape(input)[1];
  const group = isDepthwise(node) ? channels : channels / kernel.shape[2];
  const made = lowering.add('Conv', inputs, { strides, pads, dilations, group }, linear);
  if (activation === undefined) return made;
  lowering.fileOperators.set(output, activation);
  // Its constant, such as Prelu's slopes, is the last input.
  return activate(activation, node, linear, node.inputs.length - 1, lowering, output);
};

/** A batch norm that no convolution could absorb: one multiplication and one addition. */
export const batchNormalisation: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  const shape = lowering.builder.shape(input);
  const affine = batchNorm(
    node,
    [1, 2, 3, 4].map((index) => lowering.constant(node, index)),
    shape[1],
  );
  if (!affine || (shape.length !== 4 && shape.length !== 2)) throw lowering.refuse(node, 'fixed statistics for every channel', 'others');
  const operand = (values: Float64Array) =>
    constantOperand({ dtype: 'float32', shape: [values.length], data: Float32Array.from(values) }, shape.length, lowering);
  const scaled = lowering.builder.add('Mul', [input, operand(affine.scale)], {}, { name: `${output}~scaled` });
  return lowering.add('Add', [scaled, operand(affine.offset)], {}, output);
};

/** MaxPool and AvgPool; padding counts in neither. */
export const pooling: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  const kernel_shape = integers(node, 'ksize', [1, 1, 1, 1]).slice(1, 3);
  const { strides, dilations, pads } = windowOf(node, lowering, input, kernel_shape);
  if (node.op === 'MaxPool') return lowering.add('MaxPool', [input], { kernel_shape, strides, pads, dilations, ceil_mode: 0 }, output);
  return lowering.add('AveragePool', [input], { kernel_shape, strides, pads, ceil_mode: 0, count_include_pad: 0 }, output);
};
