/** RIS, which reference managers read: a tag, two spaces, a hyphen, a space, a value, on a line of its own; lines end as in the format's specification. */
import { authorName } from '../people.ts';
import { legible } from '../text.ts';
import type { Work } from './work.ts';

/** A work as one RIS record. */
export function toRis(work: Work): string {
  const lines: [string, string | undefined][] = [
    ['TY', work.kind === 'software' ? 'COMP' : 'DATA'],
    ['ID', work.key],
    ['TI', work.title],
    ...work.authors.map((author): [string, string] => [
      'AU',
      'name' in author || !author.given ? authorName(author) : `${author.family}, ${author.given}`,
    ]),
    ['PY', work.date?.slice(0, 4)],
    ['DA', work.date?.replaceAll('-', '/')],
    ['T2', work.container],
    ['ET', work.version],
    ['PB', work.publisher],
    ['DO', work.doi],
    ['UR', work.address],
    ['N1', work.note],
  ];
  const said = lines.flatMap(([tag, value]) => (value ? [`${tag}  - ${legible(value, 400)}\r\n`] : []));
  return `${said.join('')}ER  - \r\n`;
}
