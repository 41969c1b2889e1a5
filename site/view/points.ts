/** The directions of an arm as points of a plot: those with a page, and those that were compared without one. */
import type { ComparedDirection } from '../../data/schema.ts';
import type { AtlasStore, Layer } from '../store/load-atlases.ts';
import type { Metric } from './metrics.ts';
import { unitTitle } from './unit.ts';

/** The arms of every plot. */
export const PLOTTED = ['basis', 'random'] as const;
/** Bins of a distribution. */
export const BINS = 32;
export type PlottedArm = (typeof PLOTTED)[number];

export interface Point {
  /** Of the unit, the last part of its address. */
  readonly id: string;
  readonly title: string;
  readonly value: number;
  /** Whether it has a page. */
  readonly page: boolean;
}

const byStore = new WeakMap<AtlasStore, Map<string, ComparedDirection[]>>();

/** The compared directions of an arm in a layer. An atlas has ten thousand and more: they are sorted into their places once. */
function comparedOf(store: AtlasStore, layer: Layer, arm: string): readonly ComparedDirection[] {
  let places = byStore.get(store);
  if (!places) {
    places = Map.groupBy(store.comparison?.directions ?? [], (one) => `${one.layer} ${one.arm}`);
    byStore.set(store, places);
  }
  return places.get(`${layer.slug} ${arm}`) ?? [];
}

/** Every direction of an arm that has a value, in the layer's order; those without a page last. */
export function pointsOf(store: AtlasStore, layer: Layer, arm: PlottedArm, { field }: Metric): Point[] {
  const units = layer.units.filter((unit) => unit.arm === arm);
  const known = new Set(units.map(({ id }) => id));
  const others = comparedOf(store, layer, arm).filter(({ id }) => !known.has(id));
  return [
    ...units.map((unit) => ({ id: unit.id, title: unitTitle(unit), value: unit.measures[field], page: true })),
    ...others.map(({ id, scores }) => ({ id, title: titleOf(id), value: scores[field], page: false })),
  ].flatMap((point) => (typeof point.value === 'number' ? [{ ...point, value: point.value }] : []));
}

/** Directions of an arm with the concept each is scored on; null where none was found. */
export function dissectedOf(store: AtlasStore, layer: Layer, arm: PlottedArm): (Point & { readonly concept: string })[] {
  const concepts = new Map(comparedOf(store, layer, arm).map(({ id, concept }) => [id, concept]));
  return pointsOf(store, layer, arm, { field: 'dissection' } as Metric).flatMap((point) => {
    const concept = concepts.get(point.id);
    return concept === undefined ? [] : [{ ...point, concept }];
  });
}

/** `random-90` → `Random direction 90`. */
function titleOf(id: string): string {
  const [, index] = /^random-(\d+)$/.exec(id) ?? [];
  return index === undefined ? id : `Random direction ${index}`;
}
