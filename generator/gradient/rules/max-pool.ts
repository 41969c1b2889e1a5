/**
 * The gradient of a maximum over windows, without indices: one axis after the other. A window of three along an axis sends its gradient g to
 * one of its taps, told by two comparisons: the tap at the window's own position wins where it equals the maximum, the last one where the two
 * before it fall short. Both are hard sigmoids of a difference, and what the taps get is linear in the three products, so that convolutions
 * put it into place. Onnxruntime's MaxPool with indices and its ScatterElements take several times as long (test/bench/RESULTS.md).
 */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operators } from '../../graph/graph.ts';
import { slide } from '../../graph/shapes.ts';
import { float32 } from '../../graph/tensor.ts';
import { reshape } from '../rule.ts';
import { stepAbove } from './gate.ts';

/** A window along one axis. */
interface Line {
  /** 2 or 3: rows or columns. */
  readonly axis: 2 | 3;
  readonly kernel: number;
  readonly stride: number;
  readonly before: number;
  /** Extents of the axis before and after pooling. */
  readonly from: number;
  readonly to: number;
}

/**
 * dL/dX `[N,C,H,W]` from dL/dY; which of several equal maxima of a window gets the gradient is not defined, but it is one of them. Undefined
 * for windows other than 2 or 3 wide at stride 1 or 2, with more than one pixel of padding before them, or with dilation.
 */
export function maxPoolGradient(
  builder: GraphBuilder,
  x: string,
  y: string,
  gradient: string,
  attributes: Operators['MaxPool'],
): string | undefined {
  const { kernel_shape, strides, pads, dilations } = attributes;
  const [from, to] = [builder.shape(x), builder.shape(y)];
  if (from.length !== 4 || dilations.some((dilation) => dilation !== 1)) return undefined;
  const [rows, columns] = ([2, 3] as const).map((axis): Line => {
    const i = axis - 2;
    return { axis, kernel: kernel_shape[i], stride: strides[i], before: pads[i], from: from[axis], to: to[axis] };
  });
  if (![rows, columns].every(fits)) return undefined;
  const middle = poolLine(builder, x, rows, rows.kernel);
  return lineGradient(builder, x, middle, lineGradient(builder, middle, y, gradient, columns), rows);
}

function fits({ kernel, stride, before, from, to }: Line): boolean {
  if (kernel < 2 || kernel > 3 || stride < 1 || stride > 2 || before > 1 || before >= kernel) return false;
  // The window's own position must lie in the input, and the parts of a window must give as many results as the whole.
  const counts = [slide(from, 1, stride, 0, 0), slide(from, 2, stride, before, padAfter(2, { stride, before, from, to }))];
  return counts.every((count) => count >= to) && (stride === 2 || to === from);
}

/** The padding behind that lets the last window begin, 0 where it would be less. */
function padAfter(kernel: number, { stride, before, from, to }: Pick<Line, 'stride' | 'before' | 'from' | 'to'>): number {
  return Math.max(0, stride * (to - 1) + kernel - from - before);
}

/** The maximum over the first `taps` taps of every window along the axis. */
function poolLine(builder: GraphBuilder, x: string, line: Line, taps: number): string {
  const along = (value: number) => (line.axis === 2 ? [value, 1] : [1, value]);
  const [before, after] = [line.before, padAfter(taps, line)];
  const pads = line.axis === 2 ? [before, 0, after, 0] : [0, before, 0, after];
  const pooled = builder.add('MaxPool', [x], {
    kernel_shape: along(taps),
    strides: along(line.stride),
    pads,
    dilations: [1, 1],
    ceil_mode: 0,
  });
  return cut(builder, pooled, line.axis, line.to);
}

/** A value and where copies of it go: the weight of each by its shift along the axis. */
interface Term {
  readonly value: string;
  readonly weights: ReadonlyMap<number, number>;
}

function lineGradient(builder: GraphBuilder, x: string, y: string, gradient: string, line: Line): string {
  const { axis, kernel, stride, before } = line;
  const own = stride === 1 ? x : poolLine(builder, x, { ...line, before: 0 }, 1);
  const missed = builder.add('Mul', [gradient, less(builder, own, y)], {});
  // By its distance from the window's own position: that one gets what it did not miss, the last what both before it missed, the other the rest.
  const other = 1 - 2 * before;
  const terms: Term[] = [
    { value: gradient, weights: new Map([[0, 1]]) },
    {
      value: missed,
      weights: new Map([
        [0, -1],
        [other, 1],
      ]),
    },
  ];
  if (kernel === 3) {
    const last = builder.add('Mul', [missed, less(builder, poolLine(builder, x, line, 2), y)], {});
    terms.push({
      value: last,
      weights: new Map([
        [other, -1],
        [2 - before, 1],
      ]),
    });
  }
  if (stride === 1) return place(builder, terms, axis, line.from);
  const phases = [0, 1].map((phase) =>
    place(
      builder,
      terms.flatMap((term) => ofPhase(term, phase)),
      axis,
      Math.ceil(line.from / 2),
    ),
  );
  return interleave(builder, phases, line);
}

/** What of a term lands on the even (0) or odd (1) positions, its shifts counted in those. */
function ofPhase({ value, weights }: Term, phase: number): Term[] {
  const landing = [...weights].filter(([shift]) => (shift & 1) === phase).map(([shift, weight]) => [shift >> 1, weight] as const);
  return landing.length > 0 ? [{ value, weights: new Map(landing) }] : [];
}

/** 1 where x < y, 0 where they are equal; x is never the larger. */
function less(builder: GraphBuilder, x: string, y: string): string {
  const negative = move(builder, { value: x, weights: new Map([[0, -1]]) }, 3, builder.shape(x)[3]);
  return stepAbove(builder, builder.add('Add', [negative, y], {}), 0);
}

/** The sum of all copies, of the given length along the axis. */
function place(builder: GraphBuilder, terms: readonly Term[], axis: 2 | 3, length: number): string {
  return terms.map((term) => move(builder, term, axis, length)).reduce((sum, moved) => builder.add('Add', [moved, sum], {}));
}

/** A term's copies summed, `out[j] = Σ weight · in[j − shift]`: a depthwise convolution, unless there is nothing to do. */
function move(builder: GraphBuilder, { value, weights }: Term, axis: 2 | 3, length: number): string {
  const [, channels, ...extents] = builder.shape(value);
  const extent = extents[axis - 2];
  if (weights.size === 1 && weights.get(0) === 1 && extent === length) return value;
  const shifts = [...weights.keys()];
  const before = Math.max(0, ...shifts);
  // Two taps where zeros are added behind: onnxruntime's WebGPU provider drops the padding of a 1×1 convolution.
  const taps = Math.max(before - Math.min(0, ...shifts) + 1, length > extent ? 2 : 1);
  const after = Math.max(0, length - extent + taps - 1 - before);
  const line = Float32Array.from({ length: taps }, (_, tap) => weights.get(before - tap) ?? 0);
  const kernel = new Float32Array(channels * taps);
  for (let channel = 0; channel < channels; channel++) kernel.set(line, channel * taps);
  const [shape, pads] =
    axis === 2
      ? [
          [taps, 1],
          [before, 0, after, 0],
        ]
      : [
          [1, taps],
          [0, before, 0, after],
        ];
  const weight = builder.constant(float32([channels, 1, ...shape], kernel));
  const moved = builder.add('Conv', [value, weight], { strides: [1, 1], pads, dilations: [1, 1], group: channels });
  return cut(builder, moved, axis, length);
}

/** Two phases of an axis in turn. */
function interleave(builder: GraphBuilder, phases: readonly string[], { axis, from }: Line): string {
  const shape = builder.shape(phases[0]);
  const apart = [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)];
  const together = builder.add(
    'Concat',
    phases.map((phase) => reshape(builder, phase, apart)),
    { axis: axis + 1 },
  );
  const whole = reshape(
    builder,
    together,
    shape.map((extent, i) => (i === axis ? 2 * extent : extent)),
  );
  return cut(builder, whole, axis, from);
}

/** The first `length` positions of an axis. */
function cut(builder: GraphBuilder, value: string, axis: 2 | 3, length: number): string {
  if (builder.shape(value)[axis] === length) return value;
  return builder.add('Slice', [value, ...[[0], [length], [axis]].map((values) => builder.integers(values))], {});
}
