/** BibTeX: one `@misc`, which every style knows (`@dataset` is biblatex's alone). */
import type { SiteAuthor } from '../../../data/schema.ts';
import { legible } from '../text.ts';
import type { Work } from './work.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const KINDS: Record<Work['kind'], string> = { unit: 'Feature visualisation', atlas: 'Data set', software: 'Computer software' };
/** BibTeX counts braces even behind a backslash, so a brace in a text is written by its name. */
const SIGNS: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '{': '\\textbraceleft{}',
  '}': '\\textbraceright{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
};

/** A work as a BibTeX entry. */
export function toBibtex(work: Work): string {
  const month = work.date && MONTHS[Number(work.date.slice(5, 7)) - 1];
  const fields: [string, string | undefined][] = [
    ['title', `{{${escapeTex(work.title)}}}`],
    ['author', `{${work.authors.map(authorOf).join(' and ')}}`],
    ['year', work.date && `{${work.date.slice(0, 4)}}`],
    ['month', month],
    ['howpublished', `{${KINDS[work.kind]}${work.container ? ` in ${escapeTex(work.container)}` : ''}}`],
    [work.kind === 'software' ? 'version' : 'edition', work.version && `{${escapeTex(work.version)}}`],
    ['publisher', work.publisher && `{${escapeTex(work.publisher)}}`],
    ['doi', work.doi && `{${work.doi}}`],
    ['url', `{${work.address}}`],
    ['note', work.note && `{${escapeTex(work.note)}}`],
  ];
  const body = fields.flatMap(([name, value]) => (value ? [`  ${name} = ${value},\n`] : []));
  return `@misc{${work.key},\n${body.join('')}}\n`;
}

/** `{Basis Atlas}` for a body, `Lovelace, Ada` for a person. */
function authorOf(author: SiteAuthor): string {
  if ('name' in author) return `{${escapeTex(author.name)}}`;
  const family = `{${escapeTex(author.family)}}`;
  return author.given ? `${family}, ${escapeTex(author.given)}` : family;
}

/** A text in which no sign means anything to TeX or BibTeX. */
function escapeTex(text: string): string {
  return legible(text, 400)
    .replace(/[\\{}~^<>|]/g, (sign) => SIGNS[sign] ?? '')
    .replace(/[#$%&_]/g, (sign) => `\\${sign}`);
}
