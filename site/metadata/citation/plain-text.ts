/** A line of a reference list, after the APA style's seventh edition (10.9, data sets): authors (date). Title (Edition n) [Kind]. In …. Publisher. Address. */
import type { SiteAuthor } from '../../../data/schema.ts';
import { doiAddress } from '../site-about.ts';
import { legible } from '../text.ts';
import type { Work } from './work.ts';

const KINDS: Record<Work['kind'], string> = { unit: 'Feature visualisation', atlas: 'Data set', software: 'Computer software' };
const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** A work as a line of text. */
export function toPlainText(work: Work): string {
  const version = work.version ? ` (${work.kind === 'software' ? 'Version' : 'Edition'} ${work.version})` : '';
  const parts = [
    `${listed(work.authors.map(inverted))} (${dateText(work.date)})`,
    `${legible(work.title, 400)}${version} [${KINDS[work.kind]}]`,
    ...(work.container ? [`In ${legible(work.container)}`] : []),
    ...(work.publisher && !work.authors.some((author) => 'name' in author && author.name === work.publisher) ? [work.publisher] : []),
    ...(work.note ? [legible(work.note, 400)] : []),
  ];
  // A name may end with its own full stop.
  return `${parts.map((part) => part.replace(/\.?$/, '.')).join(' ')} ${work.doi ? doiAddress(work.doi) : work.address}`;
}

function dateText(date: string | undefined): string {
  if (!date) return 'n.d.';
  const [year, month, day] = date.split('-').map(Number);
  return `${year}, ${MONTHS[(month ?? 1) - 1]} ${day}`;
}

/** `Lovelace, A.` */
function inverted(author: SiteAuthor): string {
  if ('name' in author) return author.name;
  const initials = (author.given ?? '').split(/[\s.]+/).flatMap((part) => (part ? [`${[...part][0]}.`] : []));
  return [author.family, initials.join(' ')].filter(Boolean).join(', ');
}

function listed(names: string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')}, & ${last}`;
}
