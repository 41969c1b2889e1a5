/** How large a difference between two samples is: means, Cliff's δ, its intervals. */
import type { ComparisonResult } from '../../../data/schema.ts';
import { RandomStream } from '../../render/random.ts';
import { type PlannedRow, TESTS } from '../analysis.ts';
import { bcaEnds, bootstrap, type Clusters } from '../statistics/bca-bootstrap.ts';
import { cliffsDelta } from '../statistics/cliffs-delta.ts';
import { testEquivalence } from '../statistics/equivalence.ts';
import { scoreInterval } from '../statistics/score-interval.ts';
import { stored } from './score-layer.ts';

/** Means, δ, and its intervals, whose draws `seed` names. With fewer than two values in a sample there is no δ. */
export function effectOf(
  { points }: PlannedRow,
  a: readonly number[],
  b: readonly number[],
  clustersA: Clusters,
  clustersB: Clusters,
  seed: readonly string[],
) {
  const [meanA, meanB] = [average(a), average(b)];
  const base = { nA: a.length, nB: b.length, meanA: stored(meanA), meanB: stored(meanB), delta_points: stored((meanA - meanB) * points) };
  if (a.length < 2 || b.length < 2)
    return { ...base, A: null, cliff: null, ci: null, ci_method: 'none: too few directions', equivalent: null };
  const cliff = cliffsDelta(a, b);
  const options = { stream: new RandomStream(...seed, 'bootstrap'), draws: TESTS.resamples, confidence: TESTS.confidence };
  const distribution = bootstrap(clustersA, clustersB, cliffsDelta, options);
  const frames = clustersB.length;
  const ci = distribution ? bcaEnds(distribution, TESTS.confidence) : scoreInterval(cliff, a.length, b.length, TESTS.confidence);
  const { interval, equivalent } = testEquivalence(distribution, { delta: cliff, na: a.length, nb: b.length });
  return {
    ...base,
    A: stored((cliff + 1) / 2),
    cliff: stored(cliff),
    ci: rounded(ci),
    ci_method: distribution
      ? `bca-bootstrap, ${TESTS.resamples} resamples of directions${frames > 1 ? `, within ${frames} frames resampled first` : ''}`
      : 'newcombe-5: all resamples are equal, since the samples do not overlap or do not vary',
    ci90: rounded(interval),
    equivalent,
  };
}

/** The effect once more without constant channels: nothing where there are none, or where nothing else is left. */
export function withoutConstant(
  { points }: PlannedRow,
  { channels, varying }: { readonly channels: readonly number[]; readonly varying: readonly number[] },
  b: readonly number[],
): Pick<ComparisonResult, 'without_constant'> {
  if (varying.length === channels.length || varying.length < 2) return {};
  const meanA = average(varying);
  const delta = stored((meanA - average(b)) * points);
  const excluded = channels.length - varying.length;
  return { without_constant: { excluded, meanA: stored(meanA), delta_points: delta, cliff: stored(cliffsDelta(varying, b)) } };
}

/** Ends of an interval as the store keeps them. */
export function rounded([low, high]: readonly [number, number]): [number, number] {
  return [Number(low.toPrecision(7)), Number(high.toPrecision(7))];
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
