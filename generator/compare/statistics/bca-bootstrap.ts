/** Bootstrap intervals, corrected for bias and acceleration, for a figure that compares two samples. */
import type { RandomStream } from '../../render/random.ts';
import { normalCdf, normalQuantile } from './normal-distribution.ts';

/** A sample in clusters: `[clusters][observations]`. One cluster means independent observations. */
export type Clusters = readonly (readonly number[])[];

/** A figure of two samples. */
export interface TwoSampleStatistic {
  (a: readonly number[], b: readonly number[]): number;
  /**
   * Where there is a faster way to it: given both samples once, the same figure of any resample from how often it has each observation,
   * `[n_a + n_b]`, the first sample's first.
   */
  readonly ofCounts?: (a: readonly number[], b: readonly number[]) => (counts: Uint32Array) => number;
}

export interface BootstrapOptions {
  readonly stream: RandomStream;
  /** Resamples; 4,999 unless told. */
  readonly draws?: number;
  /** 0.95 unless told. */
  readonly confidence?: number;
}

/** What resampling says of a figure: intervals of any confidence come from it. */
export interface BootstrapDistribution {
  readonly estimate: number;
  /** The figure of every resample, rising. */
  readonly values: Float64Array;
  /** z₀ = Φ⁻¹ of the share of resamples below the estimate, ties half. */
  readonly bias: number;
  /** a, the skewness of the leave-one-out values over 6. */
  readonly acceleration: number;
}

/**
 * The BCa interval of `statistic(a, b)` (Efron, "Better bootstrap confidence intervals", JASA 82, 1987): {@link bootstrap}, then
 * {@link bcaEnds}. Null where it is undefined: a sample of fewer than two, or resamples that are all equal (as with δ = ±1).
 *
 * Coverage of the 95% interval of Cliff's δ in 1,000 to 2,000 simulated studies of normal values, 599 resamples (standard error up to .7%):
 * - independent, spreads 1 and 1.5: 95 to 97% at δ = .22 from 10 a side on, at δ = .73 from 20 a side on; at δ = .90 only 92% with 20 or 40 a
 *   side, 94% with 128: near ±1 it is too short.
 * - one sample in frames, ρ the share of variance common to a frame: with 4 frames 98% at ρ = 0, 95% at .02 and .05 (32 a frame), 93 to 94% at
 *   .1, 90% at .3 (16 a frame). With 8 frames 96% at .1, 93% at .3; with 12 and 16 frames 95% at .3. With 2 frames 90 and 78%, with 3 frames 91
 *   and 86%, at .1 and .3. So it holds from 8 frames on, and with 4 while frames are nearly alike: look at the intraclass correlation of frames.
 */
export function bcaInterval(a: Clusters, b: Clusters, statistic: TwoSampleStatistic, options: BootstrapOptions): [number, number] | null {
  const distribution = bootstrap(a, b, statistic, options);
  return distribution && bcaEnds(distribution, options.confidence);
}

/**
 * The figure's distribution over resamples. Each sample is resampled apart; one of several clusters by drawing clusters first, then as many
 * observations within each as it has (Davison and Hinkley 1997, 3.8). The acceleration is the skewness of the leave-one-out values of both
 * samples, as SciPy's `bootstrap` has it for several samples. O(draws · statistic). Null as for {@link bcaInterval}.
 * Pitfall: with clusters alike, drawing clusters then observations counts the spread between observations twice, so the interval is too wide
 * rather than too narrow; with few clusters it hardly knows the spread between them.
 */
export function bootstrap(
  a: Clusters,
  b: Clusters,
  statistic: TwoSampleStatistic,
  { stream, draws = 4999 }: Pick<BootstrapOptions, 'stream' | 'draws'>,
): BootstrapDistribution | null {
  const [allA, allB] = [a.flat(), b.flat()];
  if (allA.length < 2 || allB.length < 2) return null;
  const estimate = statistic(allA, allB);
  const values = new Float64Array(draws);
  const evaluate = statistic.ofCounts?.(allA, allB);
  const counts = new Uint32Array(allA.length + allB.length);
  const [drawFromA, drawFromB] = [sampler(a, stream), sampler(b, stream)];
  for (let draw = 0; draw < draws; draw++) {
    const [drawnA, drawnB] = [drawFromA(), drawFromB()];
    if (evaluate) {
      counts.fill(0);
      for (let i = 0; i < drawnA.length; i++) counts[drawnA[i]]++;
      for (let i = 0; i < drawnB.length; i++) counts[allA.length + drawnB[i]]++;
      values[draw] = evaluate(counts);
    } else {
      values[draw] = statistic(
        Array.from(drawnA, (i) => allA[i]),
        Array.from(drawnB, (i) => allB[i]),
      );
    }
  }
  values.sort();
  if (values[0] === values[draws - 1]) return null;
  const below = values.reduce((sum, value) => sum + (value < estimate ? 1 : value === estimate ? 0.5 : 0), 0) / draws;
  const bias = normalQuantile(Math.min(1 - 0.5 / draws, Math.max(0.5 / draws, below)));
  return { estimate, values, bias, acceleration: accelerate(allA, allB, statistic) };
}

/** The ends of the BCa interval of a confidence, 0.95 unless told: the quantiles at Φ(z₀ + (z₀ + z)/(1 − a(z₀ + z))), z = ∓ the normal's. */
export function bcaEnds({ values, bias, acceleration }: BootstrapDistribution, confidence = 0.95): [number, number] {
  const end = (z: number): number => {
    const shifted = bias + z;
    return quantile(values, normalCdf(bias + shifted / (1 - acceleration * shifted)));
  };
  const z = normalQuantile((1 - confidence) / 2);
  return [end(z), end(-z)];
}

/** Resamples a sample: each call gives the places, in the flat sample, of the observations drawn, good until the next. */
function sampler(clusters: Clusters, stream: RandomStream): () => Uint32Array {
  const sizes = clusters.map(({ length }) => length);
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  const drawn = new Uint32Array(sizes.length * Math.max(...sizes));
  return () => {
    let count = 0;
    for (let i = 0; i < sizes.length; i++) {
      const chosen = sizes.length === 1 ? 0 : stream.below(sizes.length);
      const [start, size] = [starts[chosen], sizes[chosen]];
      for (let k = 0; k < size; k++) drawn[count++] = start + stream.below(size);
    }
    return drawn.subarray(0, count);
  };
}

/** a = Σ U³/n³ / (6 (Σ U²/n²)^{3/2}), with U = (n − 1)(mean of the leave-one-out values − the value), over both samples. */
function accelerate(a: readonly number[], b: readonly number[], statistic: TwoSampleStatistic): number {
  let [cubes, squares] = [0, 0];
  for (const values of leaveOneOut(a, b, statistic)) {
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

/** The figure without each observation of the first sample, and without each of the second. */
function leaveOneOut(a: readonly number[], b: readonly number[], statistic: TwoSampleStatistic): [number[], number[]] {
  const evaluate = statistic.ofCounts?.(a, b);
  if (!evaluate) {
    const without = (sample: readonly number[], i: number): number[] => sample.filter((_, k) => k !== i);
    return [a.map((_, i) => statistic(without(a, i), b)), b.map((_, i) => statistic(a, without(b, i)))];
  }
  const counts = new Uint32Array(a.length + b.length).fill(1);
  const without = (i: number): number => {
    counts[i] = 0;
    const value = evaluate(counts);
    counts[i] = 1;
    return value;
  };
  return [a.map((_, i) => without(i)), b.map((_, i) => without(a.length + i))];
}

/** Linear between order statistics (Hyndman and Fan's type 7). */
export function quantile(sorted: Float64Array, p: number): number {
  const place = p * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}
