/** The analysis plan: everything that is decided before any score is computed, as a value that is hashed into the comparison. */
import type { Atlas, Measures, MetricId, Plan, ROLES } from '../../data/schema.ts';
import { canonicalJson, sha256 } from '../batch/canonical.ts';
import { DETECTOR_IOU, FALSE_DETECTORS } from '../measure/dissection/score.ts';
import { HELD_OUT } from '../measure/held-out-transforms.ts';
import { labGabor } from '../measure/observer.ts';
import { ACTIVE_SHARE } from '../measure/passes/quantiles.ts';
import { CONSTANT_RANGE } from '../measure/pooled-rows.ts';
import { LEAST_ATTAINMENT } from '../measure/robustness.ts';
import { FRAME_CONVENTION } from './directions/haar-rows.ts';
import { NEGLIGIBLE } from './statistics/equivalence.ts';

export type Role = (typeof ROLES)[number];

/** A direction's name, arm and place. */
export interface Labelled {
  readonly id: string;
  readonly arm: string;
  readonly index: number;
  /** Of a row of a random frame. */
  readonly frame?: number;
}

/** A planned row: a metric, two arms, and what the row may be used to say. */
export interface PlannedRow {
  readonly metric: MetricId;
  /** Where a unit's record has it. */
  readonly measure: keyof Measures;
  readonly armA: string;
  readonly armB: string;
  readonly role: Role;
  /** What one unit of the metric is in points: 100 for a share. */
  readonly points: number;
  /** Compared pair by pair, each of arm A with the one of arm B that has its number. */
  readonly paired?: boolean;
  /** With the second observer. */
  readonly second?: boolean;
}

const share = (metric: MetricId, measure: keyof Measures) => ({ metric, measure, points: 100 });
const M1 = share('natural-2afc', 'natural_2afc');
const HEADLINE = { ...M1, armA: 'basis', armB: 'random' };

/** The rows of a layer, in the order of the results; those whose arms or measures a layer lacks are left out. */
export const PLANNED: readonly PlannedRow[] = [
  { ...HEADLINE, role: 'headline' },
  { ...HEADLINE, measure: 'natural_2afc_second', second: true, role: 'secondary' },
  ...[
    share('other-tops-2afc', 'other_tops_2afc'),
    share('synthetic-2afc', 'synthetic_2afc'),
    share('render-top', 'render_top'),
    share('render-identity', 'render_identity'),
    share('dissection', 'dissection'),
  ].map((metric): PlannedRow => ({ ...metric, armA: 'basis', armB: 'random', role: 'secondary' })),
  { ...M1, armA: 'basis-negative', armB: 'random', role: 'secondary' },
  { ...share('render-identity', 'render_identity'), armA: 'basis-negative', armB: 'random', role: 'secondary' },
  ...['sparse-2', 'sparse-4', 'sparse-8'].map((armA): PlannedRow => ({ ...M1, armA, armB: 'random', role: 'secondary' })),
  ...['covariance', 'whitened', 'nonnegative'].map((armB): PlannedRow => ({ ...M1, armA: 'basis', armB, role: 'sensitivity' })),
  { ...M1, armA: 'basis', armB: 'matched', role: 'sensitivity', paired: true },
  { metric: 'attainment', measure: 'attainment', points: 1, armA: 'basis', armB: 'random', role: 'gate' },
  { metric: 'robustness', measure: 'robustness', points: 1, armA: 'basis', armB: 'random', role: 'gate' },
  ...['pca', 'nmf', 'kmeans', 'file'].map((armA): PlannedRow => ({ ...M1, armA, armB: 'random', role: 'exploratory' })),
];

/** Measures that are described and never tested. */
export const DESCRIBED = [
  'selectivity',
  'kurtosis',
  'participation_ratio',
  'monosemanticity',
] as const satisfies readonly (keyof Measures)[];

/** Settings of the tests, named in the comparison. */
export const TESTS = { resamples: 4999, permutations: 9999, confidence: 0.95, nearDuplicates: 0.9 } as const;

/** Directions of a frame of the frame test, if the layer has as many channels, and frames that the effect size is taken against. */
export const FRAME_ROWS = 256;
export const EFFECT_FRAMES = 32;

/** The name under which every random draw of the analysis stands; the parts that follow say what it is for. */
export const ANALYSIS_SEED = 'analysis-2';

export interface AnalysisPlan {
  readonly content: Record<string, unknown>;
  /** SHA-256 of the content's canonical JSON. */
  readonly sha256: string;
  /** B. */
  readonly frames: number;
}

/** What is known of the inputs before anything is scored. */
export interface AnalysisInputs {
  readonly atlas: Pick<Atlas, 'plan_sha256' | 'layers'>;
  readonly compare: Plan['compare'];
  readonly images: readonly { readonly id: string; readonly n: number; readonly size: number; readonly sha256: string }[];
  readonly observers: readonly string[];
}

/** B = max(199, 40L − 1), so that Holm over L layers can still reject at .05. */
export function frameCount(layers: number, asked?: number): number {
  return asked ?? Math.max(199, 40 * layers - 1);
}

/** The analysis plan of an atlas. */
export function planAnalysis({ atlas, compare, images, observers }: AnalysisInputs): AnalysisPlan {
  const frames = frameCount(atlas.layers.length, compare?.frames);
  const content = {
    schema: 'basis-analysis/2',
    frames,
    frame_convention: FRAME_CONVENTION,
    plan_sha256: atlas.plan_sha256,
    unit: 'the direction; its value is the mean over its renders',
    taps: atlas.layers.map(({ slug, tap }) => ({ layer: slug, tap })),
    rows: PLANNED.map(({ metric, armA, armB, role, paired, second }) => ({
      metric,
      armA,
      armB,
      role,
      ...(paired ? { paired } : {}),
      ...(second ? { observer: 'the second' } : {}),
    })),
    described: DESCRIBED,
    observers: [labGabor.id, ...observers],
    images,
    held_out: HELD_OUT,
    headline: `mean M1 of min(C, ${FRAME_ROWS}) seeded channels against ${frames} Haar frames of as many rows: the frame test, two-sided; Holm over layers`,
    effect: `Cliff's delta; BCa bootstrap, ${TESTS.resamples} resamples, ${TESTS.confidence * 100}%; random frames resampled first, then directions; of the headline against the rows of the first ${EFFECT_FRAMES} frames; Newcombe's method 5 where the resamples are all equal`,
    test: `Brunner-Munzel by permutation of directions, studentised, two-sided, ${TESTS.permutations} draws; pairs by sign flips`,
    equivalence: `no difference only if the 90% interval lies within ${NEGLIGIBLE}`,
    multiplicity: 'Holm over the headlines; Benjamini-Hochberg over all other rows',
    near_duplicates: `interval with directions of |r| > ${TESTS.nearDuplicates} drawn together`,
    dissection: { active_share: ACTIVE_SHARE, detector: DETECTOR_IOU, false_detectors: FALSE_DETECTORS },
    exclusions: {
      constant: `a direction whose scores range over less than ${CONSTANT_RANGE} scores chance in tasks on images and has no attainment and no robustness`,
      robustness: `none below ${LEAST_ATTAINMENT} standard deviation of attainment`,
      failed: 'a render without a picture has no value',
      rule: 'what has no value is excluded and counted; nothing else is excluded',
    },
    exploratory: 'arms marked so, and whatever else is computed from these files',
    seed: ANALYSIS_SEED,
  };
  return { content, sha256: sha256(canonicalJson(content)), frames };
}
