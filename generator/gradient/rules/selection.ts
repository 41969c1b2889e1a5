/** Operators that pick values out, and those that put them back. */
import type { GraphBuilder } from '../../graph/builder.ts';
import { fault } from '../../graph/errors.ts';
import type { OpName } from '../../graph/graph.ts';
import { integers, positive, sliceBounds } from '../../graph/shapes.ts';
import { sizeOf } from '../../graph/tensor.ts';
import { type Rule, reshape, unbroadcast, zeros } from '../rule.ts';

/** More entries than this, and a matrix of zeros and ones is no way to put rows back. */
const MOST_ENTRIES = 2 ** 26;

export const selection = {
  /** Zeros around and, for steps, between; a negative step turns the axis about first. */
  Slice: ({ builder, node, gradient }) => {
    const from = builder.shape(node.inputs[0]);
    const bounds = sliceBounds(
      from,
      node.inputs.map((name) => builder.constantValue(name)),
    ).map(({ start, step, count }) =>
      step > 0 ? { start, step, turned: false } : { start: start + step * (count - 1), step: -step, turned: true },
    );
    const turned = turn(
      builder,
      gradient,
      bounds.flatMap((bound, axis) => (bound.turned ? [axis] : [])),
    );
    const dilated = bounds.reduce((value, { step }, axis) => (step === 1 ? value : dilate(builder, value, axis, step)), turned);
    const reached = builder.shape(dilated);
    const pads = [...bounds.map(({ start }) => start), ...bounds.map(({ start }, i) => from[i] - start - reached[i])];
    return [pad(builder, dilated, pads)];
  },
  /** Each value goes back where it was taken from; a value taken twice gets both. */
  Gather: ({ builder, node, gradient }) => {
    const from = builder.shape(node.inputs[0]);
    const axis = positive(node.attributes.axis, from.length);
    const indices = builder.constantValue(node.inputs[1]);
    if (!indices) {
      throw fault({
        where: `gradient of "${node.name}"`,
        expected: 'fixed indices',
        name: 'Gather',
        received: 'indices that are computed',
        remedy: 'Tap a layer before this node.',
      });
    }
    const order = integers(indices, `indices of "${node.name}"`).map((index) => positive(index, from[axis]));
    const taken = reshape(builder, gradient, [...from.slice(0, axis), order.length, ...from.slice(axis + 1)]);
    if (order.every((index, i) => index === order[0] + i)) {
      const [before, after] = [order[0], from[axis] - order[0] - order.length];
      const around = (width: number) => from.map((_, i) => (i === axis ? width : 0));
      return [pad(builder, taken, [...around(before), ...around(after)])];
    }
    if (from[axis] * order.length > MOST_ENTRIES) {
      throw fault({
        where: `gradient of "${node.name}"`,
        expected: `at most ${MOST_ENTRIES} pairs of an index and a row`,
        name: 'Gather',
        received: `${order.length} indices into ${from[axis]} rows`,
        remedy: 'Tap a layer after this node.',
      });
    }
    // A matrix of zeros and ones takes the rows back: exact, and fast for the few rows that networks gather.
    const back = new Float32Array(from[axis] * order.length);
    order.forEach((index, i) => {
      back[index * order.length + i] = 1;
    });
    const matrix = builder.constant({ dtype: 'float32', shape: [from[axis], order.length], data: back });
    const flat = reshape(builder, taken, [sizeOf(from.slice(0, axis)), order.length, sizeOf(from.slice(axis + 1))]);
    return [reshape(builder, builder.add('MatMul', [matrix, flat], {}), from)];
  },
  GatherElements: ({ builder, node: { inputs, attributes }, gradient }) => {
    const empty = zeros(builder, builder.shape(inputs[0]));
    return [builder.add('ScatterElements', [empty, inputs[1], gradient], { axis: attributes.axis, reduction: 'add' })];
  },
  /** What was overwritten gets nothing; what was written, or added, gets the gradient from where it lies. */
  ScatterElements: ({ builder, node: { inputs, attributes }, gradient, wanted }) => {
    const [, indices, updates] = inputs;
    const untouched = () =>
      attributes.reduction === 'add'
        ? gradient
        : builder.add('ScatterElements', [gradient, indices, zeros(builder, builder.shape(updates))], attributes);
    const written = () => builder.add('GatherElements', [gradient, indices], { axis: attributes.axis });
    return [wanted[0] ? untouched() : undefined, undefined, wanted[2] ? written() : undefined];
  },
  Where: ({ builder, node: { inputs }, gradient, wanted }) => {
    const zero = builder.scalar(0);
    return [
      undefined,
      wanted[1] ? unbroadcast(builder, builder.add('Where', [inputs[0], gradient, zero], {}), builder.shape(inputs[1])) : undefined,
      wanted[2] ? unbroadcast(builder, builder.add('Where', [inputs[0], zero, gradient], {}), builder.shape(inputs[2])) : undefined,
    ];
  },
} satisfies { [O in OpName]?: Rule<O> };

function pad(builder: GraphBuilder, value: string, pads: readonly number[]): string {
  if (pads.every((width) => width === 0)) return value;
  return builder.add('Pad', [value, builder.integers(pads), builder.scalar(0)], { mode: 'constant' });
}

/** The axes in reverse. */
function turn(builder: GraphBuilder, value: string, axes: readonly number[]): string {
  if (axes.length === 0) return value;
  const [starts, ends, steps] = [-1, -(2 ** 31), -1].map((number) => builder.integers(axes.map(() => number)));
  return builder.add('Slice', [value, starts, ends, builder.integers(axes), steps], {});
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
