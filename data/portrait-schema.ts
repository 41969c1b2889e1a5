/** What a unit's page shows beside its renders: images that drive it, units like it, its strongest weights; and the map of an atlas. */
import { z } from 'zod';
import { count, sha256, slug } from './render-schema.ts';

const example = z.object({
  image: sha256.describe('SHA-256 of the WebP file, which is images/<first two digits>/<hash>.webp.'),
  number: count.describe('Its number in the comparison’s set of images.'),
  score: z.number().describe('How far its mean response lies from the set’s mean, in standard deviations.'),
  box: z
    .tuple([z.number(), z.number(), z.number(), z.number()])
    .describe('Left, top, width and height of what the position of greatest response sees, as fractions of the picture, cut at its edges.'),
});
export type Example = z.infer<typeof example>;

const near = z.object({
  layer: slug,
  id: slug,
  similarity: z
    .number()
    .min(-1)
    .max(1)
    .describe('Correlation of responses over images, or cosine of what an observer sees in the renders.'),
});
export type Near = z.infer<typeof near>;

const connected = z.object({
  channel: count,
  weight: z.number().describe('Sum over the kernel; of a unit of length one.'),
  kernel: z.array(z.number()).optional().describe('Row by row, [height,width] of the connection; left out where that is one value.'),
});

const connection = z.object({
  value: z.string().describe('The value in the model file that is read or fed.'),
  layer: slug.optional().describe('Its layer, where the atlas has one there.'),
  through: z.array(z.string()).describe('Linear operators between the two, in the order of the network: `Conv`, `Add`.'),
  size: z.tuple([count, count]).describe('Height and width of the kernels.'),
  channels: z.array(connected).describe('The strongest, by the length of their kernels, strongest first.'),
});
export type Connection = z.infer<typeof connection>;

/** A line of portraits/<layer>.jsonl. */
export const portrait = z.object({
  id: slug,
  top: z
    .array(example)
    .describe(
      'Images that it scores highest, highest first. None for a unit whose score is the same for every image (`constant` in comparison.json), one that is of several layers or directions, and where the images are a folder that is not published.',
    ),
  middle: z.array(example).describe('Images evenly over its 40–60% band, by falling score.'),
  near: z
    .object({
      response: z.array(near).describe('By the correlation of mean responses to the comparison’s images.'),
      look: z
        .array(near)
        .describe(
          'By the cosine of what the comparison’s first observer sees in the first renders, each feature standardised over the atlas.',
        ),
    })
    .describe('Nearest units of the atlas, nearest first; a channel and its negative are not each other’s.'),
  reads: z.array(connection).describe('What it is a linear function of: back to the nearest non-linearities.'),
  feeds: z
    .array(connection)
    .describe('What is a linear function of it, its own non-linearity taken for the identity: on to the next ones.'),
});
export type Portrait = z.infer<typeof portrait>;

/** map.json: every rendered unit's place, by what an observer sees in its first render. Places are the centres of a grid's cells, no two in one; left and top are 0. */
export const atlasMap = z.object({
  schema: z.literal('basis-map/1'),
  about: z.string().describe('Method, observer, seed and the columns and rows of the grid, in a sentence.'),
  columns: z.number().int().min(1).describe('Cells of the grid across; some may be empty.'),
  rows: z.number().int().min(1).describe('Cells of the grid down.'),
  units: z.array(z.object({ layer: slug, id: slug, x: z.number().min(0).max(1), y: z.number().min(0).max(1) })),
});
export type AtlasMap = z.infer<typeof atlasMap>;

/** portraits/key.json: what the portraits and the map were made from, and what they are. */
export const portraitKey = z.object({
  schema: z.literal('basis-portraits/1'),
  key: sha256.describe('Hash of all that they depend on; present with the same key means done.'),
  files: z.array(z.object({ path: z.string(), sha256 })).describe('portraits/<layer>.jsonl and map.json.'),
  made: z
    .object({
      units: count,
      with_examples: count.describe('Units with images.'),
      images: count.describe('Different images that they show.'),
      image_bytes: count,
      mapped: count.describe('Units on the map.'),
      published: z.boolean().describe('False where the images are a folder that the plan does not let be published.'),
    })
    .describe('What was made.'),
});
export type PortraitKey = z.infer<typeof portraitKey>;
