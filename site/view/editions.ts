/** Editions as pages show them: their addresses, what changed between two, and every page that the ledger keeps alive. */
import { follow, type Ledger } from '../../data/schema.ts';
import type { FrozenEdition } from '../store/frozen-edition.ts';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import type { Published } from '../store/load-ledger.ts';
import { atlasPath, layerPath, unitPath } from './address.ts';
import { layerTitle } from './unit.ts';

/** `fixture-net/conv-1/channel-42/edition-1/`: what it states never changes. */
export const editionPath = (path: string, edition: number) => `${path}edition-${edition}/`;

/** Where the page of an edition's atlas or layer stands: the trail leads through the edition's own pages. */
export function editionTrail(edition: FrozenEdition, layer?: Layer): { name: string; path: string }[] {
  const { edition: number, store } = edition;
  const part = (name: string, path: string) => ({ name, path: editionPath(path, number) });
  return [
    part(`${store.atlas.title}, edition ${number}`, atlasPath(edition)),
    ...(layer ? [part(layerTitle(layer.layer), layerPath(edition, layer))] : []),
  ];
}

interface EditionPage {
  readonly edition: FrozenEdition;
  readonly layer: Layer;
  readonly unit: Unit;
}

/** The parameter of the three routes below. */
const number = ({ edition }: FrozenEdition) => String(edition);
const all = ({ editions }: Published) => [...editions.values()].flat();

/** A page for every published edition of an atlas. */
export function atlasEditionPages(published: Published) {
  return all(published).map((edition) => ({ params: { atlas: edition.slug, number: number(edition) }, props: { edition } }));
}

/** A page for every layer of every published edition. */
export function layerEditionPages(published: Published) {
  return all(published).flatMap((edition) =>
    edition.store.layers.map((layer) => ({
      params: { atlas: edition.slug, layer: layer.slug, number: number(edition) },
      props: { edition, layer },
    })),
  );
}

/** A page for every unit of every published edition. */
export function unitEditionPages(
  published: Published,
): { params: { atlas: string; layer: string; unit: string; number: string }; props: EditionPage }[] {
  return all(published).flatMap((edition) =>
    edition.store.layers.flatMap((layer) =>
      layer.units.map((unit) => ({
        params: { atlas: edition.slug, layer: layer.slug, unit: unit.id, number: number(edition) },
        props: { edition, layer, unit },
      })),
    ),
  );
}

/** A retired address: where it leads, or what is said of it. */
export interface RetiredPage {
  readonly address: string;
  /** Where a redirect ends: a page, or a tombstone. */
  readonly to?: string;
  readonly why: string;
  readonly when: string;
  /** What takes the place of what a tombstone stands for. */
  readonly instead?: string;
}

/** Retired addresses that no atlas has taken up again. `there` are the addresses that have a page. */
export function retiredPages(ledger: Ledger, there: ReadonlySet<string>): RetiredPage[] {
  return [...ledger].flatMap(([address, { retired }]): RetiredPage[] => {
    if (!retired || there.has(address)) return [];
    const { why, when } = retired;
    if (retired.status === 'redirect') return [{ address, to: follow(ledger, address).at(-1) ?? retired.to, why, when }];
    return [{ address, why, when, ...(retired.to ? { instead: follow(ledger, retired.to).at(-1) ?? retired.to } : {}) }];
  });
}

/** The addresses of all atlases that have a page of their own. */
export function liveAddresses(stores: readonly AtlasStore[]): Set<string> {
  const addresses = stores.flatMap((store) => [
    `${store.slug}/`,
    ...store.layers.flatMap((layer) => [layerPath(store, layer), ...layer.units.map((unit) => unitPath(store, layer, unit))]),
  ]);
  return new Set(addresses);
}

/** The last edition that had an address, with what stood there. */
export function lastEdition(published: Published, address: string): { edition: FrozenEdition; layer?: Layer; unit?: Unit } | undefined {
  const [slug = '', layerSlug = '', id = ''] = address.split('/');
  for (const edition of (published.editions.get(slug) ?? []).toReversed()) {
    const layer = edition.store.layers.find((one) => one.slug === layerSlug);
    const unit = layer?.units.find((one) => one.id === id);
    if (unit && layer) return { edition, layer, unit };
    if (id === '' && layer) return { edition, layer };
    if (layerSlug === '') return { edition };
  }
  return undefined;
}

/** Counts of units by what became of them since the edition before. */
export interface EditionChanges {
  readonly added: number;
  readonly removed: number;
  readonly renamed: number;
  readonly rerendered: number;
  /** With the same picture, but other figures. */
  readonly remeasured: number;
}

/** What an edition changed. A unit counts as renamed where its old address leads to one of this edition. */
export function editionChanges(before: FrozenEdition, after: FrozenEdition, ledger: Ledger): EditionChanges {
  const [old, now] = [picturesOf(before), picturesOf(after)];
  const counts = { added: 0, removed: 0, renamed: 0, rerendered: 0, remeasured: 0 };
  const moved = new Set<string>();
  for (const [address, facts] of old) {
    const to = now.has(address) ? address : (follow(ledger, address).at(-1) ?? address);
    const found = now.get(to);
    if (!found) counts.removed++;
    else {
      moved.add(to);
      if (to !== address) counts.renamed++;
      if (found.image !== facts.image) counts.rerendered++;
      else if (found.figures !== facts.figures) counts.remeasured++;
    }
  }
  counts.added = [...now.keys()].filter((address) => !moved.has(address)).length;
  return counts;
}

function picturesOf({ store }: FrozenEdition): Map<string, { image: string | undefined; figures: string }> {
  return new Map(
    store.layers.flatMap((layer) =>
      layer.units.map((unit) => {
        const figures = JSON.stringify([unit.measures, unit.concept, unit.record.renders.map(({ score }) => score)]);
        return [unitPath(store, layer, unit), { image: unit.render?.image, figures }] as const;
      }),
    ),
  );
}
