/** The files that the site publishes of an atlas beside its pages: the one list that pages, metadata and the builders of those files share. */
import type { AtlasStore } from '../store/load-atlases.ts';

/** A file of an atlas's folder on the site. */
export interface PublishedFile {
  /** Under `/<atlas>/`: `units.parquet`. */
  path: string;
  /** Its media type: `application/vnd.apache.parquet`. */
  type: string;
  /** What it holds, in a sentence. */
  about: string;
  /** Of a table: its columns, as they stand in it. */
  columns?: readonly { name: string; type: 'Text' | 'Integer' | 'Float' | 'Boolean'; about: string }[];
}

/** Every such file of an atlas, whether built yet or not; pictures are not among them, a page leads to each. */
export function publishedFiles(_store: AtlasStore): PublishedFile[] {
  return [
    { path: 'cite.bib', type: 'application/x-bibtex', about: 'How to cite the atlas, for BibTeX.' },
    { path: 'cite.ris', type: 'application/x-research-info-systems', about: 'How to cite the atlas, for reference managers.' },
    { path: 'cite.json', type: 'application/vnd.citationstyles.csl+json', about: 'How to cite the atlas, as CSL-JSON.' },
  ];
}
