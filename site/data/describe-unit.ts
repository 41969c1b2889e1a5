/** unit.json: all that is known of one unit, with the addresses of what belongs to it. */
import type { PublishedUnit, RenderRecord } from '../../data/schema.ts';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { atlasPath, fullAddress, layerPath, unitPath } from '../view/address.ts';
import { directionSentence, unitTitle } from '../view/unit.ts';
import { describePortrait } from './describe-portrait.ts';
import { describePicture, pictureAddress, unitAddresses } from './facts.ts';
import { chosenArray, schemaPath } from './published-files.ts';
import { placeMeasures } from './standing.ts';
import { npyOffset, vectorRowsOf } from './vectors.ts';

/** What all units of a layer share, gathered once. */
export interface LayerContext {
  readonly store: AtlasStore;
  readonly layer: Layer;
  /** Whether the site has a picture file of that name under `i/`. */
  readonly onSite: (name: string) => boolean;
  /** The row of directions.npy that a unit has, by its id. */
  readonly vectorRows: ReadonlyMap<string, number>;
}

/** Gathers what the units of a layer share. */
export function openLayer(store: AtlasStore, layer: Layer, onSite: LayerContext['onSite']): LayerContext {
  return { store, layer, onSite, vectorRows: vectorRowsOf(store, layer) };
}

/** A unit of the layer; `at` is its place in the layer's order. */
export function describeUnit(context: LayerContext, unit: Unit, at: number): PublishedUnit {
  const { store, layer, onSite } = context;
  const { atlas } = store;
  const portrait = layer.portraits.get(unit.id);
  const { renders, diverse } = unit.record;
  const { address, embed, embed_blind } = unitAddresses(store, layer, unit);
  const { id, title, source, weights_sha256, licence } = atlas.model;
  return {
    $schema: fullAddress(schemaPath('unit')),
    schema: 'basis-atlas-unit/1',
    ...{ atlas: store.slug, layer: layer.slug, id: unit.id, arm: unit.arm, index: unit.record.index },
    ...{ title: unitTitle(unit), address, embed, embed_blind },
    layer_json: fullAddress(`${layerPath(store, layer)}layer.json`),
    atlas_json: fullAddress(`${atlasPath(store)}atlas.json`),
    ...{ edition: atlas.edition, licence, model: { id, title, source, weights_sha256 }, plan_sha256: atlas.plan_sha256 },
    direction: describeDirection(context, unit),
    state: unit.state,
    score: unit.render?.score ?? null,
    picture: unit.render ? describePicture(unit.render, context) : null,
    renders: renders.toSorted((a, b) => a.seed - b.seed).map((render) => describeRender(context, render)),
    ...(diverse ? { diverse: diverse.map((render) => describeRender(context, render)) } : {}),
    measures: placeMeasures(layer, unit),
    ...(unit.concept === undefined ? {} : { concept: unit.concept }),
    previous: beside(context, layer.units[at - 1]),
    next: beside(context, layer.units[at + 1]),
    ...(portrait ? { portrait: describePortrait(store, portrait, onSite) } : {}),
  };
}

function describeRender(context: LayerContext, { image, frames, ...render }: RenderRecord): PublishedUnit['renders'][number] {
  return {
    ...render,
    picture: describePicture({ image }, context),
    ...(frames ? { frames: { sha256: frames.image, ...pictureAddress(frames.image, context), steps: frames.steps } } : {}),
  };
}

function beside({ store, layer }: LayerContext, unit: Unit | undefined): PublishedUnit['previous'] {
  if (!unit) return null;
  const { address, json } = unitAddresses(store, layer, unit);
  return { id: unit.id, address, json };
}

function describeDirection(context: LayerContext, one: Unit): PublishedUnit['direction'] {
  const { id, record } = one;
  const { direction } = record;
  const channels = context.layer.layer.shape[0];
  const about = direction.kind === 'chosen' ? 'Made up by the plan, as “unit” says.' : directionSentence(direction, channels);
  if (direction.kind === 'channel') return { kind: 'channel', channels, channel: direction.channel, sign: direction.sign, about };
  if (direction.kind === 'chosen') {
    const alone = chosenArray(context.store, one) && fullAddress(`${unitPath(context.store, context.layer, one)}direction.npy`);
    return { kind: 'chosen', channels, unit: direction.unit, about, ...(alone ? { vector: { alone } } : {}) };
  }
  const vector = placeVector(context, { id });
  return { kind: 'haar', channels, frame: direction.frame, row: direction.row, sha256: direction.sha256, about, ...vector };
}

function placeVector({ store, layer, vectorRows }: LayerContext, unit: Pick<Unit, 'id'>) {
  const row = vectorRows.get(unit.id);
  if (row === undefined) return {};
  const channels = layer.layer.shape[0];
  const offset = npyOffset([vectorRows.size, channels]) + row * channels * 4;
  const file = fullAddress(`${layerPath(store, layer)}directions.npy`);
  return { vector: { file, row, offset, alone: fullAddress(`${unitPath(store, layer, unit)}direction.npy`) } };
}
