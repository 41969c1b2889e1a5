/** Several tests at once: p-values adjusted so that they can be read against one level. */

/**
 * Holm's step-down ("A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979): the chance of any
 * false rejection stays below the level under any dependence. Adjusted p, in the order given, as R's `p.adjust(p, 'holm')`. Null and NaN, tests
 * that could not be made, stay what they are and are not counted.
 * Pitfall: what counts as the family is decided before looking; a test that was left out for its value would have had to count.
 */
export function holm(p: readonly number[]): number[];
export function holm(p: readonly (number | null)[]): (number | null)[];
export function holm(p: readonly (number | null)[]): (number | null)[] {
  return adjust(p, (sorted) => {
    let highest = 0;
    return sorted.map((value, i) => {
      highest = Math.max(highest, Math.min(1, value * (sorted.length - i)));
      return highest;
    });
  });
}

/**
 * Benjamini and Hochberg's step-up ("Controlling the false discovery rate", Journal of the Royal Statistical Society B 57, 1995): the expected
 * share of false ones among the rejected stays below the level, under independence or positive dependence. Adjusted p, in the order given, as
 * R's `p.adjust(p, 'BH')`. Null and NaN stay what they are and are not counted.
 */
export function benjaminiHochberg(p: readonly number[]): number[];
export function benjaminiHochberg(p: readonly (number | null)[]): (number | null)[];
export function benjaminiHochberg(p: readonly (number | null)[]): (number | null)[] {
  return adjust(p, (sorted) => {
    const adjusted = [...sorted];
    let lowest = 1;
    for (let i = sorted.length - 1; i >= 0; i--) {
      lowest = Math.min(lowest, (sorted[i] * sorted.length) / (i + 1));
      adjusted[i] = lowest;
    }
    return adjusted;
  });
}

/** Applies `rule` to the values in rising order and puts the results back in their places. */
function adjust(p: readonly (number | null)[], rule: (sorted: readonly number[]) => readonly number[]): (number | null)[] {
  const tests = p.flatMap((value, place) => (value === null || Number.isNaN(value) ? [] : [{ value, place }]));
  tests.sort((one, other) => one.value - other.value);
  const adjusted = rule(tests.map(({ value }) => value));
  const out = [...p];
  for (const [i, { place }] of tests.entries()) out[place] = adjusted[i];
  return out;
}
