/** The Mann–Whitney test, reported beside Brunner–Munzel because everyone knows it. */
import { superiority } from '../../measure/auroc.ts';
import { normalCdf } from './normal-distribution.ts';

export interface MannWhitney {
  /** U of the first sample: pairs in which a is larger, ties counting half. */
  readonly u: number;
  /** Two-sided, 0 to 1. */
  readonly p: number;
}

/**
 * U and its two-sided p by the normal approximation with correction for ties and for continuity (Mann and Whitney 1947; Lehmann 1975), as
 * SciPy's `mannwhitneyu(method='asymptotic')`. p is NaN where all values are equal or a sample is empty.
 * Pitfall: its null is equality of distributions, so that unequal spreads alone can reject: the permutation Brunner–Munzel is the one to read.
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): MannWhitney {
  const [n, m, total] = [a.length, b.length, a.length + b.length];
  const u = superiority(a, b);
  const sorted = Float64Array.from([...a, ...b]).sort();
  let ties = 0;
  for (let start = 0, end = 0; start < total; start = end) {
    while (end < total && sorted[end] === sorted[start]) end++;
    ties += (end - start) ** 3 - (end - start);
  }
  const deviation = Math.sqrt(((n * m) / 12) * (total + 1 - ties / (total * (total - 1))));
  if (!(deviation > 0)) return { u, p: Number.NaN };
  const z = (Math.abs(u - (n * m) / 2) - 0.5) / deviation;
  return { u, p: Math.min(1, 2 * normalCdf(-z)) };
}
