/** The plan and the store's files, as Zod schemas: a part of schema.ts, which is the module to import. */
import { z } from 'zod';
import { measures } from './comparison-schema.ts';
import { chosenUnit, count, renderSettings, sha256, slug } from './render-schema.ts';

// ------------------------------------------------------------------------------------------------------------------------------- the plan

export const PRESETS = ['atlas', 'vivid', 'lucid'] as const;

const planLayer = z.strictObject({
  layer: z.string().min(1).describe("The layer's name or slug; `atlas layers MODEL` lists them."),
  about: z.string().optional().describe('A note for people; nothing reads it.'),
  render: renderSettings.partial().optional().describe('Settings of this layer alone, over those of the plan.'),
  units: z.array(chosenUnit).min(1).optional().describe('Units beside the arms, each with an id of its own.'),
});

/** What a network's pixels are, where its file does not say: x in [0,1] becomes `(low + (high − low)·x − mean) / std`. */
export const pixelRange = z.strictObject({
  range: z
    .tuple([z.number(), z.number()])
    .optional()
    .describe('Values of black and white before the mean is subtracted; [0, 1] if left out.'),
  mean: z.array(z.number()).min(1).max(4).optional().describe('Subtracted; one for each channel, or one for all. 0 if left out.'),
  std: z
    .array(z.number().positive())
    .min(1)
    .max(4)
    .optional()
    .describe('Divided by, after; one for each channel, or one for all. 1 if left out.'),
  about: z.string().optional().describe('A note for people; nothing reads it.'),
});

/** What to render. Checked when read; data/plans/plan.schema.json is made from this, for editors. */
export const plan = z.strictObject({
  $schema: z.string().optional(),
  atlas: slug.describe("The atlas's part of an address, and its folder under data/atlases/."),
  title: z.string().min(1).optional().describe('For people; the model’s title if left out.'),
  model: z.string().min(1).describe('A zoo id or a model file.'),
  preprocess: pixelRange.optional().describe('What the network expects of its pixels, where the model file does not say or is wrong.'),
  layers: z
    .array(z.union([z.string().min(1), planLayer]))
    .min(1)
    .describe('The layers, by name or slug, in the order they are rendered.'),
  arms: z
    .strictObject({
      basis: z
        .union([z.literal('every'), z.int().min(0)])
        .describe('`every` channel, or the first so many (for a trial: an atlas shows what was left out).'),
      'basis-negative': z.union([z.literal('every'), z.int().min(1)]).optional(),
      random: count.describe('Random directions a layer.'),
    })
    .describe('Which directions of each layer.'),
  seeds: z
    .strictObject({
      count: z.int().min(1).max(16).describe('Renders of each direction of the subset, from different starts.'),
      subset: count.describe('Directions of each arm and layer that get them all, drawn by the seed; the others get one.'),
      arms: z
        .array(z.enum(['basis', 'basis-negative', 'random']))
        .optional()
        .describe('Arms that have such a subset, and diverse pictures; all if left out.'),
    })
    .default({ count: 3, subset: 32 }),
  diverse: z
    .strictObject({
      count: z.int().min(2).max(16).describe('Pictures of a unit that are optimised together and driven apart.'),
      subset: z.int().min(1).describe('Units of each arm and layer that get them: the first of those that `seeds` draws.'),
      weight: z
        .number()
        .positive()
        .optional()
        .describe("Weight of the cosine between the pictures' Gram matrices, beside the score; 0.5 if left out."),
    })
    .optional()
    .describe(
      'Diverse pictures (Olah et al. 2017) beside the renders: what else drives a unit. None if left out; no other picture depends on it.',
    ),
  frames: z
    .int()
    .min(0)
    .max(16)
    .optional()
    .describe(
      "Small pictures of how each unit's first render came to be, in one filmstrip; 6 if left out, 0 for none. Pixels and keys do not depend on it; a first render without them counts as missing, and is made again.",
    ),
  render: z
    .strictObject({ preset: z.enum(PRESETS).default('atlas'), ...renderSettings.partial().shape })
    .default({ preset: 'atlas' })
    .describe('A preset, and what differs from it.'),
  compare: z
    .strictObject({
      images: z
        .strictObject({
          folder: z.string().min(1).optional().describe('A folder of photographs; the generated set procset-1 if left out.'),
          n: z.int().min(200).optional().describe('At most so many; all of the folder, or 6,000 generated ones, if left out.'),
          publish: z
            .boolean()
            .optional()
            .describe(
              'Whether small copies of the folder’s images may be published on the pages of the units that they drive; say `true` only where their licences allow it. Generated images always are.',
            ),
        })
        .optional(),
      observer: z
        .strictObject({
          model: z.string().min(1).describe('A zoo id or a model file: any network but the one studied.'),
          layers: z.array(z.string().min(1)).min(1).optional().describe('Its layers, by name or slug; three over its depth if left out.'),
          size: z.int().min(16).max(1024).optional().describe('Side at which it looks at pictures; what it was trained at if left out.'),
        })
        .optional()
        .describe('The second observer; without it the hand-built one stands alone.'),
      directions: z
        .record(z.string(), z.string().min(1))
        .optional()
        .describe('Directions of a layer (by slug) from a `.npy` file, `[M,C]`: the arm `file`.'),
      frames: z.int().min(19).optional().describe('Random frames of the frame test; 40 a layer less one, at least 199, if left out.'),
    })
    .optional()
    .describe('What the comparison looks at, beside the renders.'),
  seed: z.int().min(0).default(0).describe('Names every random draw of the atlas but the random directions, which belong to the network.'),
});
export type Plan = z.infer<typeof plan>;
export type PlanFile = z.input<typeof plan>;

// ------------------------------------------------------------------------------------------------------------------------------ the store

export const ARMS = ['basis', 'basis-negative', 'random', 'chosen'] as const;
export const arm = z.enum(ARMS);
export type Arm = z.infer<typeof arm>;

/**
 * How a unit's direction is rebuilt, a vector of length one over the layer's C channels: a signed channel; a row of a Haar-random frame (hashed,
 * since its definition lies in code); or what the plan says.
 *
 * directions/<layer>.f32 holds the layer's random arm and nothing else: float32, little-endian, no header, `[M,C]` row by row. Row i is `random-i`,
 * bytes 4·C·i to 4·C·(i + 1), whose SHA-256 is the `sha256` here. Where a chosen unit's vector is from a file, directions/<sha256>.npy is a copy of that.
 */
export const direction = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('channel'), channel: count, sign: z.union([z.literal(1), z.literal(-1)]) }),
  z.object({ kind: z.literal('haar'), frame: count, row: count, sha256: sha256 }),
  z.object({ kind: z.literal('chosen'), unit: chosenUnit }),
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
  frames: z
    .object({
      image: sha256.describe('SHA-256 of the filmstrip, a WebP file in images/: as many square tiles side by side as there are steps.'),
      steps: z.array(count).describe('After how many steps each tile shows the picture: 0 is the start, the last the finished one.'),
    })
    .optional()
    .describe("How the picture came to be; of a unit's first seed, where the plan asks for frames."),
});
export type RenderRecord = z.infer<typeof renderRecord>;

/** A line of layers/<layer>.jsonl. */
export const unitRecord = z.object({
  id: slug.describe('`channel-42`, `channel-42-negative`, `random-7`, or what the plan calls it.'),
  arm,
  index: count,
  direction,
  renders: z.array(renderRecord),
  diverse: z.array(renderRecord).optional().describe('Pictures made together and driven apart, where the plan asks for them of this unit.'),
  measures: measures.optional(),
});
export type UnitRecord = z.infer<typeof unitRecord>;

export const atlasLayer = z.object({
  slug,
  name: z.string(),
  tap: z.enum(['before', 'after', 'linear']),
  nonlinearity: z.string().optional(),
  operator: z.string(),
  shape: z
    .tuple([count, count, count])
    .describe('Channels, height and width at the size rendered; a transformer’s tokens are a height of so many.'),
  layout: z
    .enum(['NHWC', 'NTC', 'NC'])
    .optional()
    .describe('How the network has the value, where not as NCHW: NTC are tokens, NC a vector.'),
  receptive_field: count.describe(
    'Side of the square of pixels that one position sees, in pixels; more than a picture has where edges cut it.',
  ),
  stride: count,
  render: renderSettings,
  units: z.record(arm, count).or(z.partialRecord(arm, count)),
  pictures: z
    .object({ renders: count, frames: count, diverse: count })
    .optional()
    .describe('Pictures that the plan comes to: renders, filmstrips, and pictures of diverse groups.'),
});
export type AtlasLayer = z.infer<typeof atlasLayer>;

/** Which part of an atlas a store holds that a shard of its plan was rendered into. */
export const shard = z.object({
  index: z.int().min(1).describe('From 1 to `of`.'),
  of: z.int().min(1),
  complete: z.boolean().describe('False while pictures of this shard are missing.'),
  costs: z
    .record(slug, z.number().positive())
    .describe('By layer, how long a step of a picture takes in proportion to others: what the pictures were divided by.'),
  pictures: z.array(count).describe('Pictures of each shard of the plan, the first one’s first.'),
});
export type Shard = z.infer<typeof shard>;

/** atlas.json: written when a run starts, completed when it ends. */
export const atlas = z.object({
  schema: z.literal('basis-atlas/1'),
  slug,
  title: z.string(),
  edition: z.int().min(1),
  complete: z.boolean().describe('False while renders are missing, as they are from a shard.'),
  shard: shard.optional().describe('Of a store that holds a part of the atlas, for `atlas merge`.'),
  model: z.object({
    id: z.string(),
    title: z.string(),
    format: z.string(),
    source: z.string(),
    licence: z.string(),
    weights_sha256: sha256,
    size: count,
    preprocess: z.object({ scale: z.array(z.number()), offset: z.array(z.number()), order: z.enum(['RGB', 'BGR']).optional() }),
    shown: z.string().optional().describe('What the pictures show of the channels, where these are not three colours.'),
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
