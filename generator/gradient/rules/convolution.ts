/** Convolutions. The weights are constants, so that their gradients are never needed and their rearrangements are made once. */
import type { GraphBuilder } from '../../graph/builder.ts';
import { fault } from '../../graph/errors.ts';
import type { Operators, OpName } from '../../graph/graph.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Rule } from '../rule.ts';

export const convolution = {
  /**
   * Y = W ⋆ X: the input's gradient is the transposed convolution of dL/dY (Dumoulin and Visin 2016, ch. 4). At stride 1 that is a plain
   * convolution with the kernel turned by 180° and its channels transposed, which runs on the fastest kernel there is.
   */
  Conv: ({ builder, node, gradient }) => {
    const { strides, pads, dilations, group } = node.attributes;
    const weights = constantWeights(builder, node.inputs[1], node.name);
    const shape = builder.shape(node.inputs[0]);
    const kernel = weights.shape.slice(2);
    const back = [0, 1, 2, 3].map((i) => dilations[i % 2] * (kernel[i % 2] - 1) - pads[i]);
    if (strides.every((stride) => stride === 1) && back.every((pad) => pad >= 0)) {
      const flipped = builder.constant(flipKernel(weights, group));
      return [builder.add('Conv', [gradient, flipped], { strides, pads: back, dilations, group }, { name: `${node.name}/gradient` })];
    }
    const phases = phaseDecomposition(weights, node.attributes, shape.slice(2), builder.shape(gradient).slice(2));
    if (phases) return [addPhases(builder, gradient, phases, node.name)];
    const reached = builder
      .shape(gradient)
      .slice(2)
      .map((extent, i) => strides[i] * (extent - 1) + dilations[i] * (kernel[i] - 1) + 1 - pads[i] - pads[i + 2]);
    const output_padding = reached.map((extent, i) => shape[i + 2] - extent);
    const attributes: Operators['ConvTranspose'] = { strides, pads, dilations, group, output_padding };
    return [builder.add('ConvTranspose', [gradient, node.inputs[1]], attributes, { name: `${node.name}/gradient` })];
  },
  /** The transposed convolution's gradient is the convolution itself, with the same weights. */
  ConvTranspose: ({ builder, node, gradient }) => {
    const { strides, pads, dilations, group } = node.attributes;
    const inputs = builder.shape(node.inputs[0]);
    const conv = builder.add('Conv', [gradient, node.inputs[1]], { strides, pads, dilations, group }, { name: `${node.name}/gradient` });
    // Output padding can leave room for one more window than the input had positions.
    const extra = builder
      .shape(conv)
      .slice(2)
      .some((extent, i) => extent !== inputs[i + 2]);
    if (!extra) return [conv];
    const spatial = inputs.slice(2);
    const [starts, ends, axes] = [spatial.map(() => 0), spatial, spatial.map((_, i) => i + 2)].map((values) => builder.integers(values));
    return [builder.add('Slice', [conv, starts, ends, axes], {})];
  },
} satisfies { [O in OpName]?: Rule<O> };

function constantWeights(builder: GraphBuilder, name: string, node: string): Tensor<'float32'> {
  const weights = builder.constantValue(name);
  if (weights?.dtype !== 'float32') {
    throw fault({
      where: 'the gradient',
      expected: 'constant float32 weights',
      name: `the node "${node}"`,
      received: weights ? weights.dtype : 'weights that are computed',
      remedy: 'Only convolutions with fixed weights are supported.',
    });
  }
  return weights;
}

/** How many times as large as the kernel its phases may be: 4 for every other pixel. */
const MOST_PHASES = 16;

/** A strided convolution's gradient as one of stride 1 that makes every phase, and how its result is cut. */
interface Phases {
  /** `[s²·C, M, J, J]`, the phase outermost. */
  readonly kernel: Tensor<'float32'>;
  readonly pads: readonly number[];
  readonly stride: number;
  /** Where the input begins in the interleaved result, and its size, `[y, x]`. */
  readonly start: readonly number[];
  readonly size: readonly number[];
}

/**
 * Position s·i + r of the padded input reads `Σ_j dL/dY[i − j] · W[r + s·j]`: for each phase r a convolution with every s-th tap, so that no
 * product with an inserted zero is made. Undefined for groups (interleaving costs more there than it saves: test/bench/RESULTS.md), where
 * strides differ, and where the geometry would need negative padding.
 */
function phaseDecomposition(
  weights: Tensor<'float32'>,
  { strides, pads, dilations, group }: Operators['Conv'],
  input: readonly number[],
  output: readonly number[],
): Phases | undefined {
  const [stride] = strides;
  if (group !== 1 || strides.some((other) => other !== stride) || dilations.some((dilation) => dilation !== 1)) return undefined;
  const taps = weights.shape.slice(2).map((extent) => Math.ceil(extent / stride));
  const first = [0, 1].map((i) => Math.floor(pads[i] / stride));
  const last = [0, 1].map((i) => Math.floor((pads[i] + input[i] - 1) / stride));
  const around = [...[0, 1].map((i) => taps[i] - 1 - first[i]), ...[0, 1].map((i) => last[i] - (output[i] - 1))];
  if (around.some((pad) => pad < 0)) return undefined;
  // A stride far beyond the kernel would make phases of nothing but zeros.
  if (stride ** 2 * taps[0] * taps[1] > MOST_PHASES * weights.shape[2] * weights.shape[3]) return undefined;
  const phases = Array.from({ length: stride * stride }, (_, phase) =>
    phaseKernel(weights, stride, Math.floor(phase / stride), phase % stride, taps),
  );
  const data = new Float32Array(phases.length * phases[0].data.length);
  for (const [i, phase] of phases.entries()) data.set(phase.data, i * phase.data.length);
  const kernel = { dtype: 'float32' as const, shape: [phases.length * phases[0].shape[0], ...phases[0].shape.slice(1)], data };
  return { kernel, pads: around, stride, start: [0, 1].map((i) => pads[i] - first[i] * stride), size: input };
}

/** Every s-th tap from (row, column) on, turned by 180° and its channels transposed; taps beyond the kernel are 0. */
function phaseKernel(
  weights: Tensor<'float32'>,
  stride: number,
  row: number,
  column: number,
  [rows, columns]: readonly number[],
): Tensor<'float32'> {
  const [outputs, inputs, height, width] = weights.shape;
  const data = new Float32Array(outputs * inputs * rows * columns);
  for (let plane = 0; plane < outputs * inputs; plane++) {
    for (let j = 0; row + stride * j < height; j++) {
      for (let i = 0; column + stride * i < width; i++) {
        data[(plane * rows + j) * columns + i] = weights.data[(plane * height + row + stride * j) * width + column + stride * i];
      }
    }
  }
  return flipKernel({ dtype: 'float32', shape: [outputs, inputs, rows, columns], data }, 1);
}

function addPhases(builder: GraphBuilder, gradient: string, { kernel, pads, stride, start, size }: Phases, name: string): string {
  const attributes = { strides: [1, 1], pads, dilations: [1, 1], group: 1 };
  const phases = builder.add('Conv', [gradient, builder.constant(kernel)], attributes, { name: `${name}/gradient` });
  const whole = builder.add('DepthToSpace', [phases], { blocksize: stride, mode: 'DCR' });
  const [height, width] = builder.shape(whole).slice(2);
  if (start.every((offset) => offset === 0) && height === size[0] && width === size[1]) return whole;
  const [starts, ends, axes] = [start, start.map((offset, i) => offset + size[i]), [2, 3]].map((values) => builder.integers(values));
  return builder.add('Slice', [whole, starts, ends, axes], {});
}

/** `[M, C/g, kH, kW]` to `[C, M/g, kH, kW]`, every kernel turned by 180°. */
export function flipKernel(weights: Tensor<'float32'>, group: number): Tensor<'float32'> {
  const [outputs, inputsPerGroup, height, width] = weights.shape;
  const outputsPerGroup = outputs / group;
  const area = height * width;
  const data = new Float32Array(weights.data.length);
  for (let g = 0; g < group; g++) {
    for (let m = 0; m < outputsPerGroup; m++) {
      for (let c = 0; c < inputsPerGroup; c++) {
        const from = ((g * outputsPerGroup + m) * inputsPerGroup + c) * area;
        const to = ((g * inputsPerGroup + c) * outputsPerGroup + m) * area;
        for (let i = 0; i < area; i++) data[to + area - 1 - i] = weights.data[from + i];
      }
    }
  }
  return { dtype: 'float32', shape: [inputsPerGroup * group, outputsPerGroup, height, width], data };
}
