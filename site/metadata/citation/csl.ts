/** CSL-JSON, version 1.0.2: what citation processors and Zotero take. */
import { legible } from '../text.ts';
import type { Work } from './work.ts';

/** A name of CSL: a person's in parts, a body's as it is. */
export type CslName = { family: string; given?: string } | { literal: string };

/** The fields used here of a CSL-JSON item. */
export interface CslItem {
  id: string;
  type: 'dataset' | 'software';
  title: string;
  author: CslName[];
  issued?: { 'date-parts': [[number, number, number]] };
  'container-title'?: string;
  edition?: string;
  version?: string;
  publisher?: string;
  DOI?: string;
  URL: string;
  note?: string;
}

/** A work as a CSL-JSON item. */
export function toCsl(work: Work): CslItem {
  const [year, month, day] = (work.date ?? '').split('-').map(Number);
  return {
    id: work.key,
    type: work.kind === 'software' ? 'software' : 'dataset',
    title: legible(work.title, 400),
    author: work.authors.map((author) => {
      if ('name' in author) return { literal: author.name };
      return { family: author.family, ...(author.given ? { given: author.given } : {}) };
    }),
    ...(year && month && day ? { issued: { 'date-parts': [[year, month, day]] } } : {}),
    ...(work.container ? { 'container-title': legible(work.container) } : {}),
    ...(work.version ? { [work.kind === 'software' ? 'version' : 'edition']: work.version } : {}),
    ...(work.publisher ? { publisher: work.publisher } : {}),
    ...(work.doi ? { DOI: work.doi } : {}),
    URL: work.address,
    ...(work.note ? { note: legible(work.note, 400) } : {}),
  };
}

/** A CSL-JSON file of one item: a field a line. */
export function cslText(item: CslItem): string {
  const fields = Object.entries(item).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `[\n  {\n${fields.join(',\n')}\n  }\n]\n`;
}
