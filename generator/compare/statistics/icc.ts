/** The intraclass correlation: how much of the spread lies between directions rather than between seeds of one. */
import { fQuantile } from './f-distribution.ts';

export interface Intraclass {
  /** ICC(1,1): reliability of one value. */
  readonly single: number;
  /** ICC(1,k) = (MSB − MSW)/MSB: reliability of a mean over k₀ values; −∞ where MSB is 0. */
  readonly average: number;
  /** Interval of ICC(1,1). */
  readonly singleInterval: readonly [number, number];
  /** Interval of ICC(1,k): the same, by the Spearman–Brown formula with k₀. */
  readonly averageInterval: readonly [number, number];
  /** MSB/MSW. */
  readonly f: number;
  /** Degrees of freedom between and within groups: n − 1, N − n. */
  readonly degrees: readonly [number, number];
  /** k₀ = (N − Σk²/N)/(n − 1), the size of the groups where they are equal. */
  readonly size: number;
}

interface Group {
  readonly size: number;
  readonly mean: number;
}

/**
 * ICC(1,1) = (MSB − MSW) / (MSB + (k − 1) MSW) of a one-way random-effects analysis of variance (Shrout and Fleiss, "Intraclass correlations",
 * Psychological Bulletin 86, 1979). Groups of unequal size enter with k₀ = (N − Σk²/N)/(n − 1); those with one value count between groups only.
 * At most 1; below 0 where values vary more within groups than chance. Null with fewer than two groups, no group of two, or no variance at all.
 */
export function icc(groups: readonly (readonly number[])[]): number | null {
  const filled = groups.filter((group) => group.length > 0);
  return analyse(filled)?.single ?? null;
}

/**
 * ICC(1,1) and ICC(1,k) with intervals of `confidence` that are exact under normality, for any sizes of the groups: all ρ that an F test does not
 * reject. With w_i = k_i(1 − ρ)/(1 + (k_i − 1)ρ), the weighted mean square of the group means over MSW is distributed as F(n − 1, N − n) at the
 * true ρ (Wald, "A note on the analysis of variance with unequal class frequencies", Annals of Mathematical Statistics 11, 1940); it falls as ρ
 * rises, so each end is found by bisection. With equal sizes that is (F/F_q − 1)/(F/F_q + k − 1) of McGraw and Wong ("Forming inferences about
 * some intraclass correlation coefficients", Psychological Methods 1, 1996, table 7). Null as {@link icc}.
 *
 * The lower end is −1/(k_max − 1), where ρ itself ends, if no value is rejected. Values alike within every group give 1 to 1.
 * Pitfall: exact for normal values only; other shapes were not simulated. Coverage of 95% in 20,000 simulated studies: 94.8% with 20 groups of 3 at
 * ρ = .5, 94.9% with 18 groups of 1 to 8 at ρ = .3; with 3 groups of 2 still 95%, of an interval that says hardly anything.
 */
export function intraclass(groups: readonly (readonly number[])[], confidence = 0.95): Intraclass | null {
  const filled = groups.filter((group) => group.length > 0);
  const variance = analyse(filled);
  if (!variance) return null;
  const { single, msb, msw, k } = variance;
  const sizes: Group[] = filled.map((group) => ({ size: group.length, mean: group.reduce((sum, value) => sum + value, 0) / group.length }));
  const degrees: [number, number] = [filled.length - 1, sizes.reduce((sum, { size }) => sum + size - 1, 0)];
  const tail = (1 - confidence) / 2;
  const solve = (p: number): number => solveRatio(sizes, msw, fQuantile(p, ...degrees));
  const singleInterval: [number, number] = [solve(1 - tail), solve(tail)];
  const stepUp = (rho: number): number => (k * rho) / (1 + (k - 1) * rho);
  return {
    single,
    average: (msb - msw) / msb,
    singleInterval,
    averageInterval: [stepUp(singleInterval[0]), stepUp(singleInterval[1])],
    f: msb / msw,
    degrees,
    size: k,
  };
}

function analyse(filled: readonly (readonly number[])[]): { single: number; msb: number; msw: number; k: number } | null {
  const total = filled.reduce((sum, group) => sum + group.length, 0);
  if (filled.length < 2 || total === filled.length) return null;
  const grand = filled.reduce((sum, group) => sum + group.reduce((s, v) => s + v, 0), 0) / total;
  let [between, within, squares] = [0, 0, 0];
  for (const group of filled) {
    const mean = group.reduce((sum, value) => sum + value, 0) / group.length;
    between += group.length * (mean - grand) ** 2;
    for (const value of group) within += (value - mean) ** 2;
    squares += group.length ** 2;
  }
  const msb = between / (filled.length - 1);
  const msw = within / (total - filled.length);
  const k = (total - squares / total) / (filled.length - 1);
  const denominator = msb + (k - 1) * msw;
  return denominator > 0 ? { single: (msb - msw) / denominator, msb, msw, k } : null;
}

/** The ρ at which the weighted mean square between groups is `ratio` times that within. */
function solveRatio(groups: readonly Group[], msw: number, ratio: number): number {
  const between = (rho: number): number => {
    const weights = groups.map(({ size }) => (size * (1 - rho)) / (1 + (size - 1) * rho));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const centre = groups.reduce((sum, { mean }, i) => sum + weights[i] * mean, 0) / total;
    return groups.reduce((sum, { mean }, i) => sum + weights[i] * (mean - centre) ** 2, 0) / (groups.length - 1);
  };
  let [low, high] = [-1 / (Math.max(...groups.map(({ size }) => size)) - 1), 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (between(middle) > ratio * msw) low = middle;
    else high = middle;
  }
  return msw > 0 ? (low + high) / 2 : 1;
}
