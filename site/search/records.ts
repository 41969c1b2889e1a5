/**
 * What the search knows: a record for each layer, each concept of a layer, each number of an arm, and each word that raters gave in a layer.
 * Every unit is in several, so that an index of 100,000 units has some ten thousand records: Pagefind with a record a unit took 40 s and
 * 2 GiB to build, and answered a filtered search of common words in seconds (test/bench/RESULTS.md).
 */
import type { Human } from '../../data/schema.ts';
import { mosaic, thumbnailName } from '../images/pictures.ts';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { layerPath } from '../view/address.ts';
import { ARM_NAMES } from '../view/arms.ts';
import { conceptName } from '../view/concepts.ts';
import { tapWord } from '../view/layer.ts';
import { layerTitle } from '../view/unit.ts';

/** As Pagefind takes it. */
export interface SearchRecord {
  /**
   * From the site's root, and after a space what the page draws, a {@link FoundRecord} as JSON: `/fixture-net/conv-1/#concept=colour-red {…}`.
   * Pagefind hands an address back as it is and looks for no word in it; it does in `meta`.
   */
  url: string;
  content: string;
  language: 'en';
  meta: Record<string, string>;
  filters: Record<string, string[]>;
}

/** What the page draws of a record. */
export interface FoundRecord {
  kind: 'layer' | 'concept' | 'number' | 'word';
  title: string;
  atlas: string;
  /** Where it is of one layer. */
  layer?: string;
  /** How many units it is of. */
  n: number;
  /** The best of them, or those of the first layers. */
  units: FoundUnit[];
  /** The mosaic of a layer. */
  image?: string;
}

/** Units that a record shows; where it has more, its page has them all. */
const SHOWN = 48;

/** A unit in a record's `units`: layer, id, class of its arm, name of its thumbnail (empty without a picture). */
export type FoundUnit = [layer: string, id: string, arm: string, image: string];

/** Every record of some atlases; `humans` has the ratings of those that have any, by slug. Of equal matches the first is shown first. */
export function searchRecords(stores: readonly AtlasStore[], humans: ReadonlyMap<string, Human>): SearchRecord[] {
  return stores.flatMap((store) => [
    ...store.layers.map((layer) => layerRecord(store, layer)),
    ...conceptRecords(store),
    ...numberRecords(store),
    ...wordRecords(store, humans.get(store.slug)),
  ]);
}

/** A text as words that can be looked up: `expanded_conv_3/expand` → `expanded conv 3 expand`. The page does the same to what is typed. */
export const wordsOf = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

interface Subject {
  kind: FoundRecord['kind'];
  path: string;
  title: string;
  words: string[];
  layers: readonly Layer[];
  /** With their layers, in the order they are to be shown. */
  units: readonly { layer: Layer; unit: Unit }[];
  concept?: string;
  /** The mosaic of a layer. */
  image?: string | undefined;
}

function record(store: AtlasStore, { kind, path, title, words, layers, units, concept, image }: Subject): SearchRecord {
  const shown = units.slice(0, SHOWN).map(({ layer, unit }): FoundUnit => {
    const hash = unit.render?.image;
    return [layer.slug, unit.id, ARM_NAMES[unit.arm].css, hash ? thumbnailName(hash) : ''];
  });
  const found: FoundRecord = {
    kind,
    title,
    atlas: store.slug,
    ...(layers.length === 1 && layers[0] ? { layer: layers[0].slug } : {}),
    n: kind === 'layer' ? (layers[0]?.units.length ?? 0) : units.length,
    units: shown,
    ...(image ? { image } : {}),
  };
  const arms = [...new Set(units.map(({ unit }) => unit.arm))];
  return {
    url: `/${path} ${JSON.stringify(found)}`,
    content: wordsOf([...words, ...layers.map((layer) => layerTitle(layer.layer)), store.atlas.title].join(' ')),
    language: 'en',
    meta: { title, ...(image || shown[0]?.[3] ? { image: image ?? shown[0]?.[3] ?? '' } : {}) },
    filters: {
      kind: [kind],
      atlas: [store.slug],
      layer: layers.map((layer) => `${store.slug}/${layer.slug}`),
      ...(arms.length ? { arm: arms } : {}),
      ...(concept ? { concept: [concept] } : {}),
    },
  };
}

function layerRecord(store: AtlasStore, layer: Layer): SearchRecord {
  const title = layerTitle(layer.layer);
  const words = ['layer', layer.layer.operator, tapWord(layer.layer), layer.layer.name];
  const image = mosaic(store, layer, 'basis')?.name ?? mosaic(store, layer, 'random')?.name;
  return record(store, { kind: 'layer', path: layerPath(store, layer), title, words, layers: [layer], units: [], image });
}

const match = ({ measures }: Unit) => measures.dissection ?? 0;

/** A record for each concept of each layer, those that some unit matches best first. */
function conceptRecords(store: AtlasStore): SearchRecord[] {
  const groups = store.layers.flatMap((layer) =>
    [...Map.groupBy(layer.units, ({ concept }) => concept ?? '')].flatMap(([concept, units]) =>
      concept ? [{ layer, concept, units: units.toSorted((a, b) => match(b) - match(a)) }] : [],
    ),
  );
  const best = ({ units: [first] }: (typeof groups)[number]) => (first ? match(first) : 0);
  return groups
    .sort((a, b) => best(b) - best(a))
    .map(({ layer, concept, units }) =>
      record(store, {
        kind: 'concept',
        path: `${layerPath(store, layer)}#concept=${concept}`,
        title: conceptName(concept),
        words: ['concept', conceptName(concept)],
        layers: [layer],
        units: units.map((unit) => ({ layer, unit })),
        concept,
      }),
    );
}

/** `Channel 42` of every layer, and so on. */
function numberRecords(store: AtlasStore): SearchRecord[] {
  const all = store.layers.flatMap((layer) => layer.units.map((unit) => ({ layer, unit })));
  return [...Map.groupBy(all, ({ unit }) => unit.id)].map(([id, units]) =>
    record(store, {
      kind: 'number',
      path: units.length === 1 && units[0] ? `${layerPath(store, units[0].layer)}${id}/` : `${store.slug}/`,
      title: id.replace(/^(\w)/, (first) => first.toUpperCase()).replaceAll('-', ' '),
      words: ['unit', units[0]?.unit.arm === 'basis' ? 'neuron' : 'direction', id],
      layers: [...new Set(units.map(({ layer }) => layer))],
      units,
    }),
  );
}

/** What raters called units, by layer, the words of most raters first. */
function wordRecords(store: AtlasStore, human: Human | undefined): SearchRecord[] {
  return store.layers.flatMap((layer) => {
    const units = new Map(layer.units.map((unit) => [unit.id, unit]));
    const said = (human?.directions ?? [])
      .filter((one) => one.layer === layer.slug)
      .flatMap(({ direction, words }) =>
        words.map(({ word, raters }) => ({ word: word.toLowerCase(), raters, unit: units.get(direction) })),
      );
    return [...Map.groupBy(said, ({ word }) => word)].map(([word, all]) =>
      record(store, {
        kind: 'word',
        path: layerPath(store, layer),
        title: `“${word}”`,
        words: ['word', word],
        layers: [layer],
        units: all
          .toSorted((a, b) => b.raters - a.raters)
          .flatMap(({ unit }) => (unit ? [{ layer, unit }] : []))
          .filter(({ unit }, i, list) => list.findIndex((other) => other.unit === unit) === i),
      }),
    );
  });
}
