/** Directions that say the same of the images: how many independent ones there are, and what the interval is when they count once. */
import { type BootstrapOptions, bcaInterval, type Clusters, type TwoSampleStatistic } from './bca-bootstrap.ts';

/**
 * Pearson's correlations between directions over images, `[D,D]`, row-major, from scores `[images,D]`. 1 on the diagonal. A direction of
 * constant scores correlates 0 with every other. O(images · D²).
 */
export function correlations(scores: ArrayLike<number>, directions: number): Float64Array {
  const images = scores.length / directions;
  const columns = Array.from({ length: directions }, (_, d) =>
    standardise(Float64Array.from({ length: images }, (_, x) => scores[x * directions + d])),
  );
  const out = new Float64Array(directions * directions);
  for (let i = 0; i < directions; i++) {
    out[i * directions + i] = 1;
    for (let j = 0; j < i; j++) {
      let r = 0;
      for (let x = 0; x < images; x++) r += columns[i][x] * columns[j][x];
      out[i * directions + j] = r;
      out[j * directions + i] = r;
    }
  }
  return out;
}

/** Mean 0 and length 1, or all 0 where the values do not vary beyond rounding. */
function standardise(column: Float64Array): Float64Array {
  const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
  const centred = column.map((value) => value - mean);
  const length = Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0));
  return length > 1e-12 * Math.abs(mean) * Math.sqrt(column.length) ? centred.map((value) => value / length) : centred.fill(0);
}

/**
 * n_eff = (tr R)² / ‖R‖²_F of a correlation (or covariance) matrix `[D,D]`: the participation ratio of its eigenvalues, (Σλ)²/Σλ², D where all
 * are uncorrelated, 1 where all are the same (Bretherton et al., "The effective number of spatial degrees of freedom", Journal of Climate 12,
 * 1999). Blind to sign: a direction and its negative count once.
 * Pitfall: of N images, each r² is about 1/N too large, so that D independent directions show as D/(1 + (D − 1)/N): use N far above D.
 * A description of the arm; nothing is divided by it.
 */
export function effectiveNumber(matrix: ArrayLike<number>): number {
  const size = Math.round(Math.sqrt(matrix.length));
  let [trace, squares] = [0, 0];
  for (let i = 0; i < size; i++) trace += matrix[i * size + i];
  for (let i = 0; i < matrix.length; i++) squares += matrix[i] * matrix[i];
  return (trace * trace) / squares;
}

/**
 * Single linkage: directions joined by a chain of |r| > `threshold` form a group. Groups in the order of their first member, members rising;
 * every direction is in one. `matrix` `[D,D]`.
 * Pitfall: chains: at a low threshold most directions may end in one group though few pairs are alike. Near-duplicates need .9 or more.
 */
export function linkNearDuplicates(matrix: ArrayLike<number>, threshold: number): number[][] {
  const size = Math.round(Math.sqrt(matrix.length));
  const group = new Int32Array(size).fill(-1);
  const groups: number[][] = [];
  for (let seed = 0; seed < size; seed++) {
    if (group[seed] >= 0) continue;
    const members = [seed];
    group[seed] = groups.length;
    for (const i of members) {
      for (let j = 0; j < size; j++) {
        if (group[j] >= 0 || !(Math.abs(matrix[i * size + j]) > threshold)) continue;
        group[j] = groups.length;
        members.push(j);
      }
    }
    groups.push(members.sort((i, j) => i - j));
  }
  return groups;
}

/**
 * The BCa interval with near-duplicates drawn together: a sensitivity analysis, to stand beside `bcaInterval` of the directions as they are.
 * Each sample in its groups (`linkNearDuplicates`, values in their places). Null where either sample is a single group, which leaves nothing to
 * resample, and where `bcaInterval` is.
 * Pitfall: near-duplicates across the two samples stay apart; the groups are drawn as if independent.
 */
export function nearDuplicateInterval(
  a: Clusters,
  b: Clusters,
  statistic: TwoSampleStatistic,
  options: BootstrapOptions,
): [number, number] | null {
  return a.length < 2 || b.length < 2 ? null : bcaInterval(a, b, statistic, options);
}
