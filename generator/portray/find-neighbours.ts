/** The units that are most like each unit: by how they respond to images, and by how their renders look. */
import type { Near } from '../../data/schema.ts';
import type { Stages } from '../compare/evidence/gather.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Looks, UnitPlace } from './look-alikes.ts';
import { findNearest, groupPairs, type RowGroup } from './nearest.ts';
import { type PortrayedLayer, stackVectors } from './read-units.ts';
import { unitResponses } from './responses.ts';

/** Neighbours of a unit, of each kind. */
export const NEAR = 8;

export interface NeighboursRequest {
  readonly layers: readonly PortrayedLayer[];
  /** Ā of a layer by its slug, `[n,C]`. */
  readonly means: (slug: string) => Promise<Float32Array>;
  readonly looks: Looks;
  readonly runtime: Runtime;
  readonly stages: Stages;
  readonly signal?: AbortSignal;
}

export interface Neighbours {
  /** By the layer's place and the unit's; nothing for a unit that has none. */
  response(layer: number, unit: number): Near[];
  look(layer: number, unit: number): Near[];
}

/**
 * By response: the correlation over images of mean responses v·ā(x), over all layers that see the same images (those of one size), from the comparison's
 * pooled means. By look: the cosine of an observer's descriptions, over the whole atlas. A channel and its negative are one family.
 */
export async function findNeighbours(request: NeighboursRequest): Promise<Neighbours> {
  const { layers, looks, runtime, stages, signal } = request;
  const response = new Map<string, Near[]>();
  for (const size of new Set(layers.map(({ layer }) => layer.render.size))) {
    const own = [...layers.keys()].filter((i) => layers[i].layer.render.size === size);
    for (const [key, list] of await nearByResponse(request, own)) response.set(key, list);
  }
  stages.begin(`Units that look alike, of ${looks.owners.length}`, 1);
  const group: RowGroup = { count: looks.owners.length, rows: async () => looks.rows };
  const near = await findNearest({
    ...{ runtime, groups: [group], dimension: looks.dimension, count: NEAR, onProgress: stages.done },
    family: looks.owners.map((place) => familyOf(layers, place)),
    ...(signal ? { signal } : {}),
  });
  const look = new Map(looks.owners.map((place, i) => [keyOf(place), nameAll(layers, looks.owners, near[i])]));
  return {
    response: (layer, unit) => response.get(keyOf({ layer, unit })) ?? [],
    look: (layer, unit) => look.get(keyOf({ layer, unit })) ?? [],
  };
}

async function nearByResponse(
  { layers, means, runtime, stages, signal }: NeighboursRequest,
  own: readonly number[],
): Promise<Map<string, Near[]>> {
  const stacked = own.map((i) => stackVectors(layers[i]));
  const places = own.flatMap((layer, k) => stacked[k].owners.map((unit): UnitPlace => ({ layer, unit })));
  const groups = own.map((i, k): RowGroup => {
    const { slug, shape } = layers[i].layer;
    return { count: stacked[k].owners.length, rows: async () => unitResponses(runtime, stacked[k].rows, await means(slug), shape[0]) };
  });
  const [first] = own;
  const dimension = (await means(layers[first].layer.slug)).length / layers[first].layer.shape[0];
  stages.begin(`Units that respond alike, of ${places.length}`, groupPairs(groups.length));
  const near = await findNearest({
    ...{ runtime, groups, dimension, count: NEAR, onProgress: stages.done },
    family: places.map((place) => familyOf(layers, place)),
    ...(signal ? { signal } : {}),
  });
  return new Map(places.map((place, i) => [keyOf(place), nameAll(layers, places, near[i])]));
}

const keyOf = ({ layer, unit }: UnitPlace) => `${layer} ${unit}`;

/** A channel's and its negative's are one. */
function familyOf(layers: readonly PortrayedLayer[], { layer, unit }: UnitPlace): string {
  const { id, direction } = layers[layer].units[unit].record;
  return `${layer} ${direction.kind === 'channel' ? `channel-${direction.channel}` : id}`;
}

function nameAll(
  layers: readonly PortrayedLayer[],
  places: readonly UnitPlace[],
  near: readonly { readonly index: number; readonly similarity: number }[],
): Near[] {
  return near.map(({ index, similarity }) => {
    const { layer, unit } = places[index];
    return { layer: layers[layer].layer.slug, id: layers[layer].units[unit].record.id, similarity };
  });
}
