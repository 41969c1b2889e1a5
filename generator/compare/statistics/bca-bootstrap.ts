/** Bootstrap intervals, corrected for bias and acceleration, for a figure that compares two samples. */
import type { RandomStream } from '../../render/random.ts';
import { normalCdf, normalQuantile } from './normal-distribution.ts';

/** A sample in clusters: `[clusters][observations]`. One cluster means independent observations. */
export type Clusters = readonly (readonly number[])[];

export interface BootstrapOptions {
  readonly stream: RandomStream;
  /** Resamples; 4,999 unless told. */
  readonly draws?: number;
  /** 0.95 unless told. */
  readonly confidence?: number;
}

/**
 * The BCa interval of `statistic(a, b)` (Efron, "Better bootstrap confidence intervals", JASA 82, 1987). Each sample is resampled apart; one of
 * several clusters by drawing clusters first, then as many observations within each as it has (Davison and Hinkley 1997, 3.8). The acceleration
 * is the skewness of the leave-one-out values of both samples, as SciPy's `bootstrap` has it for several samples. O(draws · statistic).
 *
 * Null where it is undefined: a sample of fewer than two, or resamples that are all equal (as with δ = ±1).
 * Pitfall: with clusters alike, drawing clusters then observations counts the spread between observations twice, so the interval is too wide
 * rather than too narrow; with two to four clusters it hardly knows the spread between them.
 */
export function bcaInterval(
  a: Clusters,
  b: Clusters,
  statistic: (a: readonly number[], b: readonly number[]) => number,
  { stream, draws = 4999, confidence = 0.95 }: BootstrapOptions,
): [number, number] | null {
  const [allA, allB] = [a.flat(), b.flat()];
  if (allA.length < 2 || allB.length < 2) return null;
  const estimate = statistic(allA, allB);
  const values = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw++) values[draw] = statistic(resample(a, stream), resample(b, stream));
  values.sort();
  if (values[0] === values[draws - 1]) return null;

  const below = values.reduce((sum, value) => sum + (value < estimate ? 1 : value === estimate ? 0.5 : 0), 0) / draws;
  const bias = normalQuantile(Math.min(1 - 0.5 / draws, Math.max(0.5 / draws, below)));
  const acceleration = accelerate(allA, allB, statistic);
  const end = (z: number): number => {
    const shifted = bias + z;
    return quantile(values, normalCdf(bias + shifted / (1 - acceleration * shifted)));
  };
  const z = normalQuantile((1 - confidence) / 2);
  return [end(z), end(-z)];
}

function resample(clusters: Clusters, stream: RandomStream): number[] {
  const out: number[] = [];
  for (let i = 0; i < clusters.length; i++) {
    const cluster = clusters.length === 1 ? clusters[0] : clusters[stream.below(clusters.length)];
    for (let k = 0; k < cluster.length; k++) out.push(cluster[stream.below(cluster.length)]);
  }
  return out;
}

/** a = Σ U³/n³ / (6 (Σ U²/n²)^{3/2}), with U = (n − 1)(mean of the leave-one-out values − the value), over both samples. */
function accelerate(a: readonly number[], b: readonly number[], statistic: (a: readonly number[], b: readonly number[]) => number): number {
  const leaveOut = (sample: readonly number[], i: number): number[] => sample.filter((_, k) => k !== i);
  let [cubes, squares] = [0, 0];
  for (const values of [a.map((_, i) => statistic(leaveOut(a, i), b)), b.map((_, i) => statistic(a, leaveOut(b, i)))]) {
    const n = values.length;
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    for (const value of values) {
      const influence = ((n - 1) * (mean - value)) / n;
      cubes += influence ** 3;
      squares += influence ** 2;
    }
  }
  return squares > 0 ? cubes / (6 * squares ** 1.5) : 0;
}

/** Linear between order statistics (Hyndman and Fan's type 7). */
function quantile(sorted: Float64Array, p: number): number {
  const place = p * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}
