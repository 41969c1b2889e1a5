/** The area under the ROC curve: how often a positive outranks a negative. */

/** Sorted values with, for a value, how many lie below and how many are equal. Ties need exact equality. */
export class Ranking {
  readonly #sorted: Float64Array;

  constructor(values: ArrayLike<number>) {
    this.#sorted = Float64Array.from(values).sort();
  }

  /** Values below `value`, plus half of those equal to it. */
  placement(value: number): number {
    return (this.#bound(value, false) + this.#bound(value, true)) / 2;
  }

  /** The first place whose value is ≥ `value`, or > where `after`. */
  #bound(value: number, after: boolean): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle] < value || (after && this.#sorted[middle] === value)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * A = P(a > b) + ½ P(a = b) over all pairs, 0 to 1, chance ½: the Mann–Whitney U over n_a·n_b, the area under the ROC curve (Bamber 1975), the
 * probability of superiority (Vargha and Delaney 2000). O((n_a + n_b) log n_b). NaN where either is empty.
 */
export function auroc(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return superiority(a, b) / (a.length * b.length);
}

/** U: pairs in which a is larger, plus half of those that tie; exact. */
export function superiority(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const ranking = new Ranking(b);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ranking.placement(a[i]);
  return sum;
}
