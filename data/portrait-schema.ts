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
  top: z.array(example).describe('Images that it scores highest, highest first.'),
  middle: z.array(example).describe('Images of its 40–60% band.'),
  near: z.object({ response: z.array(near), look: z.array(near) }).describe('Nearest units, nearest first.'),
  reads: z.array(connection).describe('What it is a linear function of: back to the nearest non-linearities.'),
  feeds: z
    .array(connection)
    .describe('What is a linear function of it, its own non-linearity taken for the identity: on to the next ones.'),
});
export type Portrait = z.infer<typeof portrait>;

/** map.json: every rendered unit's place, by what an observer sees in its first render. */
export const atlasMap = z.object({
  schema: z.literal('basis-map/1'),
  about: z.string().describe('Method, observer and seed, in a sentence.'),
  units: z.array(z.object({ layer: slug, id: slug, x: z.number().min(0).max(1), y: z.number().min(0).max(1) })),
});
export type AtlasMap = z.infer<typeof atlasMap>;
