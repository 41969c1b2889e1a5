/** Scales, ticks and bins of the charts: d3's, with what our pages need on top. */
import { bin, ticks as ticksBetween } from 'd3-array';
import { scaleLinear } from 'd3-scale';

export interface Scale {
  (value: number): number;
  readonly domain: readonly [number, number];
}

/** Maps `domain` onto `range`, rounded to a tenth so that paths stay short. An empty domain maps to the middle. */
export function linear(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const scale = scaleLinear(domain, range);
  return Object.assign((value: number) => Math.round(scale(value) * 10) / 10, { domain });
}

/** The smallest and largest of some numbers, widened a little; [0, 1] if there are none. Equal ones stand near the upper end, where measures are bounded. */
export function extent(values: readonly number[], margin = 0.04): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of finite) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (high === low) return [low - 0.2 * (Math.abs(low) || 1), high + 0.01 * (Math.abs(low) || 1)];
  const pad = (high - low) * margin;
  return [low - pad, high + pad];
}

/** Round numbers within a domain, about `count` of them: 1, 2 or 5 times a power of ten apart. */
export function ticks([low, high]: readonly [number, number], count: number): number[] {
  return ticksBetween(low, high, count);
}

/** How many values lie in each of `bins` equal parts of a domain that holds them all. */
export function histogram(values: readonly number[], [low, high]: readonly [number, number], bins: number): number[] {
  const edges = Array.from({ length: bins - 1 }, (_, i) => low + ((i + 1) / bins) * (high - low));
  return bin<number, number>()
    .domain([low, high])
    .thresholds(edges)(values)
    .map(({ length }) => length);
}

/** A tick as text: as few digits as the ticks' distance needs. */
export function tickText(value: number): string {
  return Number(value.toPrecision(6)).toString().replace('-', '−');
}
