/** Rules that give a value another shape. The file may have been made for one image at a time; here a batch goes through it. */
import { positive } from '../../../graph/shapes/inference.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import { batchPlace, movedPlace } from '../../batch-place.ts';
import { resolveShape, squeezed, unsqueezed } from '../evaluate/extents.ts';
import type { Rule, Step } from '../rule.ts';

/**
 * The extents of a Reshape to `target`. Where the file fixes its batch, and the target is written into it rather than worked out from the
 * input's shape, the target is that of the file's batch: the axis where the images are takes ours instead.
 */
function rebatched(step: Step, x: string, target: readonly number[]): number[] {
  const shape = step.shape(x);
  const allowzero = step.int('allowzero', 0) === 1;
  const { fixedBatch, batch } = step.lowering;
  const place = batchPlace(step.lowering.labels(x));
  const plain = () => resolveShape(shape, target, allowzero);
  if (fixedBatch === undefined || fixedBatch === batch || !place) return plain();
  if (!isWritten(step)) {
    try {
      const extents = plain();
      if (movedPlace(shape, place, extents, batch)) return extents;
    } catch {
      // Worked out from a mixture: then as if it were written.
    }
  }
  const own = shape.with(place.axis, (shape[place.axis] / batch) * fixedBatch);
  const extents = resolveShape(own, target, allowzero);
  const moved = movedPlace(own, place, extents, fixedBatch);
  if (!moved) throw step.refuse('a shape that keeps the images apart', `[${target}] for [${shape}]`);
  return extents.with(moved.axis, (extents[moved.axis] / fixedBatch) * batch);
}

/** Whether the shape is one that stands in the file. */
function isWritten(step: Step): boolean {
  const name = step.node.inputs[1] ?? '';
  return step.lowering.source.folded.has(name) || step.lowering.source.initializer(name) !== undefined;
}

function reshapeTo(step: Step, x: string, extents: readonly number[]) {
  const shape = step.shape(x);
  if (extents.length === shape.length && extents.every((extent, i) => extent === shape[i])) return { name: x };
  return step.make('Reshape', [x, step.integers(extents)], { allowzero: 0 });
}

const reshape: Rule = (step) => {
  const x = step.value();
  const target = step.numbers(1) ?? step.ints('shape') ?? [];
  return reshapeTo(step, x, rebatched(step, x, target));
};

const flatten: Rule = (step) => {
  const x = step.value();
  const shape = step.shape(x);
  const axis = step.int('axis', 1);
  const at = axis < 0 ? axis + shape.length : axis;
  return reshapeTo(step, x, [sizeOf(shape.slice(0, at)), sizeOf(shape.slice(at))]);
};

const squeeze: Rule = (step) => {
  const x = step.value();
  const shape = step.shape(x);
  const axes = step.listed(1, 'axes');
  for (const axis of axes ?? [])
    if (shape[positive(axis, shape.length)] !== 1) throw step.refuse(`an axis ${axis} of one value`, `[${shape}]`);
  return reshapeTo(step, x, squeezed(shape, axes));
};

const unsqueeze: Rule = (step) => {
  const x = step.value();
  return reshapeTo(step, x, unsqueezed(step.shape(x), step.listed(1, 'axes') ?? []));
};

/** Two in a row are one, or none: importers of other formats put them around every operator. */
const transpose: Rule = (step) => {
  const x = step.value();
  const rank = step.shape(x).length;
  const perm = step.ints('perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  const before = step.builder.nodes.findLast(({ outputs }) => outputs[0] === x);
  const [source, whole] =
    before?.op === 'Transpose' ? [before.inputs[0], perm.map((axis) => before.attributes.perm[axis])] : [x, [...perm]];
  if (whole.length === rank && whole.every((axis, i) => axis === i)) return { name: source };
  return step.make('Transpose', [source], { perm: whole });
};

/** The image's extents are known here, so its shape is a constant. */
const shapeOf: Rule = (step) => {
  const shape = step.shape(step.value());
  const part = shape.slice(step.int('start', 0), step.node.attributes.has('end') ? step.int('end', 0) : undefined);
  return { dtype: 'int64', shape: [part.length], data: Float64Array.from(part) };
};

const size: Rule = (step) => ({ dtype: 'int64', shape: [], data: Float64Array.of(sizeOf(step.shape(step.value()))) });

export const RESHAPING = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Shape: shapeOf,
  Size: size,
} satisfies Record<string, Rule>;
