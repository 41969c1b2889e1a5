/** Rules for operators that move, join or reduce axes, which the file numbers in NHWC and the graph in NCHW. */
import { int64 } from '../../graph/tensor.ts';
import { resolveShape, squeezed } from './constants.ts';
import { constantOperand } from './elementwise.ts';
import type { Lower, Lowered, Lowering } from './lowering.ts';
import { type FileNode, flag, integers, text } from './topology.ts';

/** The graph's axis for an axis of the file. */
export function axisOf(axis: number, rank: number, node: FileNode, lowering: Lowering): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(positive) || positive < 0 || positive >= rank) throw lowering.refuse(node, `an axis below ${rank}`, `${axis}`);
  return rank === 4 ? [0, 2, 3, 1][positive] : positive;
}

/** The value itself, under its reader's name. */
export const identity: Lower = (node, lowering) => ({ name: lowering.value(node) });

/** The shape is known here, so it is a constant. */
export const shapeOf: Lower = (node, lowering) => {
  const shape = lowering.fileShape(lowering.value(node));
  return { dtype: 'int32', shape: [shape.length], data: Int32Array.from(shape) };
};

/** Mean over height and width, or over any axes that are kept. */
export const mean: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  const rank = lowering.builder.shape(input).length;
  const axes = lowering
    .integers(node, 1)
    .map((axis) => axisOf(axis, rank, node, lowering))
    .sort((a, b) => a - b);
  const keepdims = flag(node, 'keep_dims', false);
  if (rank === 4 && `${axes}` === '2,3' && keepdims) return lowering.add('GlobalAveragePool', [input], {}, output);
  // Without height and width what is left, [N,C], is the same in both layouts.
  if (rank === 4 && `${axes}` !== '2,3' && !keepdims) throw lowering.refuse(node, 'the axes of height and width', `${axes}`);
  return lowering.add('ReduceMean', [input], { axes, keepdims: Number(keepdims) }, output);
};

export const concat: Lower = (node, lowering, output) => {
  const count = node.inputs.length - 1;
  const lowered = Array.from({ length: count }, (_, index) => lowering.operand(node, index));
  const rank = Math.max(
    ...lowered.map((operand) => ('name' in operand ? lowering.builder.shape(operand.name).length : operand.shape.length)),
  );
  const inputs = lowered.map((operand) => ('name' in operand ? operand.name : constantOperand(operand, rank, lowering)));
  return lowering.add('Concat', inputs, { axis: axisOf(lowering.integers(node, count)[0], rank, node, lowering) }, output);
};

function padded(mode: 'constant' | 'reflect'): Lower {
  return (node, lowering, output) => {
    const input = lowering.value(node);
    const rank = lowering.builder.shape(input).length;
    const amounts = lowering.integers(node, 1); // `[before, after]` for every axis
    const pads = new Array<number>(2 * rank).fill(0);
    for (let axis = 0; axis < rank; axis++) {
      pads[axisOf(axis, rank, node, lowering)] = amounts[2 * axis];
      pads[axisOf(axis, rank, node, lowering) + rank] = amounts[2 * axis + 1];
    }
    const fill = node.op === 'PadV2' ? lowering.constant(node, 2).data[0] : 0;
    return lowering.add('Pad', [input, lowering.builder.integers(pads), lowering.builder.scalar(fill)], { mode }, output);
  };
}

/** Zeros, or PadV2's value. */
export const pad: Lower = padded('constant');

export const mirrorPad: Lower = (node, lowering, output) => {
  const mode = text(node, 'mode', 'REFLECT');
  if (mode !== 'REFLECT') throw lowering.refuse(node, 'REFLECT', mode);
  return padded('reflect')(node, lowering, output);
};

/** Reshapes to a shape of the file: by way of NHWC where both layouts do not agree on the order of the elements. */
export function reshapeTo(input: string, target: readonly number[], lowering: Lowering, output: string): Lowered {
  const { builder } = lowering;
  const flat = (shape: readonly number[]) => shape.length !== 4 || shape[1] * shape[2] === 1 || shape[3] === 1;
  const from = flat(lowering.fileShape(input)) ? input : builder.add('Transpose', [input], { perm: [0, 2, 3, 1] });
  const reshape = (shape: readonly number[], name: string) =>
    lowering.add('Reshape', [from, builder.constant(int64([shape.length], shape))], { allowzero: 0 }, name);
  if (target.length !== 4) return reshape(target, output);
  const [n, h, w, c] = target;
  if (flat(target)) return reshape([n, c, h, w], output);
  reshape(target, `${output}~nhwc`);
  return lowering.add('Transpose', [`${output}~nhwc`], { perm: [0, 3, 1, 2] }, output);
}

export const reshape: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  return reshapeTo(input, resolveShape(lowering.fileShape(input), lowering.integers(node, 1)), lowering, output);
};

export const squeeze: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  return reshapeTo(input, squeezed(lowering.fileShape(input), integers(node, 'squeeze_dims', [])), lowering, output);
};

export const expandDims: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  const shape = lowering.fileShape(input);
  const [axis] = lowering.integers(node, 1);
  return reshapeTo(input, shape.toSpliced(axis < 0 ? axis + shape.length + 1 : axis, 0, 1), lowering, output);
};

/** A vector of every image times a constant matrix. */
export const matmul: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  const matrix = lowering.constant(node, 1);
  if (
    matrix.dtype !== 'float32' ||
    matrix.shape.length !== 2 ||
    lowering.builder.shape(input).length !== 2 ||
    flag(node, 'transpose_a', false)
  )
    throw lowering.refuse(node, 'a matrix times a constant float32 matrix', `${lowering.builder.shape(input)} times ${matrix.shape}`);
  const transB = Number(flag(node, 'transpose_b', false));
  return lowering.add('Gemm', [input, lowering.builder.constant(matrix)], { alpha: 1, beta: 1, transA: 0, transB }, output);
};

/** Over the last axis of the file: the channels. */
export const softmax: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  return lowering.add('Softmax', [input], { axis: axisOf(-1, lowering.builder.shape(input).length, node, lowering) }, output);
};
