/** Krippendorff's α: how far raters agree beyond chance, whatever their number, the scale and the gaps. */

export type Scale = 'nominal' | 'ordinal' | 'interval';

/** Counts of the distinct values, rising, among values that can be paired. */
interface Marginals {
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

/**
 * α = 1 − D_o/D_e (Hayes and Krippendorff, "Answering the call for a standard reliability measure for coding data", Communication Methods and
 * Measures 1, 2007; Krippendorff, "Computing Krippendorff's alpha-reliability", 2011): D_o the mean squared distance of values of one unit, each of
 * the m_u values weighing 1/(m_u − 1) with the others, D_e that of all values. Squared distances: nominal 0 or 1; interval (c − k)²; ordinal
 * (Σ_{g=c..k} n_g − (n_c + n_k)/2)², from the counts of the values, so that only order matters.
 * `ratings` `[units][raters]`, null where a rater did not see a unit; units with fewer than two values are left out. 1 for full agreement, 0 for
 * chance, below 0 for less; Krippendorff asks .8, and .667 for tentative conclusions. Null where nothing can be paired or all values are the same.
 * O(values + distinct²).
 * Pitfalls: values that hardly vary give a low α though raters nearly always agree, since chance would agree too; ordinal distances depend on
 * which values were used, so α of a part of the units is not comparable with α of all.
 */
export function krippendorffAlpha(ratings: readonly (readonly (number | null)[])[], scale: Scale): number | null {
  const units = ratings.map((unit) => unit.filter((value) => value !== null)).filter((unit) => unit.length > 1);
  const all = units.flat();
  const counted = new Map<number, number>();
  for (const value of all) counted.set(value, (counted.get(value) ?? 0) + 1);
  const values = [...counted.keys()].sort((a, b) => a - b);
  if (values.length < 2) return null;
  const marginals: Marginals = { values, counts: values.map((value) => counted.get(value) ?? 0) };
  const places = new Map(values.map((value, place) => [value, place]));
  const distance = squaredDistances(marginals, scale);

  let [observed, expected] = [0, 0];
  for (const unit of units) {
    const indices = unit.map((value) => places.get(value) ?? 0);
    let sum = 0;
    for (const [i, c] of indices.entries()) for (const k of indices.slice(i + 1)) sum += 2 * distance(c, k);
    observed += sum / (unit.length - 1);
  }
  for (const [c, n] of marginals.counts.entries()) for (const [k, m] of marginals.counts.entries()) expected += n * m * distance(c, k);
  return 1 - ((all.length - 1) * observed) / expected;
}

/** The squared distance between the values at two places of the marginals. */
function squaredDistances({ values, counts }: Marginals, scale: Scale): (c: number, k: number) => number {
  if (scale === 'nominal') return (c, k) => (c === k ? 0 : 1);
  // The ordinal distance is the difference of mid-ranks.
  let before = 0;
  const midranks = counts.map((count) => {
    before += count;
    return before - count / 2;
  });
  const positions = scale === 'interval' ? values : midranks;
  return (c, k) => (positions[c] - positions[k]) ** 2;
}
