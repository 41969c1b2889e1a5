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

/**
 * δ of resamples, for `bootstrap`: the pooled sample is sorted once, after which a resample takes O(n_a + n_b) for counting how many of b lie
 * below each a. To the last bit what `cliffsDelta` gives: both count pairs exactly, in halves.
 */
cliffsDelta.ofCounts = (a: readonly number[], b: readonly number[]): ((counts: Uint32Array) => number) => {
  const pooled = Float64Array.from([...a, ...b]);
  const order = Uint32Array.from(pooled, (_, i) => i).sort((i, j) => pooled[i] - pooled[j]);
  const last = Uint8Array.from(order, (i, place) => (pooled[i] === pooled[order[place + 1]] ? 0 : 1));
  return (counts) => {
    let [pairs, drawnA, drawnB, equalA, equalB] = [0, 0, 0, 0, 0];
    for (let place = 0; place < order.length; place++) {
      const i = order[place];
      if (i < a.length) equalA += counts[i];
      else equalB += counts[i];
      if (last[place] === 0) continue;
      pairs += equalA * (drawnB + equalB / 2);
      drawnA += equalA;
      drawnB += equalB;
      equalA = 0;
      equalB = 0;
    }
    return 2 * (pairs / (drawnA * drawnB)) - 1;
  };
};
