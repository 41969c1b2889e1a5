/** Several tests at once: p-values adjusted so that they can be read against one level. */

/**
 * Holm's step-down ("A simple sequentially rejective multiple test procedure", 1979): the chance of any false rejection stays below the level
 * under any dependence. Adjusted p, in the order given; NaN stays NaN and is not counted as a test.
 */
export function holm(p: readonly number[]): number[] {
  return adjust(p, (sorted) => {
    let highest = 0;
    return sorted.map((value, i) => {
      highest = Math.max(highest, Math.min(1, value * (sorted.length - i)));
      return highest;
    });
  });
}

/**
 * Benjamini and Hochberg's step-up ("Controlling the false discovery rate", 1995): the expected share of false ones among the rejected stays
 * below the level, under independence or positive dependence. Adjusted p, in the order given; NaN stays NaN and is not counted.
 */
export function benjaminiHochberg(p: readonly number[]): number[] {
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
function adjust(p: readonly number[], rule: (sorted: readonly number[]) => readonly number[]): number[] {
  const order = p.map((_, i) => i).filter((i) => !Number.isNaN(p[i]));
  order.sort((i, j) => p[i] - p[j]);
  const adjusted = rule(order.map((i) => p[i]));
  const out = new Array<number>(p.length).fill(Number.NaN);
  for (const [place, i] of order.entries()) out[i] = adjusted[place];
  return out;
}
