/** Types of operators that slide windows: convolutions and pooling, over any number of spatial axes. */
import type { OpName } from '../graph.ts';
import { sizeOf } from '../tensor.ts';
import { at, checkFlag, checkWhole, checkWholes, first, type Infer, type InferTable } from './inference.ts';

/** The most positions that a window may have; a larger one is no network's. */
const MOST_POSITIONS = 2 ** 24;

/** Extent after a window slides over `extent` positions. */
export function slide(extent: number, kernel: number, stride: number, before: number, after: number, dilation = 1, ceil = false): number {
  const room = extent + before + after - (dilation * (kernel - 1) + 1);
  if (!ceil) return Math.floor(room / stride) + 1;
  const count = Math.ceil(room / stride) + 1;
  return beginsBehind(extent, kernel, stride, before, after, dilation) ? count - 1 : count;
}

/**
 * Whether the last window that a rounded-up count gives would begin in the padding behind the input. It is left out (ONNX's MaxPool from operator
 * set 22 on, PyTorch, and onnxruntime's kernels), but onnxruntime's shape inference counts it, and then refuses what comes after it.
 */
export function beginsBehind(extent: number, kernel: number, stride: number, before: number, after: number, dilation = 1): boolean {
  const room = extent + before + after - (dilation * (kernel - 1) + 1);
  return Math.ceil(room / stride) * stride >= extent + before;
}

/** Where windows of an input of shape `[N,C,…]` lie. */
interface Windows {
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations?: readonly number[];
}

/** Throws unless kernel, strides, pads and dilations have a value for each spatial axis. */
function checkWindows(shape: readonly number[], kernel: readonly number[], { strides, pads, dilations }: Windows): void {
  const axes = shape.length - 2;
  if (axes < 1) throw new Error(`[N,C,…] with a spatial axis is needed, not rank ${shape.length}`);
  checkWholes(kernel, 'the kernel', axes);
  checkWholes(strides, 'strides', axes);
  checkWholes(pads, 'pads', 2 * axes, 0);
  if (dilations) checkWholes(dilations, 'dilations', axes);
  if (sizeOf(kernel) > MOST_POSITIONS) throw new Error(`a kernel of [${kernel}] has more than 2²⁴ positions`);
}

interface Pooling extends Windows {
  readonly kernel_shape: readonly number[];
  readonly ceil_mode: number;
}

function pooled(shape: readonly number[], attributes: Pooling): number[] {
  const { kernel_shape, strides, pads, dilations, ceil_mode } = attributes;
  checkWindows(shape, kernel_shape, attributes);
  checkFlag(ceil_mode, 'ceil_mode');
  const axes = kernel_shape.length;
  const wide = kernel_shape.some((kernel, i) => Math.max(pads[i], pads[i + axes]) >= kernel);
  if (wide) throw new Error(`pads of [${pads}] are not smaller than a kernel of [${kernel_shape}]`);
  const behind = kernel_shape.some((kernel, i) =>
    beginsBehind(shape[i + 2], kernel, strides[i], pads[i], pads[i + axes], dilations?.[i] ?? 1),
  );
  if (ceil_mode === 1 && behind)
    throw new Error(
      `by ceil_mode a window begins behind [${shape}], where runtimes do not agree: pads to where the last one ends say the same`,
    );
  if (dilations) checkReach(shape, kernel_shape, strides, pads, dilations);
  const spatial = kernel_shape.map((kernel, i) =>
    slide(shape[i + 2], kernel, strides[i], pads[i], pads[i + axes], dilations?.[i] ?? 1, ceil_mode === 1),
  );
  return [shape[0], shape[1], ...spatial];
}

/** Throws where a dilated window that begins in the padding steps over the whole input: its maximum would be of nothing. */
function checkReach(
  shape: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  pads: readonly number[],
  dilations: readonly number[],
): void {
  kernel.forEach((taps, axis) => {
    for (let start = -pads[axis]; start < 0; start += strides[axis]) {
      const tap = Math.ceil(-start / dilations[axis]);
      if (tap >= taps || start + tap * dilations[axis] >= shape[axis + 2])
        throw new Error(`a window dilated by [${dilations}] holds no value of [${shape}], only padding`);
    }
  });
}

function checkBias(bias: readonly number[] | undefined, outputs: number): void {
  if (bias && (bias.length !== 1 || bias[0] !== outputs)) throw new Error(`a bias of [${bias}] does not fit ${outputs} channels`);
}

const whole: Infer<'GlobalAveragePool' | 'GlobalMaxPool'> = (inputs) => {
  const { dtype, shape } = first(inputs);
  if (shape.length < 3) throw new Error(`[N,C,…] with a spatial axis is needed, not rank ${shape.length}`);
  return [{ dtype, shape: shape.map((extent, i) => (i < 2 ? extent : 1)) }];
};

export const windows = {
  Conv: ({ types }, attributes) => {
    const { strides, pads, dilations, group } = attributes;
    const { dtype, shape } = at(types, 0);
    const [outputs, perGroup, ...kernel] = at(types, 1).shape;
    checkWindows(shape, kernel, attributes);
    checkWhole(group, 'group');
    if (perGroup * group !== shape[1] || outputs % group !== 0)
      throw new Error(`${shape[1]} channels do not fit ${group} groups of ${perGroup}`);
    checkBias(types[2]?.shape, outputs);
    const spatial = kernel.map((k, i) => slide(shape[i + 2], k, strides[i], pads[i], pads[i + kernel.length], dilations[i]));
    return [{ dtype, shape: [shape[0], outputs, ...spatial] }];
  },
  ConvTranspose: ({ types }, attributes) => {
    const { strides, pads, dilations, group, output_padding } = attributes;
    const { dtype, shape } = at(types, 0);
    const [inputs, perGroup, ...kernel] = at(types, 1).shape;
    checkWindows(shape, kernel, attributes);
    checkWholes(output_padding, 'output_padding', kernel.length, 0);
    if (output_padding.some((extent, i) => extent >= strides[i]))
      throw new Error(`output_padding of [${output_padding}] is not smaller than strides of [${strides}]`);
    checkWhole(group, 'group');
    if (inputs !== shape[1] || inputs % group !== 0) throw new Error(`${shape[1]} channels do not fit a kernel for ${inputs}`);
    checkBias(types[2]?.shape, perGroup * group);
    const spatial = kernel.map(
      (k, i) => strides[i] * (shape[i + 2] - 1) + output_padding[i] + dilations[i] * (k - 1) + 1 - pads[i] - pads[i + kernel.length],
    );
    return [{ dtype, shape: [shape[0], perGroup * group, ...spatial] }];
  },
  MaxPool: (inputs, attributes) => {
    const { dtype, shape } = first(inputs);
    const result = pooled(shape, attributes);
    return [
      { dtype, shape: result },
      { dtype: 'int64', shape: result },
    ];
  },
  AveragePool: (inputs, attributes) => [{ dtype: first(inputs).dtype, shape: pooled(first(inputs).shape, attributes) }],
  GlobalAveragePool: whole,
  GlobalMaxPool: whole,
} satisfies Partial<InferTable<OpName>>;
