/** Authors, publisher and licence, as schema.org and Signposting name them. */
import type { Organization, Person } from 'schema-dts';
import type { SiteAbout, SiteAuthor } from '../../data/schema.ts';
import type { Signpost } from './page-metadata.ts';
import { creators } from './site-about.ts';

/** An author's address, if one is known: the ORCID's or a body's own. */
export function authorAddress(author: SiteAuthor): string | undefined {
  if ('name' in author) return author.url;
  return author.orcid && `https://orcid.org/${author.orcid}`;
}

/** `Ada Lovelace`, or a body's name. */
export function authorName(author: SiteAuthor): string {
  return 'name' in author ? author.name : [author.given, author.family].filter(Boolean).join(' ');
}

/** An author as a schema.org node. */
export function authorNode(author: SiteAuthor): Exclude<Person | Organization, string> {
  const address = authorAddress(author);
  const id = address ? { '@id': address, url: address } : {};
  if ('name' in author) return { '@type': 'Organization', ...id, name: author.name };
  return {
    '@type': 'Person',
    ...id,
    name: authorName(author),
    familyName: author.family,
    ...(author.given ? { givenName: author.given } : {}),
  };
}

/** Creator, publisher and licence of a work of the site; without a licence none is named. */
export function credits(about: SiteAbout) {
  return {
    creator: creators(about).map(authorNode),
    ...(about.publisher ? { publisher: authorNode(about.publisher) } : {}),
    ...(about.licence ? { license: about.licence.url } : {}),
  };
}

/** The same as links: an author without an address cannot be one. */
export function creditLinks(about: SiteAbout): Signpost[] {
  const authors = about.authors.map(authorAddress).filter((address) => address !== undefined);
  return [
    ...authors.map((href) => ({ rel: 'author', href }) as const),
    ...(about.licence ? [{ rel: 'license', href: about.licence.url } as const] : []),
  ];
}
