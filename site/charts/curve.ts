/** The objective over the steps of one optimisation, as a path that breaks where a value is missing. */
import type { RenderRecord } from '../../data/schema.ts';
import { linePath } from './line.ts';
import { extent, linear, type Scale, ticks } from './scale.ts';

export interface Curves {
  x: Scale;
  y: Scale;
  xTicks: number[];
  yTicks: number[];
  /** SVG path data, one per render, in the order given. */
  paths: string[];
}

/** Lays out curves over shared axes within `width` × `height`. */
export function curves(renders: readonly RenderRecord[], { width, height, left }: { width: number; height: number; left: number }): Curves {
  const values = renders.flatMap((render) => render.curve.filter((value) => value !== null));
  const steps = renders.flatMap((render) => render.curve_steps);
  const x = linear([0, Math.max(1, ...steps)], [left, width]);
  const y = linear(extent([0, ...values]), [height, 4]);
  const paths = renders.map(({ curve, curve_steps }) => linePath(curve_steps, curve, { x, y }));
  return { x, y, xTicks: ticks(x.domain, 5), yTicks: ticks(y.domain, 3), paths };
}
