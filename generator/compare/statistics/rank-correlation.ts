/** Rank correlations: do two measures order the directions alike? */

/**
 * Spearman's ρ ("The proof and measurement of association between two things", 1904): Pearson's correlation of the ranks, ties at their mean rank.
 * -1 to 1; NaN with fewer than two pairs or where either side does not vary. O(n log n). `x` and `y` of equal length, without NaN.
 * Pitfall: n is directions; scores of several seeds of one direction are not several pairs.
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [a, b] = [ranks(x), ranks(y)];
  const centre = (x.length + 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - centre) * (b[i] - centre);
    aa += (a[i] - centre) ** 2;
    bb += (b[i] - centre) ** 2;
  }
  return aa > 0 && bb > 0 ? Math.max(-1, Math.min(1, ab / Math.sqrt(aa * bb))) : Number.NaN;
}

/**
 * Kendall's τ-b ("The treatment of ties in ranking problems", Biometrika 33, 1945): (C − D)/√((n₀ − n₁)(n₀ − n₂)) over the n₀ = n(n − 1)/2 pairs,
 * C in the same order on both sides, D in opposite, n₁ and n₂ tied in x and in y. -1 to 1; NaN with fewer than two pairs or where either side
 * does not vary. O(n log n), counting exchanges in a merge sort (Knight 1966). `x` and `y` of equal length, without NaN.
 * Pitfall: for the same data it is about two thirds of ρ: the two are not to be compared with one another.
 */
export function kendall(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const order = Uint32Array.from({ length: x.length }, (_, i) => i).sort((i, j) => x[i] - x[j] || y[i] - y[j]);
  const total = (x.length * (x.length - 1)) / 2;
  const tiedX = tiedPairs(order.length, (i) => x[order[i]] === x[order[i - 1]]);
  const tiedBoth = tiedPairs(order.length, (i) => x[order[i]] === x[order[i - 1]] && y[order[i]] === y[order[i - 1]]);
  const sorted = Float64Array.from(order, (i) => y[i]);
  const discordant = sortCounting(sorted);
  const tiedY = tiedPairs(sorted.length, (i) => sorted[i] === sorted[i - 1]);
  const difference = total - tiedX - tiedY + tiedBoth - 2 * discordant;
  const scale = Math.sqrt(total - tiedX) * Math.sqrt(total - tiedY);
  return scale > 0 ? Math.max(-1, Math.min(1, difference / scale)) : Number.NaN;
}

/** Ranks from 1, equal values at their mean rank, in the order given. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort((i, j) => values[i] - values[j]);
  const out = new Float64Array(values.length);
  for (let start = 0, end = 1; start < order.length; start = end++) {
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let i = start; i < end; i++) out[order[i]] = (start + 1 + end) / 2;
  }
  return out;
}

/** Pairs within runs of places that equal the one before. */
function tiedPairs(n: number, sameAsBefore: (i: number) => boolean): number {
  let [pairs, run] = [0, 0];
  for (let i = 1; i < n; i++) {
    run = sameAsBefore(i) ? run + 1 : 0;
    pairs += run;
  }
  return pairs;
}

/** Sorts in place and counts the pairs that were in falling order. */
function sortCounting(values: Float64Array): number {
  let [from, to]: [Float64Array, Float64Array] = [values, new Float64Array(values.length)];
  let exchanges = 0;
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let [left, right] = [start, middle];
      for (let place = start; place < end; place++) {
        if (left < middle && (right >= end || from[left] <= from[right])) to[place] = from[left++];
        else {
          exchanges += middle - left;
          to[place] = from[right++];
        }
      }
    }
    [from, to] = [to, from];
  }
  values.set(from);
  return exchanges;
}
