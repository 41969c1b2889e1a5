/** What a page states, as a record whose hash the ledger keeps: facts, not HTML, so that templates may change and editions may not. */
import { canonicalJson, hashOf } from './canonical.ts';
import type { ComparedDirection } from './comparison-schema.ts';
import type { FrozenUnit } from './ledger-schema.ts';
import type { Atlas, AtlasLayer, RenderRecord, UnitRecord } from './schema.ts';

/** A unit as an edition freezes it: without the optimisation's curve and filmstrip, which are most of a record and no result. */
export function freezeUnit(record: UnitRecord, compared?: ComparedDirection): FrozenUnit {
  const { id, arm, index, direction, renders, diverse } = record;
  const measures = record.measures ?? compared?.scores;
  return JSON.parse(
    JSON.stringify({
      id,
      arm,
      index,
      direction,
      renders: renders.map(freezeRender),
      diverse: diverse?.map(freezeRender),
      measures,
      concept: compared?.concept,
    }),
  );
}

function freezeRender({ seed, key, state, message, image, score }: RenderRecord) {
  return { seed, key, state, message, image, score };
}

/** A unit's content: its frozen record, and of what network, plan and layer it is. */
export function unitContent(atlas: Atlas, layer: AtlasLayer, unit: FrozenUnit): string {
  const { units: _, ...what } = layer;
  return hashOf(canonicalJson({ weights: atlas.model.weights_sha256, plan: atlas.plan_sha256, layer: what, unit }));
}

/** Contents of a layer's and of an atlas's page, from those of what they hold, by name: a hash tree, whose root stands for all of an edition. */
export function wholeContent(slug: string, parts: ReadonlyMap<string, string>): string {
  return hashOf(canonicalJson({ slug, parts: Object.fromEntries(parts) }));
}

/** A layer with its units as frozen. */
export interface FrozenLayer {
  readonly layer: AtlasLayer;
  readonly units: readonly FrozenUnit[];
}

/** Every address of an edition and its content: the atlas, its layers, their units. */
export function editionContents(atlas: Atlas, layers: readonly FrozenLayer[]): Map<string, string> {
  const contents = new Map<string, string>();
  const parts = new Map<string, string>();
  for (const { layer, units } of layers) {
    const own = new Map(units.map((unit) => [unit.id, unitContent(atlas, layer, unit)]));
    const content = wholeContent(layer.slug, own);
    parts.set(layer.slug, content);
    contents.set(`${atlas.slug}/${layer.slug}/`, content);
    for (const [id, hash] of own) contents.set(`${atlas.slug}/${layer.slug}/${id}/`, hash);
  }
  return new Map([[`${atlas.slug}/`, wholeContent(atlas.slug, parts)], ...contents]);
}
