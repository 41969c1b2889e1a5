/** The geometry of the map: where one looks, and which units stand in the cells of the grid there. Pure, so that it is tested without a browser. */

/** The middle of what is seen, x and y in [0,1], and how many times larger than the whole it is. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** Of the canvas, in CSS pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A place: of a unit, 0 to 1; on the canvas, in CSS pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The cells of a level: about as wide as high, twice as many a side on the next level. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
}

export const WHOLE: View = { x: 0.5, y: 0.5, zoom: 1 };
const SHALLOWEST = 2;
const DEEPEST = 12;
/** Side of a tile in CSS pixels that the whole map aims at, and how it grows with the zoom, to the largest. */
const SMALLEST = 15;
const GROWTH = 0.75;
const LARGEST = 104;
/** Neither axis means anything, so the map is stretched to the canvas, at most so far. */
const STRETCH = 1.9;

/** CSS pixels that the map takes across and down. */
export function extentOf({ zoom }: View, { width, height }: Size): Point {
  return { x: Math.min(width, STRETCH * height) * zoom, y: Math.min(height, STRETCH * width) * zoom };
}

/** How far one can zoom: until a grid of 2,048 cells a side has tiles of the largest size, or 64 times where that is less. */
export const farthest = ({ width, height }: Size) => Math.max(1, Math.min(64, (LARGEST * 2048) / Math.min(width, height)));

/** A view that does not leave the map, at a zoom there is. */
export function within({ x, y, zoom }: View, size: Size): View {
  const inside = (at: number) => Math.min(1, Math.max(0, Number.isFinite(at) ? at : 0.5));
  return { x: inside(x), y: inside(y), zoom: Math.min(farthest(size), Math.max(1, Number.isFinite(zoom) ? zoom : 1)) };
}

/** Where a point of the map lies on the canvas. */
export function toScreen({ x, y }: Point, view: View, size: Size): Point {
  const extent = extentOf(view, size);
  return { x: (x - view.x) * extent.x + size.width / 2, y: (y - view.y) * extent.y + size.height / 2 };
}

/** Which point of the map lies at a place of the canvas. */
export function toMap({ x, y }: Point, view: View, size: Size): Point {
  const extent = extentOf(view, size);
  return { x: (x - size.width / 2) / extent.x + view.x, y: (y - size.height / 2) / extent.y + view.y };
}

/** Moves the view so that what is seen goes by so many pixels. */
export function pan(view: View, { x, y }: Point, size: Size): View {
  const extent = extentOf(view, size);
  return within({ ...view, x: view.x - x / extent.x, y: view.y - y / extent.y }, size);
}

/** Zooms by a factor so that what lies at a place of the canvas stays there. */
export function zoomAt(view: View, factor: number, place: Point, size: Size): View {
  const { zoom } = within({ ...view, zoom: view.zoom * factor }, size);
  const fixed = toMap(place, view, size);
  const extent = extentOf({ ...view, zoom }, size);
  return within({ x: fixed.x - (place.x - size.width / 2) / extent.x, y: fixed.y - (place.y - size.height / 2) / extent.y, zoom }, size);
}

/** The grid for a view: its tiles grow as one zooms in, slower than the map does. */
export function gridOf(view: View, size: Size): Grid {
  const extent = extentOf(view, size);
  const aim = Math.min(LARGEST, SMALLEST * view.zoom ** GROWTH);
  const level = Math.max(SHALLOWEST, Math.min(DEEPEST, Math.round(Math.log2(Math.min(extent.x, extent.y) / aim))));
  // Quarters of the shorter side, so that cells of one level lie within cells of the level before.
  const cells = (long: number, short: number) => Math.round((4 * long) / short) * 2 ** (level - 2);
  return extent.x > extent.y
    ? { columns: cells(extent.x, extent.y), rows: 2 ** level }
    : { columns: 2 ** level, rows: cells(extent.y, extent.x) };
}

/** The units that stand in the cells of a grid, by cell: the first in each. */
export function standing<T extends Point>(points: Iterable<T>, grid: Grid): Map<number, T> {
  const cells = new Map<number, T>();
  for (const point of points) {
    const cell = cellOf(point, grid);
    if (!cells.has(cell)) cells.set(cell, point);
  }
  return cells;
}

const clamp = (value: number, cells: number) => Math.min(cells - 1, Math.max(0, Math.floor(value * cells)));

/** The number of the cell that a point lies in, row by row. */
export function cellOf({ x, y }: Point, { columns, rows }: Grid): number {
  return clamp(y, rows) * columns + clamp(x, columns);
}

/** The cells that are seen, as ranges of columns and rows, the last included. */
export function seen(view: View, size: Size, { columns, rows }: Grid): { columns: [number, number]; rows: [number, number] } {
  const from = toMap({ x: 0, y: 0 }, view, size);
  const to = toMap({ x: size.width, y: size.height }, view, size);
  return { columns: [clamp(from.x, columns), clamp(to.x, columns)], rows: [clamp(from.y, rows), clamp(to.y, rows)] };
}
