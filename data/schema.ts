/** The files of an atlas, as Zod schemas: the one module that the generator (which writes them) and the site (which reads them) share. */
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex');
/** A part of an address: lower-case words and hyphens. */
export const slug = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens');
const count = z.int().nonnegative();

// ------------------------------------------------------------------------------------------------------------------------------- the plan

export const PARAMETERISATIONS = ['fourier', 'pixel', 'laplacian-pyramid', 'low-resolution', 'maco'] as const;
export const OBJECTIVES = ['channel', 'neuron', 'class-logit', 'deepdream', 'caricature'] as const;

/** A float32 `.npy` file that a plan names, from the working directory. Resolved settings pin what it held, which is what a render's key knows it by. */
const arrayFile = z.union([z.string().min(1), z.strictObject({ file: z.string().min(1), sha256 })]);
export type ArrayFile = z.infer<typeof arrayFile>;

const weight = z.number().positive();
const penalty = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('l1'), weight, constant: z.number().min(0).max(1).optional() }),
  z.strictObject({ kind: z.literal('l2'), weight, constant: z.number().min(0).max(1).optional() }),
  z.strictObject({ kind: z.literal('total-variation'), weight }),
  z.strictObject({ kind: z.literal('blur'), weight }),
  z.strictObject({ kind: z.literal('boundary'), weight, width: z.int().min(1).optional() }),
  z.strictObject({ kind: z.literal('input-difference'), weight, picture: arrayFile }),
]);
export type Penalty = z.infer<typeof penalty>;

/** What a render may say beyond the rest; a field is left out of resolved settings where it would change nothing, so that older keys stay. */
const furtherSettings = {
  parameterisation: z.enum(PARAMETERISATIONS).optional().describe('What is optimised to make the picture; `fourier` if left out.'),
  levels: z.int().min(1).max(8).optional().describe('Levels of the Laplacian pyramid, each half the one before; 4 if left out.'),
  low_resolution: z
    .array(z.strictObject({ factor: z.int().min(1), offset: z.union([z.int().min(0), z.literal('half')]).optional() }))
    .min(1)
    .optional()
    .describe('Pictures `factor` times smaller that are enlarged, shifted by `offset` pixels (`half`: half the factor) and summed.'),
  magnitude: arrayFile.optional().describe("MACO's magnitudes, `[axes,size,size/2+1]`; 1/f to the `decay_power` if left out."),
  grey_scale: z.boolean().optional().describe('One channel, shown in all colours.'),
  transparency: z
    .strictObject({
      mean_alpha: z.number().min(0).max(1).optional().describe('k in score · (1 − k · mean alpha); 1 if left out.'),
      alpha_blur: z.number().min(0).optional().describe("Weight of the blur penalty on alpha; Lucid's 0.1 if left out."),
      background_deviation: z
        .number()
        .positive()
        .optional()
        .describe('Deviation of the spectrum of the random backgrounds; 0.5 if left out.'),
    })
    .optional()
    .describe('An alpha channel: optimised over random backgrounds; with `maco` the accumulated size of the gradient.'),
  position: z
    .union([z.literal('centre'), z.tuple([count, count]), count])
    .optional()
    .describe("A neuron's place: `centre`, `[y,x]` on the layer as the network sees the moved picture, or a token's number."),
  cosine_power: z.int().min(0).max(16).optional().describe('p in dot · max(0.1, cosine)^p at every position; 0 if left out.'),
  reference: arrayFile.optional().describe('The picture of a caricature, `[channels,size,size]` in [0,1].'),
  penalties: z
    .array(penalty)
    .min(1)
    .optional()
    .describe("Lucid's penalties on the picture, subtracted from the score; sums over pixels, as there."),
  group: z
    .strictObject({
      pictures: z.int().min(2).max(16).describe('Pictures of a unit that are optimised together.'),
      diversity: weight.optional().describe("Weight of the cosine between the pictures' Gram matrices."),
      alignment: weight.optional().describe('Weight of the squared distance between neighbouring pictures.'),
      decay_ratio: z.number().positive().optional().describe('How much the alignment falls a picture further apart; 2 if left out.'),
      layer: z.string().min(1).optional().describe('The layer that both are taken at; the one rendered if left out.'),
    })
    .optional()
    .describe("Couples a unit's pictures; a unit still does not depend on another."),
};

/** How one picture is made. Every field but the further ones has a value once a preset is resolved; see generator/render/presets.ts. */
export const renderSettings = z.strictObject({
  size: z.int().min(16).max(1024).describe('Side of the picture, and of what the network sees, in pixels.'),
  steps: z.int().min(1).max(10_000).describe('Optimisation steps.'),
  objective: z
    .enum(OBJECTIVES)
    .describe(
      'What is maximised: `channel`, the mean over all positions of the layer; `neuron`, one position of it; `class-logit`, a layer that has but one; `deepdream`, the mean of its squares; `caricature`, its likeness to what it shows for `reference`.',
    ),
  learning_rate: z.number().positive().max(10).describe("Adam's step size at the start."),
  schedule: z.enum(['constant', 'cosine']).describe('How the learning rate goes: it stays, or falls to zero along half a cosine.'),
  decay_power: z.number().min(0).max(4).describe('The spectrum is scaled by 1/f to this power: 0 is white, 1 is Lucid, 1.5 is smoother.'),
  start_deviation: z.number().positive().max(10).describe('Standard deviation of the starting spectrum.'),
  decorrelate: z.boolean().describe('Optimise in colour axes that are uncorrelated in natural images.'),
  pad: z.int().min(0).max(256).describe('Pixels added on every side before the picture is moved.'),
  border: z.enum(['reflect', 'grey']).describe('What the added pixels show.'),
  jitter: z.int().min(0).max(256).describe('Range of the random shift before scaling and rotating, in pixels.'),
  scale: z.tuple([z.number().positive(), z.number().positive()]).describe('Range of the random magnification.'),
  rotate: z.number().min(0).max(180).describe('Largest random rotation either way, in degrees.'),
  final_jitter: z.int().min(0).max(256).describe('Range of the random shift after rotating, in pixels.'),
  redirect_steps: z.int().min(0).describe('Steps at the start during which a dead non-linearity passes its gradient on.'),
  l2: z.number().min(0).describe("Weight of the penalty on the mean square of the picture's distance from grey."),
  total_variation: z.number().min(0).describe('Weight of the penalty on the mean absolute difference of neighbouring pixels.'),
  ...furtherSettings,
});
export type RenderSettings = z.infer<typeof renderSettings>;

export const PRESETS = ['atlas', 'lucid'] as const;

const planLayer = z.strictObject({
  layer: z.string().min(1).describe("The layer's name or slug; `atlas layers MODEL` lists them."),
  about: z.string().optional().describe('A note for people; nothing reads it.'),
  render: renderSettings.partial().optional().describe('Settings of this layer alone, over those of the plan.'),
});

/** What to render. Checked when read; data/plans/plan.schema.json is made from this, for editors. */
export const plan = z.strictObject({
  $schema: z.string().optional(),
  atlas: slug.describe("The atlas's part of an address, and its folder under data/atlases/."),
  title: z.string().min(1).optional().describe('For people; the model’s title if left out.'),
  model: z.string().min(1).describe('A zoo id or a model file.'),
  layers: z
    .array(z.union([z.string().min(1), planLayer]))
    .min(1)
    .describe('The layers, by name or slug, in the order they are rendered.'),
  arms: z
    .strictObject({
      basis: z
        .union([z.literal('every'), z.int().min(1)])
        .describe('`every` channel, or the first so many (for a trial: an atlas shows what was left out).'),
      'basis-negative': z.union([z.literal('every'), z.int().min(1)]).optional(),
      random: count.describe('Random directions a layer.'),
    })
    .describe('Which directions of each layer.'),
  seeds: z
    .strictObject({
      count: z.int().min(1).max(16).describe('Renders of each direction of the subset, from different starts.'),
      subset: count.describe('Directions of each arm and layer that get them all, drawn by the seed; the others get one.'),
    })
    .default({ count: 3, subset: 32 }),
  render: z
    .strictObject({ preset: z.enum(PRESETS).default('atlas'), ...renderSettings.partial().shape })
    .default({ preset: 'atlas' })
    .describe('A preset, and what differs from it.'),
  seed: z.int().min(0).default(0).describe('Names every random draw of the atlas but the random directions, which belong to the network.'),
});
export type Plan = z.infer<typeof plan>;
export type PlanFile = z.input<typeof plan>;

// ------------------------------------------------------------------------------------------------------------------------------ the store

export const ARMS = ['basis', 'basis-negative', 'random'] as const;
export const arm = z.enum(ARMS);
export type Arm = z.infer<typeof arm>;

/** How a unit's direction is rebuilt: a signed channel, or a row of a Haar-random frame (hashed, since its definition lies in code). */
export const direction = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('channel'), channel: count, sign: z.union([z.literal(1), z.literal(-1)]) }),
  z.object({ kind: z.literal('haar'), frame: count, row: count, sha256: sha256 }),
]);
export type Direction = z.infer<typeof direction>;

/** How a render ended. `flat`: the picture hardly varies; `diverged`: a value was not finite; `failed`: an error, told in `message`. */
export const renderState = z.enum(['ok', 'flat', 'diverged', 'failed']);

export const renderRecord = z.object({
  seed: count,
  key: sha256.describe('Hash of everything the pixels depend on; present with the same key means done.'),
  state: renderState,
  message: z.string().optional(),
  image: sha256.optional().describe('SHA-256 of the WebP file, which is images/<first two digits>/<hash>.webp.'),
  score: z.number().nullable().describe('The objective on the finished picture, untransformed, in the layer’s own units.'),
  curve: z.array(z.number().nullable()).describe('The objective during optimisation, under that step’s transformation, at `curve_steps`.'),
  curve_steps: z.array(count),
});
export type RenderRecord = z.infer<typeof renderRecord>;

/** Measures of one unit, means over its renders; null where undefined (a constant unit, a failed render). */
export const measures = z.object({
  attainment: z.number().nullable().describe('D1: (score of the render − mean over the images) / standard deviation over them.'),
  exceeds: z.number().nullable().describe('Share of renders that score above every image, 0 to 1.'),
  robustness: z
    .number()
    .nullable()
    .describe('D2, of the first render: mean score under held-out transformations over the score, both above the images’ mean.'),
  render_identity: z.number().nullable().describe('M4: 0 to 1, chance 0.5; only with two seeds or more.'),
});
export type Measures = z.infer<typeof measures>;

/** A line of layers/<layer>.jsonl. */
export const unitRecord = z.object({
  id: slug.describe('`channel-42`, `channel-42-negative`, `random-7`.'),
  arm,
  index: count,
  direction,
  renders: z.array(renderRecord),
  measures: measures.optional(),
});
export type UnitRecord = z.infer<typeof unitRecord>;

export const atlasLayer = z.object({
  slug,
  name: z.string(),
  tap: z.enum(['before', 'after', 'linear']),
  nonlinearity: z.string().optional(),
  operator: z.string(),
  shape: z.tuple([count, count, count]).describe('Channels, height and width at the size rendered.'),
  receptive_field: count.describe('Side of the square of pixels that one position sees, in pixels.'),
  stride: count,
  render: renderSettings,
  units: z.record(arm, count).or(z.partialRecord(arm, count)),
});
export type AtlasLayer = z.infer<typeof atlasLayer>;

/** atlas.json: written when a run starts, completed when it ends. */
export const atlas = z.object({
  schema: z.literal('basis-atlas/1'),
  slug,
  title: z.string(),
  edition: z.int().min(1),
  complete: z.boolean().describe('False while renders are missing.'),
  model: z.object({
    id: z.string(),
    title: z.string(),
    format: z.string(),
    source: z.string(),
    licence: z.string(),
    weights_sha256: sha256,
    size: count,
    preprocess: z.object({ scale: z.array(z.number()), offset: z.array(z.number()) }),
  }),
  plan,
  plan_sha256: sha256,
  layers: z.array(atlasLayer),
  software: z.object({
    atlas: z.string(),
    renderer: z.int(),
    node: z.string(),
    runtime: z.string(),
    device: z.string(),
    threads: count,
    platform: z.string(),
  }),
  created: z.iso.datetime(),
});
export type Atlas = z.infer<typeof atlas>;

// ------------------------------------------------------------------------------------------------------------------------- the comparison

/** One arm against another by one metric: a row of a layer's results. The unit of analysis is the direction. */
export const comparisonResult = z.object({
  metric: z.enum(['render-identity', 'attainment', 'robustness']),
  role: z
    .enum(['secondary', 'gate'])
    .describe('A gate shows whether the arms were optimised equally well; it is no evidence of interpretability.'),
  observer: z.string().optional(),
  images: z.string().optional(),
  armA: arm,
  armB: arm,
  nA: count,
  nB: count,
  excluded: count.describe('Directions without a value: failed or constant.'),
  meanA: z.number().nullable(),
  meanB: z.number().nullable(),
  delta_points: z.number().nullable().describe('meanA − meanB, in the metric’s units (× 100 for a share).'),
  A: z.number().nullable().describe('P(a > b) + ½ P(a = b), 0 to 1.'),
  cliff: z.number().nullable().describe("Cliff's δ = 2A − 1, -1 to 1."),
  ci: z.tuple([z.number(), z.number()]).nullable().describe('95% interval of δ.'),
  ci_method: z.string(),
  p_permutation: z.number().nullable().describe('Two-sided, by the studentised permutation (Brunner–Munzel) test.'),
  p_mann_whitney: z.number().nullable().optional().describe('Two-sided, asymptotic; beside the former, because everyone knows it.'),
  permutations: count,
  p_adjusted: z.number().nullable(),
  adjust: z.string(),
  seed: z.string(),
  exploratory: z.boolean(),
});
export type ComparisonResult = z.infer<typeof comparisonResult>;

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
  model: z.object({ name: z.string(), weights_sha256: sha256 }),
  observers: z.array(z.object({ id: z.string(), about: z.string() })),
  images: z.array(z.object({ id: z.string(), kind: z.enum(['folder', 'generated']), n: count, sha256 })),
  layers: z.array(
    z.object({
      id: slug,
      tap: z.enum(['before', 'after', 'linear']),
      C: count,
      HW: z.tuple([count, count]),
      n_constant: count,
      icc: z
        .number()
        .nullable()
        .describe('Intraclass correlation of attainment over seeds: how much of the spread lies between directions.'),
      results: z.array(comparisonResult),
    }),
  ),
  directions: z.array(
    z.object({
      id: slug,
      layer: slug,
      arm,
      mu: z.number(),
      sigma: z.number(),
      constant: z.boolean(),
      scores: measures,
    }),
  ),
  limits: z.array(z.string()).describe('What the figures do not show, for the page.'),
});
export type Comparison = z.infer<typeof comparison>;
