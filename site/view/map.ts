/** The map of an atlas: its units' places by what they look like, where the store has them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { atlasMap } from '../../data/schema.ts';
import { thumbnailName } from '../images/pictures.ts';
import { fault } from '../store/fault.ts';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { readJson } from '../store/read-json.ts';
import { atlasPath } from './address.ts';
import { ARM_NAMES } from './arms.ts';
import { layerTitle } from './unit.ts';

/** A unit with its place, x to the right and y down, 0 to 1. */
export interface Placed {
  readonly layer: Layer;
  readonly unit: Unit;
  readonly x: number;
  readonly y: number;
}

/** A map that the site can show. */
export interface ShownMap {
  readonly about: string;
  /** Coarse to fine: see {@link byLevel}. */
  readonly placed: readonly Placed[];
}

/** `fixture-net/map/` */
export const mapPath = (store: Pick<AtlasStore, 'slug'>) => `${atlasPath(store)}map/`;

const fileOf = ({ folder }: Pick<AtlasStore, 'folder'>) => join(folder, 'map.json');
/** Whether an atlas has a map, and a page of it. */
export const hasMap = (store: Pick<AtlasStore, 'folder'>) => existsSync(fileOf(store));

const read = new WeakMap<AtlasStore, Promise<ShownMap | undefined>>();

/** The map of a store, read once; undefined without one. Throws a fault for a file that is none, or that places a unit the store lacks. */
export function readMap(store: AtlasStore): Promise<ShownMap | undefined> {
  const known = read.get(store) ?? (hasMap(store) ? joined(store) : Promise.resolve(undefined));
  read.set(store, known);
  return known;
}

async function joined(store: AtlasStore): Promise<ShownMap> {
  const { about, units } = await readJson(fileOf(store), atlasMap);
  const known = new Map(store.layers.flatMap((layer) => layer.units.map((unit) => [`${layer.slug} ${unit.id}`, { layer, unit }] as const)));
  const placed = units.map(({ layer, id, x, y }) => {
    const found = known.get(`${layer} ${id}`);
    if (found) return { ...found, x, y };
    throw fault({
      where: fileOf(store),
      expected: 'a unit of the atlas',
      name: 'a place on the map',
      received: `${layer} ${id}`,
      remedy: 'Make the map again from the atlas as it is.',
    });
  });
  return { about, placed: byLevel(placed) };
}

/** Levels of the map's grid: 2^level cells a side. */
const DEEPEST = 12;

/**
 * Orders points coarse to fine: after those that stand for the cells of a grid of 2^k a side come the points that stand for the further cells
 * of 2^(k+1). Whatever the grid, the first point of a cell stands for it, so a picture of the whole needs the beginning of the list alone.
 */
export function byLevel<T extends { readonly x: number; readonly y: number }>(points: readonly T[]): T[] {
  const order: T[] = [];
  let rest = [...points];
  for (let level = 0; level <= DEEPEST && rest.length > 0; level++) {
    const side = 2 ** level;
    const cell = ({ x, y }: T) => Math.min(side - 1, Math.floor(x * side)) + side * Math.min(side - 1, Math.floor(y * side));
    const taken = new Set(order.map(cell));
    const left: T[] = [];
    for (const point of rest) {
      if (taken.has(cell(point))) left.push(point);
      else order.push(point);
      taken.add(cell(point));
    }
    rest = left;
  }
  return [...order, ...rest];
}

/** The atlases that have a map, with it. */
export async function withMaps(stores: readonly AtlasStore[]): Promise<{ store: AtlasStore; map: ShownMap }[]> {
  const maps = await Promise.all(stores.map(async (store) => ({ store, map: await readMap(store) })));
  return maps.flatMap(({ store, map }) => (map ? [{ store, map }] : []));
}

/** A unit as the map's script has it: x and y in ten thousandths, number of its layer, class of its arm, id, name of its thumbnail or ''. */
export type MapUnit = [x: number, y: number, layer: number, arm: string, id: string, image: string];

/** What the map's script loads. */
export interface MapData {
  layers: { slug: string; title: string }[];
  /** Coarse to fine. */
  units: MapUnit[];
}

/** The units of a map for its script. */
export function mapData(store: AtlasStore, { placed }: ShownMap): MapData {
  const places = new Map(store.layers.map((layer, i) => [layer, i]));
  return {
    layers: store.layers.map((layer) => ({ slug: layer.slug, title: layerTitle(layer.layer) })),
    units: placed.map(({ layer, unit, x, y }) => {
      const image = unit.render?.image;
      const [across, down] = [x, y].map((at) => Math.min(9999, Math.floor(at * 10_000))) as [number, number];
      return [across, down, places.get(layer) ?? 0, ARM_NAMES[unit.arm].css, unit.id, image ? thumbnailName(image) : ''];
    }),
  };
}
