/** The analysis plan: everything that is decided before any score is computed, as a value that is hashed into the comparison. */
import type { Arm, ComparisonResult } from '../../data/schema.ts';
import { canonicalJson, sha256 } from '../batch/canonical.ts';
import { DEAD_LEAVES } from '../measure/dead-leaves.ts';
import { HELD_OUT } from '../measure/held-out-transforms.ts';
import { labGabor } from '../measure/observer.ts';
import { CONSTANT_RANGE } from '../measure/pooled-statistics.ts';
import { LEAST_ATTAINMENT } from '../measure/robustness.ts';

/** A metric of the comparison and its field in a unit's measures. */
export interface PlannedMetric {
  readonly metric: ComparisonResult['metric'];
  readonly measure: 'render_identity' | 'attainment' | 'robustness';
  readonly role: ComparisonResult['role'];
  /** What one unit of the metric is in points: 100 for a share. */
  readonly points: number;
}

/** The metrics, in the order of the results. */
export const METRICS: readonly PlannedMetric[] = [
  { metric: 'render-identity', measure: 'render_identity', role: 'secondary', points: 100 },
  { metric: 'attainment', measure: 'attainment', role: 'gate', points: 1 },
  { metric: 'robustness', measure: 'robustness', role: 'gate', points: 1 },
];

/** The pairs of arms, where both are there. */
export const PAIRS: readonly (readonly [Arm, Arm])[] = [
  ['basis', 'random'],
  ['basis-negative', 'random'],
];

/** Settings of the tests, named in the comparison. */
export const TESTS = { resamples: 4999, permutations: 9999, confidence: 0.95 } as const;

/** The name under which every random draw of the analysis stands; the parts that follow say what it is for. */
export const ANALYSIS_SEED = 'analysis-1';

export interface AnalysisPlan {
  readonly content: Record<string, unknown>;
  /** SHA-256 of the content's canonical JSON. */
  readonly sha256: string;
}

/** The analysis plan of an atlas: `planSha256` names its plan of renders, `images` how many reference images each layer is scored on. */
export function planAnalysis(planSha256: string, images: number): AnalysisPlan {
  const content = {
    schema: 'basis-analysis/1',
    plan_sha256: planSha256,
    unit: 'the direction; its value is the mean over its renders',
    metrics: METRICS.map(({ metric, role }) => ({ metric, role })),
    pairs: PAIRS,
    observer: labGabor.id,
    images: { id: DEAD_LEAVES, n: images },
    held_out: HELD_OUT,
    effect: `Cliff's delta; BCa bootstrap, ${TESTS.resamples} resamples, ${TESTS.confidence * 100}%; random frames resampled first, then directions; Newcombe's method 5 where the resamples are all equal`,
    test: `Brunner-Munzel by permutation of directions, studentised, two-sided, ${TESTS.permutations} draws`,
    multiplicity: 'Benjamini-Hochberg over all rows',
    exclusions: {
      constant: `a direction whose scores range over less than ${CONSTANT_RANGE} has no attainment and no robustness`,
      robustness: `none below ${LEAST_ATTAINMENT} standard deviation of attainment`,
      failed: 'a render without a picture has no value',
      rule: 'what has no value is excluded and counted; nothing else is excluded',
    },
    seed: ANALYSIS_SEED,
  };
  return { content, sha256: sha256(canonicalJson(content)) };
}
