/** A thing to cite, before any format: a unit, an atlas in an edition, the site, the software. */
import type { SiteAuthor } from '../../../data/schema.ts';

export interface Work {
  /** `fixture-net-conv-1-channel-42`: unique in the site, letters, digits and hyphens. */
  readonly key: string;
  readonly kind: 'unit' | 'atlas' | 'software';
  readonly title: string;
  /** The atlas that a unit is in. */
  readonly container?: string;
  readonly authors: readonly SiteAuthor[];
  readonly publisher?: string;
  /** `2026-03-04`; a work whose day is not known is cited without a date. */
  readonly date?: string;
  /** An atlas's edition, or the software's version; a site as a whole has none. */
  readonly version?: string;
  /** The stable address, whole where the site knows its own. */
  readonly address: string;
  /** Its own DOI: that of a unit's atlas is not the unit's. */
  readonly doi?: string;
  readonly licence?: string;
  /** What pins it down beyond any address: the weights' hash. */
  readonly note?: string;
}

/** A work in every format that the site offers. */
export interface Citation {
  readonly text: string;
  readonly bibtex: string;
  readonly ris: string;
  /** CSL-JSON, indented. */
  readonly csl: string;
  readonly address: string;
}
