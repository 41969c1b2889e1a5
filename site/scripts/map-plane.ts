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

/** A unit's place, 0 to 1. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export const WHOLE: View = { x: 0.5, y: 0.5, zoom: 1 };
const DEEPEST = 12;
/** Side of a tile in CSS pixels that the whole map aims at; it grows as the root of the zoom, to the largest. */
const SMALLEST = 15;
const LARGEST = 104;

/** CSS pixels that the map's side takes. */
export const sideOf = ({ zoom }: View, { width, height }: Size) => Math.min(width, height) * zoom;

/** How far one can zoom: until the finest grid has tiles of the largest size. */
export const farthest = (size: Size) => Math.max(1, (LARGEST * 2 ** (DEEPEST - 1)) / Math.min(size.width, size.height) / 8);

/** A view that does not leave the map, at a zoom there is. */
export function within({ x, y, zoom }: View, size: Size): View {
  const inside = (at: number) => Math.min(1, Math.max(0, Number.isFinite(at) ? at : 0.5));
  return { x: inside(x), y: inside(y), zoom: Math.min(farthest(size), Math.max(1, Number.isFinite(zoom) ? zoom : 1)) };
}

/** Where a point of the map lies on the canvas. */
export function toScreen({ x, y }: Point, view: View, size: Size): Point {
  const side = sideOf(view, size);
  return { x: (x - view.x) * side + size.width / 2, y: (y - view.y) * side + size.height / 2 };
}

/** Which point of the map lies at a place of the canvas. */
export function toMap({ x, y }: Point, view: View, size: Size): Point {
  const side = sideOf(view, size);
  return { x: (x - size.width / 2) / side + view.x, y: (y - size.height / 2) / side + view.y };
}

/** Zooms by a factor so that what lies at a place of the canvas stays there. */
export function zoomAt(view: View, factor: number, place: Point, size: Size): View {
  const { zoom } = within({ ...view, zoom: view.zoom * factor }, size);
  const fixed = toMap(place, view, size);
  const side = sideOf({ ...view, zoom }, size);
  return within({ x: fixed.x - (place.x - size.width / 2) / side, y: fixed.y - (place.y - size.height / 2) / side, zoom }, size);
}

/** The level of the grid for a view, 2^level cells a side: tiles grow as one zooms in, slower than the map does. */
export function levelOf(view: View, size: Size): number {
  const aim = Math.min(LARGEST, SMALLEST * Math.sqrt(view.zoom));
  return Math.max(1, Math.min(DEEPEST, Math.round(Math.log2(sideOf(view, size) / aim))));
}

/** The units that stand in the cells of a level, by cell: the first in each. */
export function standing<T extends Point>(points: Iterable<T>, level: number): Map<number, T> {
  const cells = new Map<number, T>();
  for (const point of points) {
    const cell = cellOf(point, level);
    if (!cells.has(cell)) cells.set(cell, point);
  }
  return cells;
}

/** The number of the cell that a point lies in. */
export function cellOf({ x, y }: Point, level: number): number {
  const side = 2 ** level;
  const at = (value: number) => Math.min(side - 1, Math.max(0, Math.floor(value * side)));
  return at(y) * side + at(x);
}

/** The cells that are seen, as ranges of columns and rows, the last included. */
export function seen(view: View, size: Size, level: number): { columns: [number, number]; rows: [number, number] } {
  const side = 2 ** level;
  const from = toMap({ x: 0, y: 0 }, view, size);
  const to = toMap({ x: size.width, y: size.height }, view, size);
  const at = (value: number) => Math.min(side - 1, Math.max(0, Math.floor(value * side)));
  return { columns: [at(from.x), at(to.x)], rows: [at(from.y), at(to.y)] };
}
