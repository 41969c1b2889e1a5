/** Operators that move values about, and reductions. */
import type { GraphBuilder } from '../../graph/builder.ts';
import { AtlasError } from '../../graph/errors.ts';
import type { OpName } from '../../graph/graph.ts';
import { integers, positive, sliceBounds } from '../../graph/shapes.ts';
import { sizeOf } from '../../graph/tensor.ts';
import { type Rule, reshape, unbroadcast } from '../rule.ts';
import { spread } from './pooling.ts';

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
  /** Zero padding's gradient is the middle; other modes are refused by name until their rule is written. */
  Pad: ({ builder, node, gradient }) => {
    if (node.attributes.mode !== 'constant') {
      throw new AtlasError(
        `gradient of "${node.name}": expected mode "constant" for Pad, received "${node.attributes.mode}"\nOther modes have no gradient rule.`,
      );
    }
    const from = builder.shape(node.inputs[0]);
    const pads = integers(builder.constantValue(node.inputs[1]), 'pads');
    const starts = pads.slice(0, from.length);
    const ends = from.map((extent, i) => starts[i] + extent);
    return [builder.add('Slice', [gradient, ...[starts, ends, from.map((_, i) => i)].map((values) => builder.integers(values))], {})];
  },
  /** Zeros around and, for steps, between. */
  Slice: ({ builder, node, gradient }) => {
    const from = builder.shape(node.inputs[0]);
    const bounds = sliceBounds(
      from,
      node.inputs.map((name) => builder.constantValue(name)),
    );
    const dilated = bounds.reduce((value, { step }, axis) => (step === 1 ? value : dilate(builder, value, axis, step)), gradient);
    const reached = builder.shape(dilated);
    const pads = [...bounds.map(({ start }) => start), ...bounds.map(({ start }, i) => from[i] - start - reached[i])];
    return [builder.add('Pad', [dilated, builder.integers(pads), builder.scalar(0)], { mode: 'constant' })];
  },
  Expand: ({ builder, node, gradient }) => [unbroadcast(builder, gradient, builder.shape(node.inputs[0]))],
  /** Each value goes back where it was taken from; a value taken twice gets both. */
  Gather: ({ builder, node, gradient }) => {
    const from = builder.shape(node.inputs[0]);
    const axis = positive(node.attributes.axis, from.length);
    const indices = builder.constantValue(node.inputs[1]);
    const order = integers(indices, `indices of "${node.name}"`).map((index) => positive(index, from[axis]));
    const outer = sizeOf(from.slice(0, axis));
    const inner = sizeOf(from.slice(axis + 1));
    const flat = reshape(builder, gradient, [outer, order.length, inner]);
    // A matrix of zeros and ones takes the rows back: exact, and fast for the few rows that networks gather.
    const back = new Float32Array(from[axis] * order.length);
    order.forEach((index, i) => {
      back[index * order.length + i] = 1;
    });
    const matrix = builder.constant({ dtype: 'float32', shape: [from[axis], order.length], data: back });
    return [reshape(builder, builder.add('MatMul', [matrix, flat], {}), from)];
  },
  Where: ({ builder, node: { inputs }, gradient, wanted }) => {
    const zero = builder.scalar(0);
    return [
      undefined,
      wanted[1] ? unbroadcast(builder, builder.add('Where', [inputs[0], gradient, zero], {}), builder.shape(inputs[1])) : undefined,
      wanted[2] ? unbroadcast(builder, builder.add('Where', [inputs[0], zero, gradient], {}), builder.shape(inputs[2])) : undefined,
    ];
  },
  /** Space to depth: the channels' order in reverse. */
  DepthToSpace: ({ builder, node, gradient }) => {
    const { blocksize, mode } = node.attributes;
    const [n, c, h, w] = builder.shape(node.inputs[0]);
    const split = reshape(builder, gradient, [n, c / blocksize ** 2, h, blocksize, w, blocksize]);
    const perm = mode === 'CRD' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4];
    return [reshape(builder, builder.add('Transpose', [split], { perm }), [n, c, h, w])];
  },
  ReduceSum: ({ builder, node, gradient }) => {
    const from = builder.shape(node.inputs[0]);
    const kept = keepDimensions(from, integers(builder.constantValue(node.inputs[1]), 'axes'));
    return [builder.add('Expand', [reshape(builder, gradient, kept), builder.integers(from)], {})];
  },
  ReduceMean: ({ builder, node, gradient }) => {
    const from = builder.shape(node.inputs[0]);
    return [spread(builder, reshape(builder, gradient, keepDimensions(from, node.attributes.axes)), from)];
  },
} satisfies { [O in OpName]?: Rule<O> };

function keepDimensions(from: readonly number[], axes: readonly number[]): number[] {
  const gone = new Set(axes.map((axis) => positive(axis, from.length)));
  return from.map((extent, i) => (gone.has(i) ? 1 : extent));
}

/** Puts `step − 1` zeros between the values along an axis. */
function dilate(builder: GraphBuilder, value: string, axis: number, step: number): string {
  const from = builder.shape(value);
  const apart = reshape(builder, value, [...from.slice(0, axis + 1), 1, ...from.slice(axis + 1)]);
  const pads = Array.from({ length: 2 * (from.length + 1) }, (_, i) => (i === from.length + 1 + axis + 1 ? step - 1 : 0));
  const padded = builder.add('Pad', [apart, builder.integers(pads), builder.scalar(0)], { mode: 'constant' });
  const merged = from.map((extent, i) => (i === axis ? extent * step : extent));
  const [starts, ends, axes] = [[0], [(from[axis] - 1) * step + 1], [axis]].map((values) => builder.integers(values));
  return builder.add('Slice', [reshape(builder, padded, merged), starts, ends, axes], {});
}
