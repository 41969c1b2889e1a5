/** The shapes that reshaping, squeezing and splitting lead to, for constants and for values of the image alike. */
import { positive } from '../../../graph/shapes/inference.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import { int, ints } from '../attributes.ts';
import type { FileNode } from '../file-nodes.ts';
import type { Constant } from '../tensors.ts';

/** The extents a Reshape ends in: 0 keeps the input's (unless told not to), -1 is whatever is left. */
export function resolveShape(from: readonly number[], target: readonly number[], allowzero: boolean): number[] {
  const kept = target.map((extent, i) => (extent === 0 && !allowzero ? from[i] : extent));
  const known = sizeOf(kept.filter((extent) => extent !== -1));
  const result = kept.map((extent) => (extent === -1 ? sizeOf(from) / known : extent));
  if (sizeOf(result) !== sizeOf(from) || result.some((extent) => !Number.isInteger(extent)))
    throw new Error(`[${from}] cannot be given the shape [${target}]`);
  return result;
}

/** Shape without the axes given, or without all of extent one. */
export function squeezed(shape: readonly number[], axes: readonly number[] | undefined): number[] {
  const gone = axes ? axes.map((axis) => positive(axis, shape.length)) : shape.flatMap((extent, axis) => (extent === 1 ? [axis] : []));
  return shape.filter((_, axis) => !gone.includes(axis));
}

const MOST_AXES = 64;

/** Shape with axes of extent one put in. */
export function unsqueezed(shape: readonly number[], axes: readonly number[]): number[] {
  const rank = shape.length + axes.length;
  if (rank > MOST_AXES) throw new Error(`${rank} axes are more than any value has`);
  const added = new Set(axes.map((axis) => positive(axis, rank)));
  const rest = [...shape];
  return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (rest.shift() ?? 1)));
}

/** Axes from the second input, or from the attribute that older versions have. */
export function axesGiven(inputs: readonly (Constant | undefined)[], node: FileNode): readonly number[] | undefined {
  return inputs[1] ? Array.from(inputs[1].data) : ints(node, 'axes');
}

/** The extents of a Split's outputs: as told, or alike, the last one smaller. */
export function splitParts(extent: number, told: readonly number[] | undefined, node: FileNode): readonly number[] {
  const count = told?.length ?? int(node, 'num_outputs', node.outputs.length);
  if (count > Math.max(told?.length ?? 0, node.outputs.length))
    throw new Error(`${count} parts are more than its ${node.outputs.length} outputs`);
  const each = Math.ceil(extent / count);
  const parts = told ?? Array.from({ length: count }, (_, i) => Math.min(each, extent - i * each));
  if (parts.reduce((sum, part) => sum + part, 0) !== extent || parts.some((part) => part < 0))
    throw new Error(`an axis of ${extent} cannot be split into ${parts}`);
  return parts;
}
