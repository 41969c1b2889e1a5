/** The index of the search page that needs no script: every concept with the units that match it best. */
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { conceptName } from './concepts.ts';

export interface ConceptEntry {
  readonly id: string;
  /** `grating 90°, 8 px` */
  readonly name: string;
  /** How many units match it better than any other concept. */
  readonly units: number;
  /** The best of them over all layers, best first. */
  readonly best: readonly { readonly store: AtlasStore; readonly layer: Layer; readonly unit: Unit; readonly value: number }[];
}

/** Concepts by family (`grating`, `colour`), families and concepts by name. */
export function conceptIndex(stores: readonly AtlasStore[], shown = 6): { family: string; concepts: ConceptEntry[] }[] {
  const all = stores.flatMap((store) =>
    store.layers.flatMap((layer) =>
      layer.units.flatMap((unit) =>
        unit.concept === undefined ? [] : [{ store, layer, unit, concept: unit.concept, value: unit.measures.dissection ?? 0 }],
      ),
    ),
  );
  const entries = [...Map.groupBy(all, ({ concept }) => concept)].map(
    ([id, units]): ConceptEntry => ({
      id,
      name: conceptName(id),
      units: units.length,
      best: units.sort((a, b) => b.value - a.value).slice(0, shown),
    }),
  );
  const order = new Intl.Collator('en', { numeric: true });
  return [...Map.groupBy(entries, ({ id }) => id.split('-')[0] ?? '')]
    .map(([family, concepts]) => ({ family, concepts: concepts.sort((a, b) => order.compare(a.id, b.id)) }))
    .sort((a, b) => order.compare(a.family, b.family));
}
