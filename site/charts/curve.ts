/** The objective over the steps of one optimisation, as a path that breaks where a value is missing. */
import type { RenderRecord } from '../../data/schema.ts';
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
  const paths = renders.map((render) => path(render, x, y));
  return { x, y, xTicks: ticks(x.domain, 5), yTicks: ticks(y.domain, 3), paths };
}

function path({ curve, curve_steps }: RenderRecord, x: Scale, y: Scale): string {
  let pen = 'M';
  let data = '';
  for (const [i, value] of curve.entries()) {
    const step = curve_steps[i];
    if (value === null || step === undefined) {
      pen = 'M';
      continue;
    }
    data += `${pen}${x(step)} ${y(value)}`;
    pen = 'L';
  }
  return data;
}
