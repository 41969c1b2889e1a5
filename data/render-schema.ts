/** How pictures are made and what a plan may make up, as Zod schemas: a part of schema.ts, which is the module to import. */
import { z } from 'zod';

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex');
/** A part of an address: lower-case words and hyphens. */
export const slug = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens');
export const count = z.int().nonnegative();

export const PARAMETERISATIONS = ['fourier', 'pixel', 'laplacian-pyramid', 'low-resolution', 'maco', 'cppn'] as const;
export const OBJECTIVES = ['channel', 'neuron', 'class-logit', 'cosine', 'deepdream', 'caricature'] as const;

/** A float32 `.npy` file that a plan names, from the working directory. Resolved settings pin what it held, which is what a render's key knows it by. */
const arrayFile = z.union([z.string().min(1), z.strictObject({ file: z.string().min(1), sha256 })]);
export type ArrayFile = z.infer<typeof arrayFile>;

const weight = z.number().positive();
const penalty = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('l1'), weight, constant: z.number().optional(), layer: z.string().min(1).optional() }),
  z.strictObject({ kind: z.literal('l2'), weight, constant: z.number().optional(), layer: z.string().min(1).optional() }),
  z.strictObject({ kind: z.literal('total-variation'), weight, layer: z.string().min(1).optional() }),
  z.strictObject({ kind: z.literal('blur'), weight }),
  z.strictObject({ kind: z.literal('boundary'), weight, width: z.int().min(1).optional() }),
  z.strictObject({ kind: z.literal('input-difference'), weight, picture: arrayFile }),
]);
export type Penalty = z.infer<typeof penalty>;

/** What a render may say beyond the rest; a field is left out of resolved settings where it would change nothing, so that older keys stay. */
const furtherSettings = {
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe("Adam's β₁: how much of the gradients' running mean a step keeps; 0.9 if left out."),
  cooldown: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('The share of the steps over which the schedule `cooldown` lets the rate fall; 0.3 if left out.'),
  parameterisation: z.enum(PARAMETERISATIONS).optional().describe('What is optimised to make the picture; `fourier` if left out.'),
  levels: z.int().min(1).max(8).optional().describe('Levels of the Laplacian pyramid, each half the one before; 4 if left out.'),
  low_resolution: z
    .array(z.strictObject({ factor: z.int().min(1), offset: z.union([z.int().min(0), z.literal('half')]).optional() }))
    .min(1)
    .optional()
    .describe('Pictures `factor` times smaller that are enlarged, shifted by `offset` pixels (`half`: half the factor) and summed.'),
  magnitude: arrayFile.optional().describe("MACO's magnitudes, `[axes,size,size/2+1]`; 1/f to the `decay_power` if left out."),
  cppn: z
    .strictObject({
      layers: z.int().min(1).max(16).optional().describe('Hidden layers; 8 if left out.'),
      hidden: z.int().min(1).max(64).optional().describe('Units of each; 24 if left out.'),
    })
    .optional()
    .describe('The network from coordinates to colours whose weights `cppn` optimises.'),
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
    .describe("Lucid's penalties on the picture, or on the activations of a `layer`, subtracted from the score; sums, as there."),
  group: z
    .strictObject({
      pictures: z.int().min(2).max(16).describe('Pictures of a unit that are optimised together.'),
      diversity: weight.optional().describe("Weight of the cosine between the pictures' Gram matrices."),
      alignment: weight.optional().describe('Weight of the squared distance between neighbouring pictures.'),
      share: weight
        .optional()
        .describe('How many times faster than apart the pictures move together: what they have in common is optimised too.'),
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
      'What is maximised: `channel`, the mean over all positions of the layer; `neuron`, one position of it; `class-logit`, a layer that has but one; `cosine`, the mean of the cosine with the direction; `deepdream`, the mean of its squares; `caricature`, its likeness to what it shows for `reference`.',
    ),
  learning_rate: z.number().positive().max(10).describe("Adam's step size at the start."),
  schedule: z
    .enum(['constant', 'cosine', 'cooldown'])
    .describe('How the learning rate goes: it stays, falls to zero along half a cosine, or stays and falls along a line at the end.'),
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

const term = z.strictObject({
  layer: z.string().min(1).optional().describe('Its name or slug; the layer of the unit if left out.'),
  channel: count,
  weight: z.number().optional().describe('1 if left out.'),
});
const chosenId = slug.regex(/^(?!(channel|random)-\d)/, 'a name that is not one of a channel or a random direction');

/** A unit that a plan makes up, beside the arms. */
export const chosenUnit = z.union([
  z.strictObject({ id: chosenId, joint: z.array(term).min(1).max(16).describe('Channels, of several layers too, weighted and summed.') }),
  z.strictObject({
    id: chosenId,
    interpolate: z
      .strictObject({ from: term, to: term, pictures: z.int().min(2).max(16) })
      .describe('Pictures on the way from one channel to another, (1 − t) and t, t from 0 to 1.'),
  }),
  z.strictObject({ id: chosenId, direction: arrayFile.describe('A vector over the channels, `[C]`, taken at length one.') }),
  z.strictObject({ id: chosenId, whole: z.literal(true).describe('Every channel alike, 1/C each: for `deepdream` and `caricature`.') }),
]);
export type ChosenUnit = z.infer<typeof chosenUnit>;
