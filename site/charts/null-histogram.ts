/** What chance does and what was seen: the values of random frames as a histogram, and a mark. */
import { linear, type Scale } from './scale.ts';

export interface NullHistogram {
  x: Scale;
  /** SVG path data of the histogram's outline. */
  path: string;
}

/** Lays out `values` in bars of `bar` pixels over `domain`, standing on `foot`, the tallest `height` high. */
export function nullHistogram(
  values: readonly number[],
  domain: readonly [number, number],
  { width, foot, height, bar }: { width: number; foot: number; height: number; bar: number },
): NullHistogram {
  const x = linear(domain, [0, width]);
  const counts = new Map<number, number>();
  for (const value of values) {
    const column = Math.floor(x(value) / bar);
    counts.set(column, (counts.get(column) ?? 0) + 1);
  }
  const tallest = Math.max(1, ...counts.values());
  const round = (place: number) => Math.round(place * 10) / 10;
  const path = [...counts]
    .sort(([a], [b]) => a - b)
    .map(([column, n]) => `M${round(column * bar)} ${foot}v${round((-n / tallest) * height)}h${bar}V${foot}`)
    .join('');
  return { x, path };
}
