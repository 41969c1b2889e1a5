/** Who publishes the site: data/site.json, or the file that ATLAS_ABOUT names. */
import { existsSync, readFileSync } from 'node:fs';
import { type SiteAbout, type SiteAuthor, siteAbout as siteAboutSchema } from '../../data/schema.ts';
import type { AtlasStore } from '../store/load-atlases.ts';
import { parseJson } from '../store/read-json.ts';
import { atlasPath, fullAddress } from '../view/address.ts';

let loaded: SiteAbout | undefined;

/** What the site says of itself, read once a process; without a file nothing but its title. Throws a fault that names file and field. */
export function siteAbout(): SiteAbout {
  loaded ??= readAbout(process.env.ATLAS_ABOUT ?? 'data/site.json');
  return loaded;
}

/** The checked content of such a file; of one that is not there, the defaults. */
export function readAbout(file: string): SiteAbout {
  return existsSync(file) ? parseJson(readFileSync(file, 'utf8'), siteAboutSchema, file) : siteAboutSchema.parse({});
}

/** Those whom a citation names: the authors, else the publisher, else the site by its title. */
export function creators({ authors, publisher, title }: SiteAbout): SiteAuthor[] {
  if (authors.length > 0) return authors;
  return [publisher ?? { name: title }];
}

/** The address of a path that is meant to outlive this host: under the w3id prefix where one is set, else the page's own. */
export function stableAddress(path: string, { w3id } = siteAbout()): string {
  return w3id ? new URL(path, w3id).href : fullAddress(path);
}

/** The DOI of an atlas in its edition, as far as one is known: its own, the prefix's, that of the atlas over its editions. */
export function doiOf({ slug, atlas: { edition } }: Pick<AtlasStore, 'slug' | 'atlas'>, about = siteAbout()): string | undefined {
  const made = about.doi_prefix && `${about.doi_prefix}${slug}.${edition}`;
  return about.dois[`${slug}/edition-${edition}`] ?? made ?? about.dois[slug];
}

/** The address to cite an atlas by: its DOI where it has one, else its stable address. */
export function citedAddress(store: Pick<AtlasStore, 'slug' | 'atlas'>, about = siteAbout()): string {
  const doi = doiOf(store, about);
  return doi ? doiAddress(doi) : stableAddress(atlasPath(store), about);
}

/** `https://doi.org/10.5281/zenodo.1234567` */
export const doiAddress = (doi: string) => `https://doi.org/${doi.replace(/[#?%]/g, encodeURIComponent)}`;

/** Whether an address has its origin, as it has where ATLAS_SITE or a w3id prefix is set. */
export const isWhole = (address: string) => /^https?:/.test(address);
