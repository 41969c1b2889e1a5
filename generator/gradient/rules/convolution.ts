/** Convolutions. The weights are constants, so that their gradients are never needed and their rearrangements are made once. */
import type { GraphBuilder } from '../../graph/builder.ts';
import { AtlasError } from '../../graph/errors.ts';
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
    const [starts, ends, axes] = [[0, 0], inputs.slice(2), [2, 3]].map((values) => builder.integers(values));
    return [builder.add('Slice', [conv, starts, ends, axes], {})];
  },
} satisfies { [O in OpName]?: Rule<O> };

function constantWeights(builder: GraphBuilder, name: string, node: string): Tensor<'float32'> {
  const weights = builder.constantValue(name);
  if (weights?.dtype !== 'float32') {
    throw new AtlasError(
      `gradient of "${node}": expected constant float32 weights, received ${weights ? weights.dtype : 'weights that are computed'}\nOnly convolutions with fixed weights are supported.`,
    );
  }
  return weights;
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
