/** Two histograms back to back: the basis above the line, random directions below, as shares of their own arm. */
import { extent, histogram, linear, type Scale, ticks } from './scale.ts';

export interface Mirror {
  x: Scale;
  ticks: number[];
  /** SVG path data. */
  above: string;
  below: string;
}

/** Lays out both arms over one axis. `middle` and `reach` are the line's height and each side's, in SVG units. */
export function mirror(
  arms: { basis: readonly number[]; random: readonly number[] },
  { width, middle, reach, bins }: { width: number; middle: number; reach: number; bins: number },
): Mirror {
  const domain = extent([...arms.basis, ...arms.random]);
  const x = linear(domain, [0, width]);
  const [up, down] = [histogram(arms.basis, domain, bins), histogram(arms.random, domain, bins)];
  const tallest = Math.max(...up, ...down, 1e-9);
  const outline = (shares: readonly number[], way: 1 | -1, n: number) =>
    n === 0 ? '' : `M0 ${middle}${shares.map((share) => step(share, way)).join('')}V${middle}Z`;
  const step = (share: number, way: 1 | -1) =>
    `V${Math.round((middle + way * (share / tallest) * reach) * 10) / 10}h${Math.round((width / bins) * 100) / 100}`;
  return { x, ticks: ticks(domain, 5), above: outline(up, -1, arms.basis.length), below: outline(down, 1, arms.random.length) };
}
