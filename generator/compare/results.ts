/** From directions with arms and scores to the rows of a comparison. */
import type { Arm, ComparisonResult, Measures } from '../../data/schema.ts';
import { labGabor } from '../measure/observer.ts';
import { RandomStream } from '../render/random.ts';
import { ANALYSIS_SEED, METRICS, PAIRS, type PlannedMetric, TESTS } from './analysis.ts';
import { stored } from './score-layer.ts';
import { bcaInterval, type Clusters } from './statistics/bca-bootstrap.ts';
import { permutationBrunnerMunzel } from './statistics/brunner-munzel.ts';
import { cliffsDelta } from './statistics/cliffs-delta.ts';
import { mannWhitney } from './statistics/mann-whitney.ts';
import { benjaminiHochberg } from './statistics/multiplicity.ts';
import { scoreInterval } from './statistics/score-interval.ts';

/** A direction as the tests see it. */
export interface ArmScore {
  readonly arm: Arm;
  /** Of a random direction, the frame that it is a row of; directions of the others are independent. */
  readonly frame?: number;
  /** Renders that the plan has of it: with one, it has no render identity to miss. */
  readonly renders: number;
  readonly scores: Measures;
}

/** The rows of one layer, without the adjustment of their p-values, which takes all layers: see {@link adjustResults}. */
export function compareArms(layer: string, directions: readonly ArmScore[], images: string): ComparisonResult[] {
  const pairs = PAIRS.filter((pair) => pair.every((arm) => directions.some((direction) => direction.arm === arm)));
  return pairs.flatMap(([armA, armB]) =>
    METRICS.map((metric) => {
      const a = directions.filter(({ arm }) => arm === armA);
      const b = directions.filter(({ arm }) => arm === armB);
      return compareSamples(layer, metric, { arm: armA, ...gather(a, metric) }, { arm: armB, ...gather(b, metric) }, images);
    }),
  );
}

interface Sample {
  readonly arm: Arm;
  readonly values: readonly number[];
  readonly clusters: Clusters;
  readonly missing: number;
}

/** An arm's values, in clusters of one frame each, and how many directions should have one and do not. */
function gather(directions: readonly ArmScore[], { measure }: PlannedMetric): Omit<Sample, 'arm'> {
  const eligible = directions.filter(({ renders }) => measure !== 'render_identity' || renders > 1);
  const clusters = new Map<number, number[]>();
  for (const { scores, frame = 0 } of eligible) {
    const value = scores[measure] ?? null; // A measure that older atlases lack.
    if (value !== null) clusters.set(frame, [...(clusters.get(frame) ?? []), value]);
  }
  const values = [...clusters.values()].flat();
  return { values, clusters: [...clusters.values()], missing: eligible.length - values.length };
}

function compareSamples(layer: string, metric: PlannedMetric, a: Sample, b: Sample, images: string): ComparisonResult {
  const seed = [ANALYSIS_SEED, layer, metric.metric, a.arm, b.arm];
  const enough = a.values.length > 1 && b.values.length > 1;
  const cliff = enough ? cliffsDelta(a.values, b.values) : Number.NaN;
  const { ci, ci_method } = enough ? interval(cliff, a, b, seed) : { ci: null, ci_method: 'none: too few directions' };
  const test = permutationBrunnerMunzel(a.values, b.values, new RandomStream(...seed, 'permutation'), TESTS.permutations);
  const [meanA, meanB] = [average(a.values), average(b.values)];
  return {
    metric: metric.metric,
    role: metric.role,
    ...(metric.metric === 'render-identity' ? { observer: labGabor.id } : { images }),
    armA: a.arm,
    armB: b.arm,
    nA: a.values.length,
    nB: b.values.length,
    excluded: a.missing + b.missing,
    meanA: stored(meanA),
    meanB: stored(meanB),
    delta_points: stored((meanA - meanB) * metric.points),
    A: stored((cliff + 1) / 2),
    cliff: stored(cliff),
    ci,
    ci_method,
    p_permutation: stored(test.p),
    p_mann_whitney: enough ? stored(mannWhitney(a.values, b.values).p) : null,
    permutations: test.draws,
    p_adjusted: null,
    adjust: 'none',
    seed: seed.join(' '),
    exploratory: false,
  };
}

function interval(cliff: number, a: Sample, b: Sample, seed: readonly string[]): Pick<ComparisonResult, 'ci' | 'ci_method'> {
  const stream = new RandomStream(...seed, 'bootstrap');
  const ends = bcaInterval(a.clusters, b.clusters, cliffsDelta, { stream, draws: TESTS.resamples, confidence: TESTS.confidence });
  const frames = b.clusters.length;
  const method = ends
    ? `bca-bootstrap, ${TESTS.resamples} resamples of directions${frames > 1 ? `, within ${frames} frames resampled first` : ''}`
    : 'newcombe-5: all resamples are equal, since the samples do not overlap or do not vary';
  const [low, high] = ends ?? scoreInterval(cliff, a.values.length, b.values.length, TESTS.confidence);
  return { ci: [Number(low.toPrecision(7)), Number(high.toPrecision(7))], ci_method: method };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The rows of all layers with their p-values adjusted together; the order is kept. */
export function adjustResults(layers: readonly (readonly ComparisonResult[])[]): ComparisonResult[][] {
  const rows = layers.flat();
  const adjusted = benjaminiHochberg(rows.map(({ p_permutation }) => p_permutation ?? Number.NaN));
  const tests = adjusted.filter((p) => !Number.isNaN(p)).length;
  const place = new Map(rows.map((row, i) => [row, adjusted[i]]));
  return layers.map((layer) =>
    layer.map((row) => ({ ...row, p_adjusted: stored(place.get(row) ?? null), adjust: `benjamini-hochberg over ${tests} tests` })),
  );
}
