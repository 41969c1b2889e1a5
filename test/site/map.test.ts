/** The map: the order of its units, its pictures, and the geometry of looking at it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { mapSheets, SHEET, wholeMap } from '../../site/images/map-pictures.ts';
import { paintTiles } from '../../site/images/paint-tiles.ts';
import {
  type Cell,
  cellOf,
  extentOf,
  joinedIn,
  type Plane,
  pan,
  seen,
  sideOf,
  standing,
  startOf,
  toMap,
  toScreen,
  type View,
  WHOLE,
  within,
  zoomAt,
} from '../../site/scripts/map-plane.ts';
import { type AtlasStore, readAtlases } from '../../site/store/load-atlases.ts';
import { byLevel, hasMap, mapData, readMap, withMaps } from '../../site/view/map.ts';
import { temporaryFolder } from '../temporary.ts';
import { drawFrom } from './make-picture.ts';
import { makeStore } from './make-store.ts';

let data: string;
let store: AtlasStore;

beforeAll(async () => {
  data = temporaryFolder('data');
  await makeStore(data, { channels: [9, 4], random: 3, subset: 2, size: 16 });
  await makeStore(data, { slug: 'fixture-part', channels: [2], random: 1, subset: 0, size: 16, complete: false });
  store = (await readAtlases(data)).find(({ slug }) => slug === 'fixture-net') ?? fail();
});

function fail(): never {
  throw new Error('The fixture has no atlas.');
}

const GRID = { columns: 64, rows: 44 };

/** So many cells of the grid, each once. */
function cellsAtRandom(count: number): Cell[] {
  const draw = drawFrom(3);
  const cells = new Set<number>();
  while (cells.size < count) cells.add(Math.floor(draw() ** 2 * GRID.rows) * GRID.columns + Math.floor(draw() * GRID.columns));
  return [...cells].map((cell) => ({ column: cell % GRID.columns, row: Math.floor(cell / GRID.columns) }));
}

describe('the units of a map', () => {
  test('come coarse to fine: the first of joined cells stands for them, however many are joined', () => {
    const points = cellsAtRandom(500);
    const order = byLevel(points);
    expect(new Set(order)).toEqual(new Set(points));
    for (const joined of [1, 2, 4, 8]) {
      const cells = new Set(points.map((point) => cellOf(point, joined, GRID)));
      const first = new Set(order.slice(0, cells.size).map((point) => cellOf(point, joined, GRID)));
      expect(first, `${joined} joined`).toEqual(cells);
    }
  });

  test('stand for cells by their place, whatever their order in the file', () => {
    const points = cellsAtRandom(500);
    expect(byLevel(points.toReversed())).toEqual(byLevel(points));
  });

  test('are those that have a picture, with what the script needs of each', async () => {
    const map = (await readMap(store)) ?? fail();
    const { layers, units, columns, rows } = mapData(store, map);
    expect(layers.map(({ slug }) => slug)).toEqual(['expanded-conv-depthwise', 'expanded-conv-3-expand']);
    expect(units).toHaveLength(9 + 3 + 4 + 3 - 1);
    const channel = units.find(([, , layer, , id]) => layer === 0 && id === 'channel-2') ?? fail();
    const image = store.layers[0]?.units.find(({ id }) => id === 'channel-2')?.render?.image ?? '';
    expect(channel.slice(3)).toEqual(['b', 'channel-2', `${image.slice(0, 20)}-96.webp`]);
    expect([columns, rows]).toEqual([8, 3]);
    expect(units.every(([x, y]) => Number.isInteger(x) && x >= 0 && x < columns && Number.isInteger(y) && y >= 0 && y < rows)).toBe(true);
    expect(new Set(units.map(([x, y]) => `${x} ${y}`)).size).toBe(units.length);
  });

  test('an atlas without map.json has no map, and says so', async () => {
    const stores = await readAtlases(data);
    expect(stores.map((one) => [one.slug, hasMap(one)])).toEqual([
      ['fixture-net', true],
      ['fixture-part', false],
    ]);
    expect((await withMaps(stores)).map((one) => one.store.slug)).toEqual(['fixture-net']);
  });

  test('a place of a unit that the atlas lacks is refused by name', async () => {
    const folder = temporaryFolder('data');
    const root = join(folder, await makeStore(folder, { channels: [3], random: 1, subset: 0, size: 16 }));
    const file = join(root, 'map.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"channel-1"', '"channel-99"'));
    const [wrong] = await readAtlases(folder);
    await expect(readMap(wrong ?? fail())).rejects.toThrow(
      `${file}: expected a unit of the atlas for a place on the map, received "expanded-conv-depthwise channel-99"\nMake the map again`,
    );
  });
});

describe('the pictures of a map', () => {
  test('sheets hold every unit in the order of the list', async () => {
    const map = (await readMap(store)) ?? fail();
    const [sheet, ...others] = mapSheets(store, map);
    expect(others).toEqual([]);
    expect(sheet?.tiles.map(({ left, top }) => (top / SHEET.tile) * SHEET.columns + left / SHEET.tile)).toEqual(
      map.placed.map((_, i) => i),
    );
    expect(sheet?.tiles.map(({ round }) => round)).toEqual(map.placed.map(({ unit }) => unit.arm === 'random'));
  });

  test('the whole has every unit in its cell of the map', async () => {
    const map = (await readMap(store)) ?? fail();
    const { tiles, tile, width, height, shown } = wholeMap(store, map);
    expect([width, height, shown]).toEqual([map.columns * tile, map.rows * tile, map.placed.length]);
    expect(tiles.map(({ left, top }) => [left / tile, top / tile])).toEqual(map.placed.map(({ column, row }) => [column, row]));
  });

  test('the whole of a map too large for its tiles joins cells, and says how many units it shows', async () => {
    const map = (await readMap(store)) ?? fail();
    // As if what there is were the upper left of a map of many: its 8 by 3 cells are two by one there.
    const { tiles, tile, width, height, shown } = wholeMap(store, { ...map, columns: 400, rows: 256 });
    expect([width, height]).toEqual([100 * tile, 64 * tile]);
    expect(tile).toBeGreaterThanOrEqual(12);
    expect(shown).toBe(2);
    expect(new Set(tiles.map(({ left, top }) => `${left / tile} ${top / tile}`))).toEqual(new Set(['0 0', '1 0']));
  });

  test('a square tile fills its place, a rounded one leaves its corners clear, and so is what lies between', async () => {
    const source = join(temporaryFolder('picture'), 'red.png');
    await sharp({ create: { width: 20, height: 20, channels: 3, background: '#f00' } })
      .png()
      .toFile(source);
    const bytes = await paintTiles({
      name: 'x.webp',
      width: 48,
      height: 16,
      tile: 16,
      tiles: [
        { source, left: 0, top: 0, round: false },
        { source, left: 32, top: 0, round: true },
      ],
    });
    const { data: pixels, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    const alpha = (x: number, y: number) => pixels[(y * info.width + x) * 4 + 3] ?? -1;
    expect([info.width, info.height]).toEqual([48, 16]);
    expect([alpha(0, 0), alpha(15, 15), alpha(24, 8), alpha(32, 0), alpha(47, 15)].map((value) => value > 127)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect([alpha(40, 8), alpha(32, 8)].map((value) => value > 127)).toEqual([true, true]);
  });
});

describe.for([
  { width: 1600, height: 800, ...GRID },
  { width: 360, height: 640, ...GRID },
] satisfies Plane[])('looking at a map of $width × $height', (plane) => {
  const view: View = { x: 0.3, y: 0.6, zoom: 5 };

  test('places go to the screen and back', () => {
    const point = toMap(toScreen({ x: 0.41, y: 0.55 }, view, plane), view, plane);
    expect(point.x).toBeCloseTo(0.41, 9);
    expect(point.y).toBeCloseTo(0.55, 9);
    expect(toScreen(view, view, plane)).toEqual({ x: plane.width / 2, y: plane.height / 2 });
  });

  test('zooming leaves what is under the pointer there, and stops at the whole', () => {
    const pointer = { x: plane.width * 0.6, y: plane.height * 0.45 };
    const before = toMap(pointer, view, plane);
    const after = toMap(pointer, zoomAt(view, 1.7, pointer, plane), plane);
    expect(after.x).toBeCloseTo(before.x, 9);
    expect(after.y).toBeCloseTo(before.y, 9);
    expect(zoomAt(view, 0.01, pointer, plane).zoom).toBe(1);
  });

  test('panning goes by pixels, and never off the map', () => {
    const moved = pan(view, { x: 30, y: -20 }, plane);
    const there = toScreen(view, moved, plane);
    expect(there.x - plane.width / 2).toBeCloseTo(30, 6);
    expect(there.y - plane.height / 2).toBeCloseTo(-20, 6);
    expect(pan(view, { x: 1e6, y: 1e6 }, plane)).toMatchObject({ x: 0, y: 0 });
    expect(within({ x: Number.NaN, y: 7, zoom: Number.NaN }, plane)).toEqual({ x: 0.5, y: 1, zoom: 1 });
  });

  test('cells are square, the whole fits, and zooming ends where they are large', () => {
    for (const one of [WHOLE, view]) {
      const [side, extent] = [sideOf(one, plane), extentOf(one, plane)];
      expect([extent.x / plane.columns, extent.y / plane.rows]).toEqual([side, side].map((each) => expect.closeTo(each, 9)));
    }
    const whole = extentOf(WHOLE, plane);
    expect(Math.max(whole.x / plane.width, whole.y / plane.height)).toBeCloseTo(1, 9);
    expect(sideOf(within({ ...WHOLE, zoom: 1e9 }, plane), plane)).toBeCloseTo(104, 9);
    expect(extentOf(WHOLE, { ...plane, columns: 4, rows: 4 })).toEqual(plane.width > 416 ? { x: 416, y: 416 } : { x: 360, y: 360 });
  });

  test('one starts with the whole, on a high canvas with as much of it as fills the height', () => {
    const [start, side] = [startOf(plane), sideOf(startOf(plane), plane)];
    expect([start.x, start.y]).toEqual([0.5, 0.5]);
    if (plane.height <= plane.width) expect(start).toEqual(WHOLE);
    else expect(side * plane.rows).toBeCloseTo(plane.height, 9);
  });

  test('cells are joined where they would be too small, and no further', () => {
    for (const zoom of [1, 1.2, 1.6, 2, 3, 4]) {
      const [side, joined] = [sideOf({ ...WHOLE, zoom }, plane), joinedIn({ ...WHOLE, zoom }, plane)];
      expect(side * joined).toBeGreaterThanOrEqual(11);
      expect(joined === 1 || (side * joined) / 2 < 11).toBe(true);
      expect(Number.isInteger(Math.log2(joined))).toBe(true);
    }
    expect(joinedIn(WHOLE, plane)).toBe(plane.width > 1000 ? 1 : 2);
  });

  test('the unit that stands in a coarse cell still stands in a fine one, and every cell with a unit has one', () => {
    const points = byLevel(cellsAtRandom(900));
    for (const joined of [8, 4, 2]) {
      const there = new Set(standing(points, joined / 2, plane).values());
      const coarse = standing(points, joined, plane);
      expect([...coarse.values()].filter((point) => !there.has(point))).toEqual([]);
      expect(coarse.size).toBe(new Set(points.map((point) => cellOf(point, joined, plane))).size);
    }
    expect(standing(points, 1, plane).size).toBe(900);
  });

  test('at the whole every cell is seen, near by only those around the middle', () => {
    expect(seen(WHOLE, plane)).toEqual([
      { column: 0, row: 0 },
      { column: plane.columns - 1, row: plane.rows - 1 },
    ]);
    const [from, to] = seen(view, plane);
    expect(to.column - from.column + 1).toBeLessThanOrEqual(plane.width / sideOf(view, plane) + 2);
    expect(from.row / plane.rows).toBeLessThan(view.y);
    expect((to.row + 1) / plane.rows).toBeGreaterThan(view.y);
  });
});
