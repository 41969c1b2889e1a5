/** comparison.json as Zod schemas: what was planned, measured and found. A part of schema.ts, which is the module to import. */
import { z } from 'zod';
import { count, sha256, slug } from './render-schema.ts';

const number = z.number().nullable();

/** What a metric's rows may be used to say; see `role`. */
export const ROLES = ['headline', 'secondary', 'sensitivity', 'exploratory', 'gate'] as const;

export const METRIC_IDS = [
  'natural-2afc',
  'other-tops-2afc',
  'synthetic-2afc',
  'render-top',
  'render-identity',
  'dissection',
  'attainment',
  'robustness',
] as const;
export const metricId = z.enum(METRIC_IDS);
export type MetricId = z.infer<typeof metricId>;

/** Measures of one unit, means over its renders; null where undefined (a constant unit, a failed render), left out where not measured. */
export const measures = z.object({
  attainment: number.describe('D1: (score of the render − mean over the images) / standard deviation over them.'),
  exceeds: number.describe('Share of renders that score above every image, 0 to 1.'),
  robustness: number.describe(
    'D2, of the first render: mean score under held-out transformations over the score, both above the images’ mean.',
  ),
  render_identity: number.describe('M4: 0 to 1, chance 0.5; only with two seeds or more.'),
  natural_2afc: number.optional().describe('M1: 0 to 1, chance 0.5.'),
  natural_2afc_second: number.optional().describe('M1 as the second observer sees it.'),
  other_tops_2afc: number.optional().describe('M1b: 0 to 1, chance 0.5.'),
  synthetic_2afc: number.optional().describe('M2: 0 to 1, chance 0.5.'),
  render_top: number.optional().describe('M5: 0 to 1, chance 0.5.'),
  dissection: number.optional().describe('M3: IoU with its best concept, chosen on even images and scored on odd ones; 0 to 1.'),
  selectivity: number.optional().describe('D3, of the first render: 0 to 1. Descriptive.'),
  kurtosis: number.optional().describe('D4: excess kurtosis of the scores over the images. Descriptive.'),
  participation_ratio: number
    .optional()
    .describe('D4: channels that the direction is spread over. Descriptive, and not rotation-equivariant.'),
  monosemanticity: number.optional().describe('D4: likeness of the images that excite the direction. Descriptive.'),
});
export type Measures = z.infer<typeof measures>;

/** One arm against another by one metric: a row of a layer's results. The unit of analysis is the direction. */
export const comparisonResult = z.object({
  metric: metricId,
  role: z
    .enum(ROLES)
    .describe(
      'The headline was chosen beforehand as the answer; secondary and sensitivity rows stand beside it; a gate shows whether the arms were optimised equally well and is no evidence of interpretability; exploratory rows were not planned as tests.',
    ),
  observer: z.string().optional(),
  images: z.string().optional(),
  armA: z.string(),
  armB: z.string(),
  nA: count,
  nB: count,
  excluded: count.describe('Directions without a value: failed or constant.'),
  meanA: number,
  meanB: number,
  delta_points: number.describe('meanA − meanB, in the metric’s units (× 100 for a share).'),
  A: number.describe('P(a > b) + ½ P(a = b), 0 to 1.'),
  cliff: number.describe("Cliff's δ = 2A − 1, -1 to 1."),
  ci: z.tuple([z.number(), z.number()]).nullable().describe('95% interval of δ.'),
  ci_method: z.string(),
  ci90: z.tuple([z.number(), z.number()]).nullable().optional().describe('90% interval of δ, for equivalence.'),
  equivalent: z.boolean().nullable().optional().describe('Whether the 90% interval lies within |δ| < .147: only then "no difference".'),
  ci_near_duplicates: z
    .tuple([z.number(), z.number()])
    .nullable()
    .optional()
    .describe('95% interval with near-duplicate directions drawn together: a sensitivity analysis.'),
  without_constant: z
    .object({ excluded: count, meanA: number, delta_points: number, cliff: number })
    .optional()
    .describe('The headline’s effect with constant channels left out instead of at chance, where there are any.'),
  p_frame: number.optional().describe('Two-sided, by the frame test: exact.'),
  p_frame_greater: number.optional(),
  p_frame_less: number.optional(),
  B: count.optional().describe('Random frames of the frame test.'),
  p_permutation: number.describe('Two-sided, by the studentised permutation (Brunner–Munzel) test, or by sign flips for pairs.'),
  p_mann_whitney: number.optional().describe('Two-sided, asymptotic; beside the former, because everyone knows it.'),
  permutations: count,
  p_adjusted: number,
  adjust: z.string(),
  family: z.string().optional().describe('The rows that were adjusted together.'),
  seed: z.string(),
  exploratory: z.boolean(),
});
export type ComparisonResult = z.infer<typeof comparisonResult>;

/** Counts of one concept on one half of the images; IoU = intersection / (active + present − intersection). */
export const dissectionRecord = z.object({
  concept: z.string(),
  fold: z.enum(['even', 'odd', 'permuted-even', 'permuted-odd']),
  intersection: count,
  active: count,
  present: count,
});

/** The rows of Q^α of one layer at one α. */
export const alphaPoint = z.object({
  alpha: z.number(),
  n: count,
  natural_2afc: number.describe('Mean M1 of the rows.'),
  detectors: count.nullable().describe('Rows with an IoU above .04.'),
  concepts: count.nullable().describe('Network Dissection’s unique detectors: different concepts among them.'),
  alone: count.nullable().describe('Detectors whose concept no other row has.'),
  detectors_calibrated: count.nullable().describe('Rows above τ, at which permuted masks give 1%.'),
});

const layerComparison = z.object({
  id: slug,
  tap: z.enum(['before', 'after', 'linear']),
  C: count,
  HW: z.tuple([count, count]),
  n_constant: count,
  icc: number.describe('Intraclass correlation of attainment over seeds: how much of the spread lies between directions.'),
  n_eff: z.record(z.string(), number).optional().describe('Effective number of independent directions of an arm.'),
  frame_test: z
    .object({
      rows: count.describe('Directions of a frame; as many channels stand against them.'),
      statistic: z.number().describe('Mean M1 of the channels.'),
      mean: z.number(),
      deviation: z.number(),
      values: z.array(z.number()).describe('Mean M1 of each frame.'),
      frames: z.array(z.object({ index: count, sha256 })),
    })
    .optional(),
  dissection: z
    .object({
      tau: z.number().describe('IoU that at most 1% of directions exceed with permuted masks.'),
      arms: z.record(z.string(), z.object({ units: count, detectors: count, concepts: count, alone: count, detectors_calibrated: count })),
    })
    .optional(),
  results: z.array(comparisonResult),
  alpha_curve: z.array(alphaPoint).optional(),
  descriptive: z
    .array(z.object({ measure: z.string(), arm: z.string(), n: count, mean: number, median: number }))
    .optional()
    .describe('Means of what must not be tested: D3 and D4.'),
});

const comparedDirection = z.object({
  id: slug,
  layer: slug,
  arm: z.string(),
  frame: count.optional(),
  row: count.optional(),
  alpha: z.number().optional(),
  channel: count.optional(),
  sign: z.union([z.literal(1), z.literal(-1)]).optional(),
  vector: z
    .object({ file: z.string(), offset: count, sha256: sha256.optional() })
    .optional()
    .describe('Float32, little-endian; offset in bytes. The hash is of the vector alone, where its direction has a page.'),
  mu: z.number(),
  sigma: z.number(),
  constant: z.boolean(),
  renders: z.array(z.object({ seed: count, image: sha256.nullable(), score: number, exceeds: z.boolean().nullable() })).optional(),
  top: z.array(count).optional().describe('Images that it scores highest, highest first: numbers in the set.'),
  middle: z.array(count).optional().describe('Images of its 40–60% band that it is judged against.'),
  dissection: z
    .array(dissectionRecord)
    .optional()
    .describe('Counts of the concept that it is scored on, on the half it was chosen by and the half it is scored on.'),
  concept: z.string().optional().describe('The concept that it is scored on in M3.'),
  scores: measures.partial(),
});
export type ComparedDirection = z.infer<typeof comparedDirection>;

export const control = z.object({
  id: z.string(),
  title: z.string(),
  passes_if: z.string(),
  pass: z.boolean().nullable().describe('Null where it could not be run.'),
  values: z.record(z.string(), z.unknown()),
});
export type Control = z.infer<typeof control>;

export const comparison = z.object({
  schema: z.literal('basis-comparison/1'),
  run_id: z.string(),
  created: z.iso.datetime(),
  plan_sha256: sha256,
  analysis_sha256: sha256.describe(
    'Hash of the analysis plan (metrics, arms, tests, exclusions, seeds), fixed before any score is computed.',
  ),
  analysis: z.record(z.string(), z.unknown()).optional().describe('The analysis plan itself; its canonical JSON has the hash above.'),
  software: z.record(z.string(), z.string()),
  model: z.object({
    name: z.string(),
    weights_sha256: sha256,
    input: z.array(count).optional(),
    preprocess: z.record(z.string(), z.unknown()).optional(),
  }),
  observers: z.array(z.object({ id: z.string(), about: z.string(), weights_sha256: sha256.optional() })),
  images: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(['folder', 'procset', 'generated']),
      n: count,
      size: count.optional(),
      sha256,
      files: z
        .array(z.object({ path: z.string(), sha256 }))
        .optional()
        .describe(
          'Of a folder: the file of each image by its number, from 0, which is what `top` and `middle` name; paths from the folder.',
        ),
      skipped: z.array(z.object({ file: z.string(), reason: z.string() })).optional(),
      concepts: count.optional(),
    }),
  ),
  layers: z.array(layerComparison),
  directions: z.array(comparedDirection),
  controls: z.array(control).optional(),
  human: z.object({ file: z.string(), key_sha256: sha256 }).optional(),
  files: z
    .array(z.object({ path: z.string(), sha256, bytes: count }))
    .optional()
    .describe('What the figures are computed from: arrays little-endian and row-major, paths from the atlas’s folder.'),
  limits: z.array(z.string()).describe('What the figures do not show, for the page.'),
});
export type Comparison = z.infer<typeof comparison>;
