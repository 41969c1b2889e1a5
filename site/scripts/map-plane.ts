/** The geometry of the map: where one looks, and which units stand in the cells of the map's grid there. Pure, so that it is tested without a browser. */

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

/** A canvas with the cells of the map that it shows. */
export interface Plane extends Size {
  readonly columns: number;
  readonly rows: number;
}

/** A place: on the map, 0 to 1; on the canvas, in CSS pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A cell of the map's grid. */
export interface Cell {
  readonly column: number;
  readonly row: number;
}

export const WHOLE: View = { x: 0.5, y: 0.5, zoom: 1 };
/** Side of a cell in CSS pixels: where it would be smaller, cells are joined; where it would be larger, zooming ends. */
const SMALLEST = 11;
const LARGEST = 104;

/** Side of a cell where the whole map is seen, in CSS pixels: cells stay square, so the map may leave margins. */
const sideOfWhole = ({ width, height, columns, rows }: Plane) => Math.min(width / columns, height / rows, LARGEST);

/** Side of a cell of the map in CSS pixels. */
export const sideOf = ({ zoom }: View, plane: Plane) => sideOfWhole(plane) * zoom;

/** CSS pixels that the map takes across and down. */
export function extentOf(view: View, plane: Plane): Point {
  const side = sideOf(view, plane);
  return { x: plane.columns * side, y: plane.rows * side };
}

/** How far one can zoom: until cells are as large as they get. */
export const farthest = (plane: Plane) => LARGEST / Math.max(Number.MIN_VALUE, sideOfWhole(plane));

/** Where one starts: with the whole map; on a canvas higher than wide with its middle, as high as the canvas. */
export function startOf(plane: Plane): View {
  const { width, height, rows } = plane;
  if (height <= width) return WHOLE;
  return within({ ...WHOLE, zoom: height / rows / Math.max(Number.MIN_VALUE, sideOfWhole(plane)) }, plane);
}

/** A view that does not leave the map, at a zoom there is. */
export function within({ x, y, zoom }: View, plane: Plane): View {
  const inside = (at: number) => Math.min(1, Math.max(0, Number.isFinite(at) ? at : 0.5));
  return { x: inside(x), y: inside(y), zoom: Math.min(farthest(plane), Math.max(1, Number.isFinite(zoom) ? zoom : 1)) };
}

/** Where a point of the map lies on the canvas. */
export function toScreen({ x, y }: Point, view: View, plane: Plane): Point {
  const extent = extentOf(view, plane);
  return { x: (x - view.x) * extent.x + plane.width / 2, y: (y - view.y) * extent.y + plane.height / 2 };
}

/** Which point of the map lies at a place of the canvas. */
export function toMap({ x, y }: Point, view: View, plane: Plane): Point {
  const extent = extentOf(view, plane);
  return { x: (x - plane.width / 2) / extent.x + view.x, y: (y - plane.height / 2) / extent.y + view.y };
}

/** Moves the view so that what is seen goes by so many pixels. */
export function pan(view: View, { x, y }: Point, plane: Plane): View {
  const extent = extentOf(view, plane);
  return within({ ...view, x: view.x - x / extent.x, y: view.y - y / extent.y }, plane);
}

/** Zooms by a factor so that what lies at a place of the canvas stays there. */
export function zoomAt(view: View, factor: number, place: Point, plane: Plane): View {
  const { zoom } = within({ ...view, zoom: view.zoom * factor }, plane);
  const fixed = toMap(place, view, plane);
  const extent = extentOf({ ...view, zoom }, plane);
  return within({ x: fixed.x - (place.x - plane.width / 2) / extent.x, y: fixed.y - (place.y - plane.height / 2) / extent.y, zoom }, plane);
}

/** How many cells a side are joined to one for a view: a power of two, 1 where they are large enough. */
export function joinedIn(view: View, plane: Plane): number {
  const side = sideOf(view, plane);
  let joined = 1;
  while (side > 0 && side * joined < SMALLEST) joined *= 2;
  return joined;
}

/** The units that stand in joined cells, by cell: the first in each. */
export function standing<T extends Cell>(units: Iterable<T>, joined: number, plane: Pick<Plane, 'columns'>): Map<number, T> {
  const cells = new Map<number, T>();
  for (const unit of units) {
    const cell = cellOf(unit, joined, plane);
    if (!cells.has(cell)) cells.set(cell, unit);
  }
  return cells;
}

/** The number of the joined cell that a cell of the map lies in, row by row. */
export function cellOf({ column, row }: Cell, joined: number, { columns }: Pick<Plane, 'columns'>): number {
  return Math.floor(row / joined) * Math.ceil(columns / joined) + Math.floor(column / joined);
}

/** The cell of the map at a point of it, the nearest where there is none. */
export function cellAt({ x, y }: Point, { columns, rows }: Pick<Plane, 'columns' | 'rows'>): Cell {
  const clamp = (value: number, cells: number) => Math.min(cells - 1, Math.max(0, Math.floor(value * cells)));
  return { column: clamp(x, columns), row: clamp(y, rows) };
}

/** The cells that are seen: the one at the upper left and the one at the lower right. */
export function seen(view: View, plane: Plane): [Cell, Cell] {
  return [cellAt(toMap({ x: 0, y: 0 }, view, plane), plane), cellAt(toMap({ x: plane.width, y: plane.height }, view, plane), plane)];
}
