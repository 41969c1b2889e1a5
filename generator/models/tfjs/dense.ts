/** Rules for operators on the last axis of the file, the channels: dense layers and layer normalisation. */
import type { Lower } from './lowering.ts';

/** A constant matrix `[C,M]` applied at every position: to vectors, rows of vectors, or maps, where it is a convolution of one pixel. */
export const dense: Lower = (node, lowering, output) => {
  const { builder } = lowering;
  const input = lowering.value(node);
  const matrix = lowering.constant(node, 1);
  const rank = builder.shape(input).length;
  if (matrix.dtype !== 'float32' || matrix.shape.length !== 2 || rank < 2)
    throw lowering.refuse(node, 'a constant float32 matrix', `[${matrix.shape}]`);
  if (rank !== 4) return lowering.add('MatMul', [input, builder.constant(matrix, `${output}~kernel`)], {}, output);
  const [inputs, outputs] = matrix.shape;
  const data = Float32Array.from(matrix.data, (_, i) => matrix.data[(i % inputs) * outputs + Math.floor(i / inputs)]);
  const kernel = builder.constant({ dtype: 'float32', shape: [outputs, inputs, 1, 1], data }, `${output}~kernel`);
  return lowering.add('Conv', [input, kernel], { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 }, output);
};

/** Over the channels of each position (Ba et al. 2016), by way of channels-last, where they are what ONNX normalises over. */
export const layerNormalisation: Lower = (node, lowering, output) => {
  const { builder } = lowering;
  const input = lowering.value(node);
  const rank = builder.shape(input).length;
  const parameters = [1, 2].map((index) => builder.constant(lowering.constant(node, index)));
  const attributes = { axis: rank - 1, epsilon: Number(node.attributes.epsilon?.f ?? 1e-3) };
  if (rank !== 4) return lowering.add('LayerNormalization', [input, ...parameters], attributes, output);
  const last = builder.add('Transpose', [input], { perm: [0, 2, 3, 1] }, { name: `${output}~last`, outputs: [`${output}~last`] });
  const names = { name: `${output}~normal`, outputs: [`${output}~normal`] };
  const normal = builder.add('LayerNormalization', [last, ...parameters], attributes, names);
  return lowering.add('Transpose', [normal], { perm: [0, 3, 1, 2] }, output);
};
