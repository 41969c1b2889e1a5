/** The Atom feed of editions (RFC 4287): an entry for every edition of an atlas, the newest first. */
import type { SiteAbout } from '../../data/schema.ts';
import type { AtlasStore } from '../store/load-atlases.ts';
import type { Published } from '../store/load-ledger.ts';
import { atlasPath, fullAddress } from '../view/address.ts';
import { headline } from '../view/comparison.ts';
import { editionPath } from '../view/editions.ts';
import { atlasSummary } from './atlas-metadata.ts';
import { authorAddress, authorName } from './people.ts';
import { creators } from './site-about.ts';
import { xmlText } from './xml.ts';

/** An edition as the feed has it. */
export interface Edition {
  /** Never changes and never comes again: `https://atlas.example/fixture-net/edition-2/`, before there is such a page too. */
  id: string;
  title: string;
  address: string;
  /** ISO 8601, with the time. */
  updated: string;
  summary: string;
}

/** The editions that the site has, from new to old: the published ones, and those that are still in the making. */
export function editionsOf(stores: readonly AtlasStore[], published: Published): Edition[] {
  const frozen = [...published.editions.values()].flat();
  const known = new Set(frozen.map(({ slug, edition }) => `${slug} ${edition}`));
  const editions = [
    ...frozen.map(({ store, when }) => entry(store, `${when}T00:00:00Z`, true)),
    ...stores.filter(({ slug, atlas }) => !known.has(`${slug} ${atlas.edition}`)).map((store) => entry(store, store.atlas.created, false)),
  ];
  return editions.sort((a, b) => b.updated.localeCompare(a.updated) || a.id.localeCompare(b.id));
}

function entry(store: AtlasStore, updated: string, published: boolean): Edition {
  const { title, edition } = store.atlas;
  const id = fullAddress(editionPath(atlasPath(store), edition));
  const summary = store.comparison ? `${headline(store)} ${atlasSummary(store)}` : atlasSummary(store);
  return { id, title: `${title}, edition ${edition}`, address: published ? id : fullAddress(atlasPath(store)), updated, summary };
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
