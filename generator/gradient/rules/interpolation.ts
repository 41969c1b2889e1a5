/** Operators that are a matrix along each axis: resizing and padding. Their gradient is the product with the matrices transposed. */
import type { GraphBuilder } from '../../graph/builder.ts';
import { fault, reason } from '../../graph/errors.ts';
import type { OpName } from '../../graph/graph.ts';
import { interpolationMatrix, resizeScales } from '../../graph/resize.ts';
import { integers } from '../../graph/shapes.ts';
import { sizeOf } from '../../graph/tensor.ts';
import { type Rule, reshape } from '../rule.ts';

/** A linear map along one axis: row-major `[to, from]`. */
interface AxisMatrix {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  readonly data: Float32Array;
}

export const interpolation = {
  Resize: ({ builder, node, gradient }) => {
    const { inputs, attributes } = node;
    const shape = builder.shape(inputs[0]);
    const resized = builder.shape(gradient);
    const scales = resizeScales(
      shape,
      inputs.map((name) => builder.constantValue(name)),
    );
    const moved = shape.flatMap((_, axis) => (scales[axis] === 1 ? [] : [axis]));
    const matrices = moved.map((axis): AxisMatrix => {
      const [from, to] = [shape[axis], resized[axis]];
      return { axis, from, to, data: matrixOf(node.name, () => interpolationMatrix(from, to, scales[axis], attributes)) };
    });
    return [sumOfBlocks(builder, gradient, matrices) ?? applyTransposed(builder, gradient, matrices)];
  },
  /** Zero padding's gradient is the middle; what was reflected or repeated goes back to where it came from. */
  Pad: ({ builder, node, gradient }) => {
    const from = builder.shape(node.inputs[0]);
    const pads = integers(builder.constantValue(node.inputs[1]), 'pads');
    if (node.attributes.mode === 'constant') return [unpad(builder, gradient, from, pads)];
    const { mode } = node.attributes;
    const moved = from.flatMap((_, axis) => (pads[axis] === 0 && pads[axis + from.length] === 0 ? [] : [axis]));
    const matrices = moved.map((axis): AxisMatrix => {
      const [extent, to] = [from[axis], builder.shape(gradient)[axis]];
      return { axis, from: extent, to, data: paddingMatrix(extent, to, pads[axis], mode) };
    });
    return [applyTransposed(builder, gradient, matrices)];
  },
} satisfies { [O in OpName]?: Rule<O> };

/** The matrix, or where it would be too large an error that names the node. */
function matrixOf(name: string, make: () => Float32Array): Float32Array {
  try {
    return make();
  } catch (cause) {
    throw fault({
      where: `gradient of "${name}"`,
      expected: 'extents that a matrix can hold',
      name: 'Resize',
      received: reason(cause),
      remedy: 'Choose a smaller image, or tap a layer after this node.',
      cause,
    });
  }
}

function unpad(builder: GraphBuilder, gradient: string, from: readonly number[], pads: readonly number[]): string {
  if (pads.some((pad) => pad < 0)) {
    const negated = builder.integers(pads.map((pad) => 0 - pad));
    return builder.add('Pad', [gradient, negated, builder.scalar(0)], { mode: 'constant' });
  }
  const axes = from.flatMap((_, axis) => (pads[axis] === 0 && pads[axis + from.length] === 0 ? [] : [axis]));
  if (axes.length === 0) return gradient;
  const [starts, ends] = [axes.map((axis) => pads[axis]), axes.map((axis) => pads[axis] + from[axis])];
  return builder.add('Slice', [gradient, ...[starts, ends, axes].map((values) => builder.integers(values))], {});
}

/** Which value stands at each position of the padded axis. */
function paddingMatrix(from: number, to: number, before: number, mode: 'reflect' | 'edge'): Float32Array {
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const position = i - before;
    const mirrored = Math.abs(position) < from ? Math.abs(position) : 2 * (from - 1) - position;
    data[i * from + (mode === 'edge' ? Math.min(Math.max(position, 0), from - 1) : mirrored)] = 1;
  }
  return data;
}

/** Mᵀ along each axis, one after the other; each is made once, when the graph is built. */
export function applyTransposed(builder: GraphBuilder, value: string, matrices: readonly AxisMatrix[]): string {
  return matrices.reduce((current, { axis, from, to, data }) => {
    const shape = builder.shape(current);
    const result = shape.map((extent, i) => (i === axis ? from : extent));
    if (axis === shape.length - 1) {
      const matrix = builder.constant({ dtype: 'float32', shape: [to, from], data });
      return builder.add('MatMul', [current, matrix], {});
    }
    const matrix = builder.constant({ dtype: 'float32', shape: [from, to], data: transposedData(data, to, from) });
    const planes = reshape(builder, current, [sizeOf(shape.slice(0, axis)), to, sizeOf(shape.slice(axis + 1))]);
    return reshape(builder, builder.add('MatMul', [matrix, planes], {}), result);
  }, value);
}

function transposedData(data: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = data[i * columns + j];
  return result;
}

/** Where height and width are repeated a whole number of times (nearest upsampling), each block's sum by average pooling; else undefined. */
function sumOfBlocks(builder: GraphBuilder, gradient: string, matrices: readonly AxisMatrix[]): string | undefined {
  const shape = builder.shape(gradient);
  if (shape.length !== 4 || matrices.length === 0 || matrices.some(({ axis }) => axis < 2)) return undefined;
  if (!matrices.every(repeats)) return undefined;
  const kernel = [2, 3].map((axis) => {
    const matrix = matrices.find((other) => other.axis === axis);
    return matrix ? matrix.to / matrix.from : 1;
  });
  const window = { kernel_shape: kernel, strides: kernel, pads: [0, 0, 0, 0], ceil_mode: 0, count_include_pad: 0 };
  return builder.add('Mul', [builder.add('AveragePool', [gradient], window), builder.scalar(sizeOf(kernel))], {});
}

/** Whether every value stands `to / from` times in a row, and nothing else. */
function repeats({ from, to, data }: AxisMatrix): boolean {
  const times = to / from;
  if (!Number.isInteger(times)) return false;
  for (let i = 0; i < to; i++) if (data[i * from + Math.floor(i / times)] !== 1) return false;
  return data.reduce((sum, weight) => sum + Math.abs(weight), 0) === to;
}
