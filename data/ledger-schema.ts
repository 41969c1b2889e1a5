/** The ledger of published addresses and the frozen editions that it vouches for, as Zod schemas: a part of schema.ts, which is the module to import. */
import { z } from 'zod';
import { sha256, slug } from './render-schema.ts';

/** `coco-ssd-mobilenet-v2/`, `…/expanded-conv-6-expand/`, `…/expanded-conv-6-expand/channel-42/`: an atlas, a layer or a unit, without the site's base. */
export const address = z
  .string()
  .regex(/^([a-z0-9]+(-[a-z0-9]+)*\/){1,3}$/, 'one to three parts of lower-case words joined by hyphens, each ended by a slash');

/** A sentence that people read on pages and in terminals. */
export const ledgerReason = z
  .string()
  .min(1)
  .max(500)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  .regex(/^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$/, 'a line without control characters');

const when = z.iso.date().describe('The day, in UTC.');
const number = z.int().min(1);
const digest = sha256
  .optional()
  .describe('SHA-256 of the line without this field: data/sealed.ts. Lines from before there were digests have none.');

/** A line of data/ledger.jsonl. Lines are only ever added; of an address that has several without an edition, or one after them, the last says what is there now. */
export const ledgerEntry = z.discriminatedUnion('status', [
  z.strictObject({
    address,
    edition: number,
    content: sha256.describe('SHA-256 of the canonical record of what the page states: data/published.ts.'),
    status: z.literal('published'),
    when,
    digest,
  }),
  z.strictObject({ address, status: z.literal('redirect'), to: address, why: ledgerReason, when, digest }),
  z.strictObject({
    address,
    status: z.literal('tombstone'),
    to: address.optional().describe('What takes its place without being the same thing.'),
    why: ledgerReason,
    when,
    digest,
  }),
]);
export type LedgerEntry = z.infer<typeof ledgerEntry>;

/** The frozen records are held to their hash, so this looks only at what a page needs; all other fields stay as they are. */
const frozenRender = z.looseObject({
  seed: z.int(),
  key: z.string(),
  state: z.enum(['ok', 'flat', 'diverged', 'failed']),
  message: z.string().optional(),
  image: sha256.optional(),
  score: z.number().nullable(),
});

/** A line of editions/<number>/layers/<layer>.jsonl: a unit as it was published. */
export const frozenUnit = z.looseObject({
  id: slug,
  arm: z.string(),
  index: z.int().min(0),
  direction: z.looseObject({ kind: z.string() }),
  renders: z.array(frozenRender),
  diverse: z.array(frozenRender).optional(),
  measures: z.record(z.string(), z.number().nullable()).optional(),
  concept: z.string().optional(),
});
export type FrozenUnit = z.infer<typeof frozenUnit>;
