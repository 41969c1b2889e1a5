/** The intraclass correlation: how much of the spread lies between directions rather than between seeds of one. */

/**
 * ICC(1,1) = (MSB − MSW) / (MSB + (k − 1) MSW) of a one-way random-effects analysis of variance (Shrout and Fleiss, "Intraclass correlations",
 * Psychological Bulletin 86, 1979). Groups of unequal size enter with k₀ = (N − Σk²/N)/(n − 1); those with one value count between groups only.
 * At most 1; below 0 where values vary more within groups than chance. Null with fewer than two groups, no group of two, or no variance at all.
 */
export function icc(groups: readonly (readonly number[])[]): number | null {
  const filled = groups.filter((group) => group.length > 0);
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
  return denominator > 0 ? (msb - msw) / denominator : null;
}
