/** Convolution nodes of a TF.js graph: which there are, and their kernels and biases in ONNX's layout. */
import type { Tensor } from '../../graph/tensor.ts';
import { type Affine, batchNorm, type Constant, perChannel } from './constants.ts';
import type { Source } from './source.ts';
import { type FileNode, texts } from './topology.ts';

const DENSE = new Set(['Conv2D', '_FusedConv2D', 'FusedConv2D']);
const DEPTHWISE = new Set(['DepthwiseConv2dNative', 'DepthwiseConv2d', 'FusedDepthwiseConv2dNative', '_FusedDepthwiseConv2dNative']);

/** Whether the node is a convolution, fused with what follows it or not. */
export function isConvolution(node: FileNode): boolean {
  return DENSE.has(node.op) || DEPTHWISE.has(node.op);
}

/** Whether every channel has its own kernel. */
export function isDepthwise(node: FileNode): boolean {
  return DEPTHWISE.has(node.op);
}

/** The non-linearity that a fused convolution ends with, as TensorFlow names it: `Relu6`. */
export function fusedActivation(node: FileNode): string | undefined {
  return texts(node, 'fused_ops').find((op) => op !== 'BiasAdd' && op !== 'FusedBatchNorm');
}

/** The name of a fused convolution's value before its non-linearity, which the file has no name for. */
export function preactivation(node: string): string {
  return `${node}/preactivation`;
}

/** Whether a batch norm after it can still be folded in: nothing non-linear comes between. */
export function takesMore(node: FileNode): boolean {
  return fusedActivation(node) === undefined;
}

/** The kernel as the file has it, `[kH,kW,C,M]`; nothing unless it is a float32 constant. */
export function kernelOf(source: Source, node: FileNode): Tensor<'float32'> | undefined {
  const kernel = source.constant(node.inputs[1] ?? '');
  return kernel?.dtype === 'float32' && kernel.shape.length === 4 ? kernel : undefined;
}

/** The number of channels it makes; nothing unless its kernel is constant. */
export function outputChannels(source: Source, node: FileNode): number | undefined {
  const shape = kernelOf(source, node)?.shape;
  return shape && (isDepthwise(node) ? shape[2] * shape[3] : shape[3]);
}

/** What a fused convolution adds by itself; nothing where its constants do not fit. */
export function fusedAffine(source: Source, node: FileNode, channels: number): Affine | undefined {
  const extra: (Constant | undefined)[] = node.inputs.slice(2).map((name) => source.constant(name));
  const fused = texts(node, 'fused_ops');
  if (fused[0] === 'FusedBatchNorm') return batchNorm(node, extra, channels);
  const offset = fused[0] === 'BiasAdd' ? perChannel(extra[0], channels) : new Float64Array(channels);
  return offset && { scale: new Float64Array(channels).fill(1), offset };
}

/**
 * Kernel `[M,C/group,kH,kW]` and bias `[M]` of a convolution with scales and offsets of its output channels folded in.
 * From `[kH,kW,C,M]`; depthwise from `[kH,kW,C,multiplier]`, output channel `c·multiplier + m`.
 */
export function foldKernel(
  kernel: Tensor<'float32'>,
  depthwise: boolean,
  { scale, offset }: Affine,
): { kernel: Tensor<'float32'>; bias: Tensor<'float32'> } {
  const [height, width, inputs, last] = kernel.shape;
  const outputs = depthwise ? inputs * last : last;
  const perOutput = depthwise ? 1 : inputs;
  const data = new Float32Array(kernel.data.length);
  let at = 0;
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < perOutput; input++) {
      // In both layouts the last two axes, [C,M] or [C,multiplier], are indexed alike once flattened.
      const column = depthwise ? output : input * last + output;
      for (let position = 0; position < height * width; position++)
        data[at++] = kernel.data[position * inputs * last + column] * scale[output];
    }
  }
  return {
    kernel: { dtype: 'float32', shape: [outputs, perOutput, height, width], data },
    bias: { dtype: 'float32', shape: [outputs], data: Float32Array.from(offset) },
  };
}
