/** Convolutions over one spatial axis or three, which no fast path of the image's own two axes takes. */
import type { OpName } from '../../graph/graph.ts';
import type { Rule } from '../rule.ts';
import { convolution } from './convolution.ts';

/** The transposed convolution of dL/dY, made as long as X by its padding at the end. */
const transposed: Rule<'Conv'> = ({ builder, node, gradient }) => {
  const { strides, pads, dilations, group } = node.attributes;
  const [shape, windows] = [node.inputs[0], gradient].map((name) => builder.shape(name).slice(2));
  const kernel = builder.shape(node.inputs[1]).slice(2);
  const output_padding = shape.map((extent, i) => {
    const reached = strides[i] * (windows[i] - 1) + dilations[i] * (kernel[i] - 1) + 1 - pads[i] - pads[i + kernel.length];
    return extent - reached;
  });
  const attributes = { strides, pads, dilations, group, output_padding };
  return [builder.add('ConvTranspose', [gradient, node.inputs[1]], attributes, { name: `${node.name}/gradient` })];
};

export const convolutionByRank = {
  Conv: (context) => (context.builder.shape(context.node.inputs[0]).length === 4 ? convolution.Conv(context) : transposed(context)),
} satisfies { [O in OpName]?: Rule<O> };
