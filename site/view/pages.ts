/** Which pages of units and of measures there are, as Astro wants them told. */
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { type Metric, SECONDARY } from './metrics.ts';
import { PLOTTED, pointsOf } from './points.ts';

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

/** A page for every secondary measure that a comparison has for both arms of some layer. */
export function metricPages(
  stores: readonly AtlasStore[],
): { params: { atlas: string; metric: string }; props: { store: AtlasStore; metric: Metric } }[] {
  return stores.flatMap((store) =>
    SECONDARY.flatMap((metric) => {
      const { id } = metric;
      const known =
        store.comparison && store.layers.some((layer) => PLOTTED.every((arm) => pointsOf(store, layer, arm, metric).length > 0));
      return known && id ? [{ params: { atlas: store.slug, metric: id }, props: { store, metric } }] : [];
    }),
  );
}
