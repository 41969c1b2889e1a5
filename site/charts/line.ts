/** A line through points that may lack a value: it breaks there. */
import { line } from 'd3-shape';
import { extent, linear, type Scale, ticks } from './scale.ts';

export interface LineChart {
  x: Scale;
  y: Scale;
  yTicks: number[];
  /** SVG path data. */
  path: string;
  /** The points that have a value. */
  points: { x: number; y: number; value: number }[];
}

/** SVG path data of a line over `xs`, which lifts its pen where a value or its place is missing. */
export function linePath(xs: readonly number[], values: readonly (number | null)[], { x, y }: { x: Scale; y: Scale }): string {
  const draw = line<number | null>()
    .defined((value, i) => value !== null && xs[i] !== undefined)
    .x((_, i) => x(xs[i] ?? 0))
    .y((value) => y(value ?? 0))
    .digits(1);
  return draw(values) ?? '';
}

/** Lays out `values` at `xs` within a box; the y axis spans `domain`, or the values. */
export function lineChart(
  xs: readonly number[],
  values: readonly (number | null)[],
  box: { left: number; right: number; top: number; foot: number; domain?: readonly [number, number] },
): LineChart {
  const known = values.filter((value) => value !== null);
  const x = linear([Math.min(...xs), Math.max(...xs)], [box.left, box.right]);
  const y = linear(box.domain ?? extent(known, 0.12), [box.foot, box.top]);
  const points = values.flatMap((value, i) => (value === null ? [] : [{ x: x(xs[i] ?? 0), y: y(value), value }]));
  return { x, y, yTicks: ticks(y.domain, 4), path: linePath(xs, values, { x, y }), points };
}
