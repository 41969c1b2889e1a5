/** The Atom feed of editions (RFC 4287): an entry for every edition of an atlas, the newest first. */
import type { SiteAbout } from '../../data/schema.ts';
import type { AtlasStore } from '../store/load-atlases.ts';
import { atlasPath, fullAddress } from '../view/address.ts';
import { headline } from '../view/comparison.ts';
import { atlasSummary } from './atlas-metadata.ts';
import { authorAddress, authorName } from './people.ts';
import { creators } from './site-about.ts';
import { xmlText } from './xml.ts';

/** An edition as the feed has it. */
export interface Edition {
  /** Never changes and never comes again: `https://atlas.example/fixture-net/#edition-2`. */
  id: string;
  title: string;
  address: string;
  /** ISO 8601, with the time. */
  updated: string;
  summary: string;
}

/** The editions that the site has, from new to old. */
export function editionsOf(stores: readonly AtlasStore[]): Edition[] {
  const editions = stores.map((store) => {
    const { title, edition, created } = store.atlas;
    const address = fullAddress(atlasPath(store));
    return {
      id: `${address}#edition-${edition}`,
      title: `${title}, edition ${edition}`,
      address,
      updated: created,
      summary: `${headline(store)} ${atlasSummary(store)}`,
    };
  });
  return editions.sort((a, b) => b.updated.localeCompare(a.updated) || a.id.localeCompare(b.id));
}

/** The feed's text. */
export function atomFeed(editions: readonly Edition[], about: SiteAbout): string {
  const home = fullAddress('');
  const authors = creators(about).map((author) => {
    const address = authorAddress(author);
    return `<author><name>${xmlText(authorName(author))}</name>${address ? `<uri>${xmlText(address)}</uri>` : ''}</author>`;
  });
  const entries = editions.map(
    ({ id, title, address, updated, summary }) => `  <entry>
    <id>${xmlText(id)}</id>
    <title>${xmlText(title)}</title>
    <updated>${updated}</updated>
    <link rel="alternate" type="text/html" href="${xmlText(address)}"/>
    <summary>${xmlText(summary)}</summary>
  </entry>
`,
  );
  // A feed without entries has to have a date too: that of no edition yet.
  const updated = editions[0]?.updated ?? '1970-01-01T00:00:00Z';
  return `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
  <id>${xmlText(home)}</id>
  <title>${xmlText(`${about.title}: editions`)}</title>
  <updated>${updated}</updated>
  ${authors.join('\n  ')}
  <link rel="self" type="application/atom+xml" href="${xmlText(fullAddress('feed.xml'))}"/>
  <link rel="alternate" type="text/html" href="${xmlText(home)}"/>
${entries.join('')}</feed>
`;
}
