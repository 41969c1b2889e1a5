/** Which unit pages there are, as Astro wants them told. */
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';

/** A page for every unit of every layer of every atlas. */
export function unitPages(
  stores: readonly AtlasStore[],
): { params: { atlas: string; layer: string; unit: string }; props: { store: AtlasStore; layer: Layer; unit: Unit } }[] {
  return stores.flatMap((store) =>
    store.layers.flatMap((layer) =>
      layer.units.map((unit) => ({ params: { atlas: store.slug, layer: layer.slug, unit: unit.id }, props: { store, layer, unit } })),
    ),
  );
}
