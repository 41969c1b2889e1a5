/** Operators that give values another shape or order, and those that repeat or join them. */
import type { OpName } from '../../graph/graph.ts';
import { integers, positive } from '../../graph/shapes.ts';
import { type Rule, reshape, unbroadcast } from '../rule.ts';

/** Back to the shape before. */
const restore: Rule<'Reshape' | 'Squeeze' | 'Unsqueeze'> = ({ builder, node, gradient }) => [
  reshape(builder, gradient, builder.shape(node.inputs[0])),
];

export const shape = {
  Reshape: restore,
  Squeeze: restore,
  Unsqueeze: restore,
  Transpose: ({ builder, node, gradient }) => {
    const inverse = node.attributes.perm.map((_, axis) => node.attributes.perm.indexOf(axis));
    return [builder.add('Transpose', [gradient], { perm: inverse })];
  },
  /** Each input's gradient is its own slice. */
  Concat: ({ builder, node: { inputs, attributes }, gradient, wanted }) => {
    const axis = positive(attributes.axis, builder.shape(gradient).length);
    let start = 0;
    return inputs.map((name, i) => {
      const end = start + builder.shape(name)[axis];
      const slice = wanted[i]
        ? builder.add('Slice', [gradient, ...[[start], [end], [axis]].map((values) => builder.integers(values))], {})
        : undefined;
      start = end;
      return slice;
    });
  },
  /** The parts' gradients side by side. */
  Split: ({ builder, node, gradients }) => [builder.add('Concat', gradients, node.attributes)],
  Expand: ({ builder, node, gradient }) => [unbroadcast(builder, gradient, builder.shape(node.inputs[0]))],
  /** Each value's copies, summed. */
  Tile: ({ builder, node, gradient }) => {
    const from = builder.shape(node.inputs[0]);
    const repeats = integers(builder.constantValue(node.inputs[1]), 'repeats');
    const apart = from.flatMap((extent, i) => (repeats[i] > 1 ? [repeats[i], extent] : [extent]));
    const copies = repeats.flatMap((repeat) => (repeat > 1 ? [true, false] : [false])).flatMap((copied, i) => (copied ? [i] : []));
    if (copies.length === 0) return [gradient];
    return [builder.add('ReduceSum', [reshape(builder, gradient, apart), builder.integers(copies)], { keepdims: 0 })];
  },
  /** Space to depth: the channels' order in reverse. */
  DepthToSpace: ({ builder, node, gradient }) => {
    const { blocksize, mode } = node.attributes;
    const [n, c, h, w] = builder.shape(node.inputs[0]);
    const split = reshape(builder, gradient, [n, c / blocksize ** 2, h, blocksize, w, blocksize]);
    const perm = mode === 'CRD' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4];
    return [reshape(builder, builder.add('Transpose', [split], { perm }), [n, c, h, w])];
  },
  SpaceToDepth: ({ builder, node, gradient }) => [
    builder.add('DepthToSpace', [gradient], { blocksize: node.attributes.blocksize, mode: 'DCR' }),
  ],
  /** The identity between floats; from or to anything else, nothing comes through. */
  Cast: ({ builder, node, gradient }) =>
    [node.inputs[0], node.outputs[0]].every((name) => builder.type(name).dtype === 'float32') ? [gradient] : [],
} satisfies { [O in OpName]?: Rule<O> };
