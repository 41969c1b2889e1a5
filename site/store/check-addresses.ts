/** Addresses are for ever: refuses an atlas whose names would collide with the site's own pages or with each other. */
import { fault } from './fault.ts';
import type { AtlasStore } from './load-atlases.ts';

/** First parts of an address that belong to the site, now or by design. */
const SITE_PAGES = ['404', 'atlases', 'cite', 'data', 'feed', 'i', 'method', 'schema', 'search', 'site'];
/** Second parts that belong to an atlas. */
const ATLAS_PAGES = ['cite', 'compare', 'data', 'map', 'study'];
const EDITION = /^edition-\d+$/;

/** Throws a fault for a reserved or repeated atlas, layer or unit name. */
export function checkAddresses(stores: readonly AtlasStore[]): void {
  check(
    stores.map((store) => store.slug),
    { reserved: SITE_PAGES, where: 'the folder of atlases', name: 'an atlas' },
  );
  for (const { layers, folder } of stores) {
    check(
      layers.map((layer) => layer.slug),
      { reserved: ATLAS_PAGES, where: `${folder}/atlas.json`, name: 'a layer' },
    );
    for (const { slug, units } of layers) {
      check(
        units.map((unit) => unit.id),
        { reserved: ['embed'], where: `${folder}/layers/${slug}.jsonl`, name: 'a unit' },
      );
    }
  }
}

function check(slugs: readonly string[], { reserved, where, name }: { reserved: readonly string[]; where: string; name: string }): void {
  const seen = new Set<string>();
  for (const slug of slugs) {
    if (reserved.includes(slug) || EDITION.test(slug)) {
      throw fault({
        where,
        expected: `a name that the site does not use itself (${reserved.join(', ')}, edition-1 …)`,
        name,
        received: slug,
        remedy: 'Give it another slug in the plan and run the plan again.',
      });
    }
    if (seen.has(slug)) {
      throw fault({
        where,
        expected: 'a name of its own',
        name,
        received: `${slug} twice`,
        remedy: 'Remove or rename one of the two, so that each has an address.',
      });
    }
    seen.add(slug);
  }
}
