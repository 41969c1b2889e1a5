/** What a page says of itself to machines: the shape that the frame of every page takes. */
import type { Thing } from 'schema-dts';

/** A typed link of the page's head, as signposting.org has them (FAIR Signposting, level 1). */
export interface Signpost {
  rel: 'author' | 'license' | 'describedby' | 'item' | 'collection' | 'type' | 'latest-version';
  href: string;
  /** The target's media type. */
  type?: string;
  /** A profile of that type, as RFC 6906 has it. */
  profile?: string;
}

/** A picture of the site that may stand for the page elsewhere. */
export interface PageImage {
  /** `i/0123456789abcdef0123.webp` */
  path: string;
  width: number;
  height: number;
  alt: string;
}

/** Made for each kind of page by a function of this folder. */
export interface PageMetadata {
  /** What the page is about, as schema.org has it; the trail is added by the frame. */
  nodes: readonly Exclude<Thing, string>[];
  links: readonly Signpost[];
  image?: PageImage;
  /** The address to cite, where it is not the page's own: a DOI's. */
  citeAs?: string;
}

/** A page that is about nothing but itself. */
export const PLAIN_PAGE: PageMetadata = { nodes: [], links: [] };
