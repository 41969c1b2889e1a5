/** Where a Slice begins and ends on every axis. */
import type { Tensor } from '../tensor.ts';
import { integers, integersFor, positiveAxes } from './inference.ts';

/** Positions `start, start + step, …`, `count` of them; `end` is the first one beyond (−1 where a negative step runs to the front). */
export interface SliceBounds {
  start: number;
  end: number;
  step: number;
  count: number;
}

/** A Slice's bounds on every axis, with negative and overlong values resolved as ONNX has it. `constants` are the node's inputs. */
export function sliceBounds(shape: readonly number[], constants: readonly (Tensor | undefined)[]): SliceBounds[] {
  if (shape.length === 0) throw new Error('a scalar has nothing to slice');
  const starts = integers(constants[1], 'starts');
  const ends = integersFor(constants[2], 'ends', starts.length);
  const axes = constants[3] ? integersFor(constants[3], 'axes', starts.length) : starts.map((_, i) => i);
  const steps = constants[4] ? integersFor(constants[4], 'steps', starts.length) : starts.map(() => 1);
  const bounds: SliceBounds[] = shape.map((extent) => ({ start: 0, end: extent, step: 1, count: extent }));
  positiveAxes(axes, shape.length).forEach((axis, i) => {
    const extent = shape[axis];
    const step = steps[i];
    if (step === 0) throw new Error('a step of 0 goes nowhere');
    const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value < 0 ? value + extent : value, low), high);
    const start = step > 0 ? clamp(starts[i], 0, extent) : clamp(starts[i], 0, extent - 1);
    const end = step > 0 ? clamp(ends[i], 0, extent) : clamp(ends[i], -1, extent - 1);
    bounds[axis] = { start, end, step, count: Math.max(0, Math.ceil((end - start) / step)) };
  });
  return bounds;
}
