/** The map: the order of its units, its pictures, and the geometry of looking at it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { mapSheets, SHEET, wholeMap } from '../../site/images/map-pictures.ts';
import { paintTiles } from '../../site/images/paint-tiles.ts';
import {
  cellOf,
  extentOf,
  gridOf,
  pan,
  type Size,
  seen,
  standing,
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

describe('the units of a map', () => {
  test('come coarse to fine: the first of a cell stands for it, whatever the grid', () => {
    const draw = drawFrom(3);
    const points = Array.from({ length: 500 }, (_, i) => ({ x: draw() ** 3, y: draw(), i }));
    const order = byLevel(points);
    expect(order.map(({ i }) => i).sort((a, b) => a - b)).toEqual(points.map(({ i }) => i));
    for (const level of [1, 2, 4, 6]) {
      const cells = new Set(points.map((point) => cellOf(point, { columns: 2 ** level, rows: 2 ** level })));
      const first = new Set(order.slice(0, cells.size).map((point) => cellOf(point, { columns: 2 ** level, rows: 2 ** level })));
      expect(first, `level ${level}`).toEqual(cells);
    }
  });

  test('are those that have a picture, with what the script needs of each', async () => {
    const map = (await readMap(store)) ?? fail();
    const { layers, units } = mapData(store, map);
    expect(layers.map(({ slug }) => slug)).toEqual(['expanded-conv-depthwise', 'expanded-conv-3-expand']);
    expect(units).toHaveLength(9 + 3 + 4 + 3 - 1);
    const channel = units.find(([, , layer, , id]) => layer === 0 && id === 'channel-2') ?? fail();
    const image = store.layers[0]?.units.find(({ id }) => id === 'channel-2')?.render?.image ?? '';
    expect(channel.slice(3)).toEqual(['b', 'channel-2', `${image.slice(0, 20)}-96.webp`]);
    expect(units.every(([x, y]) => Number.isInteger(x) && x >= 0 && x < 10_000 && y >= 0 && y < 10_000)).toBe(true);
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

  test('the whole has its tiles inside, none over another, and says how many', async () => {
    const map = (await readMap(store)) ?? fail();
    const whole = wholeMap(store, map);
    const places = new Set(whole.tiles.map(({ left, top }) => `${left} ${top}`));
    expect(places.size).toBe(whole.shown);
    expect(whole.shown).toBeGreaterThan(8);
    for (const { left, top } of whole.tiles) expect(Math.max(left, top) + whole.tile).toBeLessThanOrEqual(whole.width);
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
  { width: 1600, height: 800 },
  { width: 360, height: 640 },
] satisfies Size[])('looking at a map of $width × $height', (size) => {
  const view: View = { x: 0.3, y: 0.6, zoom: 5 };

  test('places go to the screen and back', () => {
    const point = toMap(toScreen({ x: 0.41, y: 0.55 }, view, size), view, size);
    expect(point.x).toBeCloseTo(0.41, 9);
    expect(point.y).toBeCloseTo(0.55, 9);
    expect(toScreen(view, view, size)).toEqual({ x: size.width / 2, y: size.height / 2 });
  });

  test('zooming leaves what is under the pointer there, and stops at the whole', () => {
    const pointer = { x: size.width * 0.6, y: size.height * 0.45 };
    const before = toMap(pointer, view, size);
    const after = toMap(pointer, zoomAt(view, 1.7, pointer, size), size);
    expect(after.x).toBeCloseTo(before.x, 9);
    expect(after.y).toBeCloseTo(before.y, 9);
    expect(zoomAt(view, 0.01, pointer, size).zoom).toBe(1);
  });

  test('panning goes by pixels, and never off the map', () => {
    const moved = pan(view, { x: 30, y: -20 }, size);
    const there = toScreen(view, moved, size);
    expect(there.x - size.width / 2).toBeCloseTo(30, 6);
    expect(there.y - size.height / 2).toBeCloseTo(-20, 6);
    expect(pan(view, { x: 1e6, y: 1e6 }, size)).toMatchObject({ x: 0, y: 0 });
    expect(within({ x: Number.NaN, y: 7, zoom: Number.NaN }, size)).toEqual({ x: 0.5, y: 1, zoom: 1 });
  });

  test('cells are near to square, and those of a level lie within those of the level before', () => {
    const grids = [WHOLE, { ...WHOLE, zoom: 6 }, { ...WHOLE, zoom: 40 }].map((one) => ({
      grid: gridOf(one, size),
      extent: extentOf(one, size),
    }));
    for (const { grid, extent } of grids) expect(extent.x / grid.columns / (extent.y / grid.rows)).toBeCloseTo(1, 0);
    for (const [i, { grid }] of grids.entries()) {
      expect(grid.columns % (grids[i - 1]?.grid.columns ?? 1)).toBe(0);
      expect(grid.rows % (grids[i - 1]?.grid.rows ?? 1)).toBe(0);
    }
  });

  test('the unit that stands in a coarse cell still stands in a fine one, and every cell with a unit has one', () => {
    const draw = drawFrom(9);
    const points = byLevel(Array.from({ length: 400 }, () => ({ x: draw(), y: draw() })));
    const [coarse, fine] = [gridOf(WHOLE, size), gridOf({ ...WHOLE, zoom: 30 }, size)];
    const there = new Set(standing(points, fine).values());
    expect([...standing(points, coarse).values()].filter((point) => !there.has(point))).toEqual([]);
    expect(standing(points, coarse).size).toBe(new Set(points.map((point) => cellOf(point, coarse))).size);
  });

  test('at the whole every cell is seen, near by only those around the middle', () => {
    const grid = gridOf(WHOLE, size);
    expect(seen(WHOLE, size, grid)).toEqual({ columns: [0, grid.columns - 1], rows: [0, grid.rows - 1] });
    const fine = gridOf(view, size);
    const { columns, rows } = seen(view, size, fine);
    expect((columns[1] - columns[0] + 1) / fine.columns).toBeLessThan(0.35 * Math.max(1, size.width / size.height / 1.5));
    expect(rows[0] / fine.rows).toBeLessThan(view.y);
    expect((rows[1] + 1) / fine.rows).toBeGreaterThan(view.y);
  });
});
