/** Who publishes a site and under what names, as data/site.json tells it; a part of schema.ts, which is the module to import. */
import { z } from 'zod';

/** A DOI as registered, without an address before it: `10.5281/zenodo.1234567`. */
const doi = z.string().regex(/^10\.\d{4,9}\/[^\s<>"{}\\^`|]+$/, 'a DOI such as 10.5281/zenodo.1234567, without https://doi.org/');
const webAddress = z.url({ protocol: /^https?$/ });
/** The start of addresses that redirect to this site: everything after it is a path here. */
const prefix = webAddress.refine((text) => text.endsWith('/'), 'an address that ends with /');

const person = z.strictObject({
  family: z.string().min(1),
  given: z.string().min(1).optional(),
  orcid: z
    .string()
    .regex(/^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$/, 'an ORCID such as 0000-0002-1825-0097')
    .optional(),
});
const body = z.strictObject({ name: z.string().min(1), url: webAddress.optional() });
export type SiteAuthor = z.infer<typeof person> | z.infer<typeof body>;

/** data/site.json. What is absent is shown nowhere, and nothing is made up in its place. */
export const siteAbout = z.strictObject({
  $schema: z.string().optional(),
  title: z.string().min(1).default('Basis Atlas').describe('The site’s name; it stands for the authors where none are named.'),
  authors: z
    .array(z.union([person, body]))
    .default([])
    .describe('Whom a citation names, in order: people, or a body by its name.'),
  publisher: body.optional(),
  licence: z
    .strictObject({ id: z.string().min(1).describe('As SPDX has it: `CC-BY-4.0`.'), url: webAddress })
    .optional()
    .describe('Of the renders, measures and pages; a network has its own.'),
  contact: z
    .url({ protocol: /^(https?|mailto)$/ })
    .optional()
    .describe('An address or `mailto:`.'),
  doi: doi.optional().describe('Of the whole site.'),
  dois: z
    .record(z.string().regex(/^[a-z0-9-]+(\/edition-\d+)?$/, 'an atlas or an edition: `slug`, `slug/edition-1`'), doi)
    .default({})
    .describe('Of atlases, by slug, and of their editions, by `slug/edition-1`.'),
  doi_prefix: doi
    .optional()
    .describe('For whoever registers a DOI for every edition: an edition’s is this, the slug, a full stop and the edition’s number.'),
  w3id: prefix.optional().describe('A prefix of w3id.org or the like that redirects here: `https://w3id.org/basis-atlas/`.'),
  software: z
    .strictObject({ repository: webAddress.optional(), doi: doi.optional() })
    .default({})
    .describe('Where the code is, to be cited.'),
});
export type SiteAbout = z.infer<typeof siteAbout>;
