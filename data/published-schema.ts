/** The JSON that a published atlas has beside its pages, as Zod schemas: unit.json, layer.json, atlas.json and the rows of all units. */
import { z } from 'zod';
import { comparisonResult, control, measures } from './comparison-schema.ts';
import { portrait } from './portrait-schema.ts';
import { chosenUnit, count, renderSettings, sha256, slug } from './render-schema.ts';
import { arm, atlas, atlasLayer, renderRecord, renderState } from './store-schema.ts';

/** `https://atlas.example/fixture-net/`, or `/some/base/fixture-net/` where the site was not told where it stands: then from the site's root. */
const address = z.string().min(1).describe('Whole, or from the root of the server that the file came from.');
const share = z.number().min(0).max(1);
const $schema = address.describe('Where the schema of this file is.');
const edition = z.int().min(1);
const licence = z.string().describe('Of the model, which the pictures are made from.');

const picture = z.object({
  address: address.optional().describe('Left out where the site does not have the file.'),
  thumbnail: address.optional(),
  type: z.literal('image/webp'),
  width: count,
  height: count,
  sha256,
});

const made = renderRecord.pick({ seed: true, key: true, state: true, message: true, score: true, curve: true, curve_steps: true });

const filmstrip = z.object({
  sha256,
  address: address.optional(),
  thumbnail: address.optional(),
  steps: z.array(count).describe('After how many steps each of its square tiles shows the picture.'),
});
const publishedRender = made.extend({
  picture: picture.nullable().describe('Null where there is none.'),
  frames: filmstrip.optional().describe('How the picture came to be.'),
});

/** Where a vector lies in a `.npy` file: `row` of an array [M,C], `offset` bytes into the file. */
const placed = z.object({
  file: address.describe('All random directions of the layer: NumPy’s format, float32, little-endian, [M,C].'),
  row: count,
  offset: count.describe('Of the first value, in bytes from the start of the file.'),
  alone: address.describe('The vector in a file of its own, [C].'),
});

const publishedDirection = z.discriminatedUnion('kind', [
  z.object({
    ...{ kind: z.literal('channel'), channels: count, channel: count, sign: z.union([z.literal(1), z.literal(-1)]) },
    about: z.string().describe('The rule, in a sentence.'),
  }),
  z.object({
    ...{ kind: z.literal('haar'), channels: count, frame: count, row: count },
    sha256: sha256.describe('Of the vector: C float32 values, little-endian.'),
    about: z.string(),
    vector: placed.optional().describe('Left out where the store has no vectors.'),
  }),
  z.object({
    ...{ kind: z.literal('chosen'), channels: count, unit: chosenUnit, about: z.string() },
    vector: placed
      .pick({ alone: true })
      .optional()
      .describe('The array that it is from, as the plan has it; left out where it is from none.'),
  }),
]);

const standing = z.object({
  below: share.describe('Share of the arm’s values that are lower.'),
  of: count.describe('Values that the arm has.'),
});
const measured = z.object({
  value: z.number().nullable(),
  basis: standing.nullable().describe('Where the value stands among the channels; null without a value, or where no channel has one.'),
  random: standing.nullable(),
});
const placedMeasures = z
  .partialRecord(measures.keyof(), measured)
  .describe('Each measure that some unit of the layer has; the schema “row” says what they are.');

const example = portrait.shape.top.element.extend({
  address: address.optional().describe('Left out where the site does not have the picture.'),
});
const beside = z.object({ id: slug, address, json: address });
const alike = portrait.shape.near.shape.response.element.extend({ address, json: address });

/** unit.json: all that is known of one unit. */
export const publishedUnit = z.object({
  $schema,
  schema: z.literal('basis-atlas-unit/1'),
  ...{ atlas: slug, layer: slug, id: slug, arm, index: count },
  title: z.string().describe('`Channel 42`'),
  address: address.describe('The page to cite.'),
  embed: address.describe('A small page of the picture alone, to be framed.'),
  embed_blind: address.describe('The same without name, arm and measures, for a study; its address still names the unit.'),
  ...{ layer_json: address, atlas_json: address, edition, licence },
  model: z.object({ id: z.string(), title: z.string(), source: z.string(), weights_sha256: sha256 }),
  plan_sha256: sha256,
  direction: publishedDirection,
  state: z.union([renderState, z.literal('missing')]).describe('How the first render ended.'),
  score: z.number().nullable().describe('Of the first render, in the layer’s own units.'),
  picture: picture.nullable().describe('The first seed’s: never a chosen one.'),
  renders: z.array(publishedRender).describe('By seed.'),
  diverse: z.array(publishedRender).optional().describe('Pictures made together and driven apart, where the plan asks for them.'),
  measures: placedMeasures,
  concept: z.string().optional().describe('The concept that it is scored on in dissection.'),
  previous: beside.nullable(),
  next: beside.nullable(),
  portrait: z
    .object({
      top: z.array(example),
      middle: z.array(example),
      near: z.object({ response: z.array(alike), look: z.array(alike) }),
      reads: portrait.shape.reads,
      feeds: portrait.shape.feeds,
    })
    .optional()
    .describe('Images that drive it, units like it, its strongest weights; see the schema “portrait”. Left out where the atlas has none.'),
});
export type PublishedUnit = z.infer<typeof publishedUnit>;

const listedUnit = z.object({
  ...{ id: slug, arm, index: count, address, json: address },
  image: address.nullable().describe('The first seed’s picture.'),
  vector_row: count.optional().describe('Of directions.npy.'),
  state: publishedUnit.shape.state,
  score: z.number().nullable(),
  measures: measures.partial(),
  concept: z.string().optional(),
});

/** layer.json: what a layer is, and all its units. */
export const publishedLayer = z.object({
  $schema,
  schema: z.literal('basis-atlas-layer/1'),
  ...{ atlas: slug, layer: slug, title: z.string(), address, atlas_json: address, edition, licence },
  ...atlasLayer.pick({ name: true, tap: true, nonlinearity: true, operator: true, shape: true, layout: true }).shape,
  ...atlasLayer.pick({ receptive_field: true, stride: true }).shape,
  render: renderSettings.describe('How its pictures were made.'),
  counts: z.partialRecord(arm, count),
  directions: z
    .object({
      file: address,
      shape: z.tuple([count, count]).describe('[M,C]: random directions, channels.'),
      dtype: z.literal('<f4'),
      data_offset: count.describe('Bytes before the first value.'),
      about: z.string(),
    })
    .nullable()
    .describe('Its random directions; null where the store has no vectors.'),
  units: z.array(listedUnit).describe('Each arm in turn, by index.'),
});
export type PublishedLayer = z.infer<typeof publishedLayer>;

const download = z.object({
  address,
  type: z.string().describe('The media type.'),
  about: z.string(),
  schema: address.optional(),
  many: count.optional().describe('How many files the address stands for, where it has a `*`.'),
});

/** atlas.json of the site, which is not the store's: what the atlas is, its layers, the comparison's headline, what can be downloaded. */
export const publishedAtlas = z.object({
  $schema,
  schema: z.literal('basis-atlas-atlas/1'),
  ...{ atlas: slug, title: z.string(), address, edition, created: atlas.shape.created, complete: atlas.shape.complete, licence },
  ...{ model: atlas.shape.model, plan_sha256: sha256, software: atlas.shape.software },
  counts: z.object({ layers: count, units: count, pictures: count, arms: z.partialRecord(arm, count) }),
  layers: z.array(
    z.object({
      ...{ layer: slug, title: z.string(), address, json: address },
      ...atlasLayer.pick({ name: true, tap: true, shape: true, receptive_field: true }).shape,
      counts: z.partialRecord(arm, count),
    }),
  ),
  comparison: z
    .object({
      ...{ address, json: address, run_id: z.string(), analysis_sha256: sha256 },
      answer: z.string().describe('In a sentence.'),
      headline: z
        .array(z.object({ layer: slug, verdict: z.string(), row: comparisonResult }))
        .describe('Layers without such a row are left out.'),
      controls: z.array(control.pick({ id: true, title: true, pass: true })),
      limits: z.array(z.string()),
    })
    .nullable()
    .describe('Null while there is none.'),
  downloads: z.array(download),
});
export type PublishedAtlas = z.infer<typeof publishedAtlas>;

/** A line of units.jsonl and a row of units.parquet: every field is always there, null where it does not apply or is not known. */
export const publishedRow = z.object({
  ...{ atlas: slug, edition, layer: slug, unit: slug, arm, index: count, address, json: address },
  image: address.nullable(),
  image_sha256: sha256.nullable(),
  seed: count.nullable().describe('Of the render that stands for the unit: the first.'),
  state: publishedUnit.shape.state,
  score: z.number().nullable(),
  renders: count,
  ...measures.required().shape,
  concept: z.string().nullable(),
  direction: z.enum(['channel', 'haar', 'chosen']).describe('Its kind; see unit.json.'),
  channel: count.nullable(),
  sign: z.int().min(-1).max(1).nullable(),
  ...{ frame: count.nullable(), frame_row: count.nullable() },
  direction_sha256: sha256.nullable(),
  vector_row: count.nullable().describe('Of the layer’s directions.npy.'),
});
export type PublishedRow = z.infer<typeof publishedRow>;
