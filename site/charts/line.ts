/** A line through points that may lack a value: it breaks there. */
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

/** Lays out `values` at `xs` within a box; the y axis spans `domain`, or the values. */
export function lineChart(
  xs: readonly number[],
  values: readonly (number | null)[],
  box: { left: number; right: number; top: number; foot: number; domain?: readonly [number, number] },
): LineChart {
  const known = values.filter((value) => value !== null);
  const x = linear([Math.min(...xs), Math.max(...xs)], [box.left, box.right]);
  const y = linear(box.domain ?? extent(known, 0.12), [box.foot, box.top]);
  const points = values.map((value, i) => (value === null ? null : { x: x(xs[i] ?? 0), y: y(value), value }));
  const path = points.map((point, i) => (point ? `${points[i - 1] ? 'L' : 'M'}${point.x} ${point.y}` : '')).join('');
  return { x, y, yTicks: ticks(y.domain, 4), path, points: points.filter((point) => point !== null) };
}
