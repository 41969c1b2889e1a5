/** CITATION.cff of a site, Citation File Format 1.2.0: how to cite all of it, and each atlas by reference. */
import { authorAddress } from '../people.ts';
import { isWhole } from '../site-about.ts';
import { legible } from '../text.ts';
import type { Work } from './work.ts';

type Yaml = string | { readonly [key: string]: Yaml | undefined } | readonly Yaml[];

/** The file's text. The references are cited each for itself. */
export function toCff(whole: Work, references: readonly Work[]): string {
  const file = {
    'cff-version': '1.2.0',
    message: 'Cite a unit or an atlas as its own page says; cite the whole as below.',
    ...described(whole),
    ...(references.length > 0 ? { references: references.map(described) } : {}),
  };
  return `${block(file, '')}\n`;
}

function described(work: Work): { [key: string]: Yaml | undefined } {
  // The file itself knows two types; only a reference could have others.
  const type = work.kind === 'software' ? 'software' : 'dataset';
  const edition = work.version ? { version: work.version } : {};
  return {
    type,
    title: legible(work.title, 400),
    authors: work.authors.map((author) => {
      const address = authorAddress(author);
      if ('name' in author) return { name: author.name, ...(address ? { website: address } : {}) };
      return {
        'family-names': author.family,
        ...(author.given ? { 'given-names': author.given } : {}),
        ...(address ? { orcid: address } : {}),
      };
    }),
    ...edition,
    ...(work.date ? { 'date-released': work.date } : {}),
    ...(work.doi ? { doi: work.doi } : {}),
    // Its own schema wants whole addresses: a site that does not know its origin names none.
    ...(isWhole(work.address) ? { url: work.address } : {}),
    ...(work.licence ? { license: work.licence } : {}),
  };
}

/** YAML in blocks, every text as JSON writes it, which is YAML too (YAML 1.2.2, 1.3): nothing in a text can mean anything else. */
function block(value: Yaml, indent: string): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return value.map((one) => `\n${indent}- ${block(one, `${indent}  `).trimStart()}`).join('');
  const lines = Object.entries(value).map(([key, inner]) => {
    const text = block(inner ?? '', `${indent}  `);
    return `${indent}${key}:${typeof inner === 'string' ? ` ${text}` : text.startsWith('\n') ? text : `\n${text}`}`;
  });
  return lines.join('\n');
}
