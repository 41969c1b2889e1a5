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
import { findUnit, layerTitle } from './unit.ts';

/** A unit in its cell of the map's grid, from the left and from the top. */
export interface Placed {
  readonly layer: Layer;
  readonly unit: Unit;
  readonly column: number;
  readonly row: number;
}

/** A map that the site can show. */
export interface ShownMap {
  readonly about: string;
  readonly columns: number;
  readonly rows: number;
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
  const { about, columns, rows, units } = await readJson(fileOf(store), atlasMap);
  const placed = units.map(({ layer, id, x, y }) => {
    const found = findUnit(store, layer, id);
    if (found) return { ...found, column: cellAt(x, columns), row: cellAt(y, rows) };
    throw fault({
      where: fileOf(store),
      expected: 'a unit of the atlas',
      name: 'a place on the map',
      received: `${layer} ${id}`,
      remedy: 'Make the map again from the atlas as it is.',
    });
  });
  return { about, columns, rows, placed: byLevel(placed) };
}

const cellAt = (at: number, cells: number) => Math.min(cells - 1, Math.floor(at * cells));

/** Cells are joined 2^level × 2^level. */
const COARSEST = 8;

/**
 * Orders units coarse to fine: after those that stand for the cells joined 2^k × 2^k come those that stand for the further ones of 2^(k-1). However
 * cells are joined, the first unit stands for them, so a picture of the whole needs the beginning of the list alone. Row by row before that:
 * whoever stands for a cell does so for its place, not for its layer or arm.
 */
export function byLevel<T extends Pick<Placed, 'column' | 'row'>>(units: readonly T[]): T[] {
  const order: T[] = [];
  let rest = units.toSorted((a, b) => a.row - b.row || a.column - b.column);
  for (let level = COARSEST; level >= 0 && rest.length > 0; level--) {
    const cell = ({ column, row }: T) => `${column >> level} ${row >> level}`;
    const taken = new Set(order.map(cell));
    const left: T[] = [];
    for (const unit of rest) {
      if (taken.has(cell(unit))) left.push(unit);
      else order.push(unit);
      taken.add(cell(unit));
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

/** A unit as the map's script has it: its cell of the grid, number of its layer, class of its arm, id, name of its thumbnail or ''. */
export type MapUnit = [column: number, row: number, layer: number, arm: string, id: string, image: string];

/** What the map's script loads. */
export interface MapData {
  columns: number;
  rows: number;
  layers: { slug: string; title: string }[];
  /** Coarse to fine. */
  units: MapUnit[];
}

/** The units of a map for its script. */
export function mapData(store: AtlasStore, { columns, rows, placed }: ShownMap): MapData {
  const places = new Map(store.layers.map((layer, i) => [layer, i]));
  return {
    columns,
    rows,
    layers: store.layers.map((layer) => ({ slug: layer.slug, title: layerTitle(layer.layer) })),
    units: placed.map(({ layer, unit, column, row }) => {
      const image = unit.render?.image;
      return [column, row, places.get(layer) ?? 0, ARM_NAMES[unit.arm].css, unit.id, image ? thumbnailName(image) : ''];
    }),
  };
}
