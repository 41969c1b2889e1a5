/** Two histograms back to back: the basis above the line, random directions below, as shares of their own arm. */
import { extent, histogram, linear, type Scale, ticks } from './scale.ts';

/** A bin of both arms: what a reader can be told of it. */
export interface MirrorBin {
  from: number;
  to: number;
  /** How many of each arm. */
  basis: number;
  random: number;
}

export interface Mirror {
  x: Scale;
  ticks: number[];
  /** SVG path data. */
  above: string;
  below: string;
  bins: MirrorBin[];
}

/** Lays out both arms over one axis. `middle` and `reach` are the line's height and each side's, in SVG units. */
export function mirror(
  arms: { basis: readonly number[]; random: readonly number[] },
  { width, middle, reach, bins }: { width: number; middle: number; reach: number; bins: number },
): Mirror {
  const domain = extent([...arms.basis, ...arms.random]);
  const x = linear(domain, [0, width]);
  const [up, down] = [histogram(arms.basis, domain, bins), histogram(arms.random, domain, bins)];
  const tallest = Math.max(...up.map((n) => n / arms.basis.length || 0), ...down.map((n) => n / arms.random.length || 0), 1e-9);
  /** Bins of one height, to the tenth, are one step: a page has nine of these. */
  const outline = (counts: readonly number[], way: 1 | -1, n: number) => {
    if (n === 0) return '';
    const heights = counts.map((count) => Math.round((middle + way * (count / n / tallest) * reach) * 10) / 10);
    const ends = heights.flatMap((height, i) =>
      height === heights[i + 1] ? [] : [{ height, end: Math.round(((i + 1) * width * 10) / bins) / 10 }],
    );
    return `M0 ${middle}${ends.map(({ height, end }) => `V${height}H${end}`).join('')}V${middle}Z`;
  };
  const edge = (i: number) => domain[0] + (i / bins) * (domain[1] - domain[0]);
  return {
    x,
    ticks: ticks(domain, 5),
    above: outline(up, -1, arms.basis.length),
    below: outline(down, 1, arms.random.length),
    bins: up.map((basis, i) => ({ from: edge(i), to: edge(i + 1), basis, random: down[i] ?? 0 })),
  };
}
