/** The sign-flip test of paired differences: does a direction differ from its match? */
import type { RandomStream } from '../../render/random.ts';

/** Up to so many pairs all 2ⁿ sign patterns are counted. */
export const EXACT_PAIRS = 20;

export interface SignFlipTest {
  /** Mean difference. */
  readonly mean: number;
  /** Two-sided: how often flipped signs give a mean at least as far from 0. NaN without pairs. */
  readonly p: number;
  readonly pairs: number;
  /** Whether all sign patterns were counted. */
  readonly exact: boolean;
  /** Patterns looked at, beside the observed one where they were drawn. */
  readonly draws: number;
}

/**
 * Fisher's randomisation test (The Design of Experiments, 1935, section 21): under H0 every difference is symmetric about 0, so that all sign
 * patterns are equally likely. p = #{|S_π| ≥ |S|}/2ⁿ over all patterns for n ≤ 20, else (1 + #{|S_π| ≥ |S|})/(1 + draws) over patterns from
 * `stream`, so that none is 0 (Phipson and Smyth 2010). O(2ⁿ) or O(n · draws). Sums within 1e-10 of Σ|d| count as equal.
 * Pitfalls: the smallest p is 2/2ⁿ, so fewer than six pairs never reach .05; differences of zero stay in and pull p up; a skewed difference of
 * mean 0 is not in the null, and makes the level only asymptotically right; matches that share a partner are not independent pairs.
 */
export function signFlips(differences: readonly number[], stream: RandomStream, draws = 9999): SignFlipTest {
  const pairs = differences.length;
  const sum = differences.reduce((total, value) => total + value, 0);
  if (pairs === 0) return { mean: Number.NaN, p: Number.NaN, pairs, exact: true, draws: 0 };
  const slack = 1e-10 * differences.reduce((total, value) => total + Math.abs(value), 0);
  const bound = Math.abs(sum) - slack;
  const mean = sum / pairs;
  if (pairs <= EXACT_PAIRS) return { mean, p: countAll(differences, sum, bound) / 2 ** pairs, pairs, exact: true, draws: 2 ** pairs };
  let reached = 1;
  for (let draw = 0; draw < draws; draw++) {
    let flipped = 0;
    let bits = 0;
    for (let i = 0; i < pairs; i++) {
      if (i % 32 === 0) bits = stream.uint32();
      flipped += bits & 1 ? differences[i] : -differences[i];
      bits >>>= 1;
    }
    if (Math.abs(flipped) >= bound) reached++;
  }
  return { mean, p: reached / (draws + 1), pairs, exact: false, draws };
}

/** Patterns that reach the bound, in Gray code's order: each differs from the one before in one sign. */
function countAll(differences: readonly number[], sum: number, bound: number): number {
  const signed = [...differences];
  let [flipped, reached] = [sum, 0];
  for (let pattern = 1; pattern <= 2 ** differences.length; pattern++) {
    if (Math.abs(flipped) >= bound) reached++;
    const place = 31 - Math.clz32(pattern & -pattern);
    if (place >= signed.length) break;
    flipped -= 2 * signed[place];
    signed[place] = -signed[place];
  }
  return reached;
}
