/** Cliff's δ: how far one sample lies above another, without units or assumptions on shape. */
import { auroc } from '../../measure/auroc.ts';

/**
 * δ = P(a > b) − P(a < b) = 2A − 1 over all pairs (Cliff, "Dominance statistics", Psychological Bulletin 114, 1993): -1 to 1, 0 for none.
 * O(n log n). Conventional words (Romano et al. 2006): below .147 negligible, .33 small, .474 medium. NaN where either sample is empty.
 * Pitfall: δ tells how often, not by how much: a tiny shift of a narrow distribution can reach 1.
 */
export function cliffsDelta(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return 2 * auroc(a, b) - 1;
}
