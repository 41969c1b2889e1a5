/** Where the images of a batch are in a value's shape, and where a reshape moves them. */
import { sizeOf } from '../graph/tensor.ts';
import type { AxisLabels } from './axis-labels.ts';

/** Where the images of a batch are in a shape: an axis, and how much of it stands around them. */
export interface BatchPlace {
  readonly axis: number;
  readonly outer: number;
}

/** Where labels say that the images are. */
export function batchPlace(labels: AxisLabels): BatchPlace | undefined {
  const axis = labels.findIndex((label) => label !== '' && label !== 'C');
  return axis < 0 ? undefined : { axis, outer: Number.parseInt(labels[axis], 10) || 1 };
}

/**
 * Where the images are after a reshape from `from`, `batch` of them, as many values standing before them as did. With a batch of one several
 * axes fit: one that they begin is the likeliest, and the last one, which holds features, the least.
 */
export function movedPlace(
  from: readonly number[],
  { axis, outer }: BatchPlace,
  to: readonly number[],
  batch: number,
): BatchPlace | undefined {
  const before = sizeOf(from.slice(0, axis)) * outer;
  const fitting = to.flatMap((extent, at) => {
    const around = before / sizeOf(to.slice(0, at));
    return Number.isInteger(around) && extent % (around * batch) === 0 ? [{ axis: at, outer: around }] : [];
  });
  const last = (at: number) => Number(at === to.length - 1 && at > 0 && axis < from.length - 1);
  return fitting.toSorted((a, b) => last(a.axis) - last(b.axis) || a.outer - b.outer || a.axis - b.axis)[0];
}
