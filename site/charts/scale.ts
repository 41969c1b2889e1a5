/** Linear scales, round ticks and bins: what the charts need of arithmetic, and no more. */

export interface Scale {
  (value: number): number;
  readonly domain: readonly [number, number];
}

/** Maps `domain` onto `range`, rounded to a tenth so that paths stay short. An empty domain maps to the middle. */
export function linear(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const span = domain[1] - domain[0];
  const place = (value: number) => (span === 0 ? 0.5 : (value - domain[0]) / span);
  return Object.assign((value: number) => Math.round((range[0] + place(value) * (range[1] - range[0])) * 10) / 10, { domain });
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
  const raw = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((multiple) => multiple * power >= raw) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Shares of the values in equal bins over a domain; they sum to one. */
export function histogram(values: readonly number[], [low, high]: readonly [number, number], bins: number): number[] {
  const shares = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(((value - low) / (high - low || 1)) * bins)));
    shares[bin] = (shares[bin] ?? 0) + 1 / values.length;
  }
  return shares;
}

/** A tick as text: as few digits as the ticks' distance needs. */
export function tickText(value: number): string {
  return Number(value.toPrecision(6)).toString().replace('-', '−');
}
