/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What the map shows: its units, the view of them, which are asked for, and the canvas they are painted on. */
import { type Drawn, makeBrush } from './map-draw.ts';
import {
  cellOf,
  extentOf,
  type Grid,
  gridOf,
  type Point,
  type Size,
  seen,
  standing,
  toMap,
  toScreen,
  type View,
  WHOLE,
  within,
} from './map-plane.ts';

/** A unit on the map. */
export interface Spot extends Drawn, Point {
  readonly id: string;
  readonly layer: { readonly slug: string; readonly title: string };
}

/** A unit where it is painted, in CSS pixels. */
interface Placed {
  readonly spot: Spot;
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

export class Scene {
  view: View = WHOLE;
  /** Those that are asked for. */
  shown: readonly Spot[];
  readonly all: readonly Spot[];
  readonly #canvas: HTMLCanvasElement;
  readonly #brush: ReturnType<typeof makeBrush>;
  /** The units that stand in the cells of a grid; made when it is first seen. */
  #grids = new Map<string, Map<number, Spot>>();
  #frame = 0;
  readonly #painted: (inView: readonly Spot[]) => void;

  /** `painted` is told what is in view, the nearest to the middle first, whenever that was painted. */
  constructor(canvas: HTMLCanvasElement, spots: readonly Spot[], painted: (inView: readonly Spot[]) => void) {
    this.#canvas = canvas;
    this.all = spots;
    this.shown = spots;
    this.#painted = painted;
    this.#brush = makeBrush(canvas, () => this.again());
  }

  size(): Size {
    return { width: this.#canvas.clientWidth, height: this.#canvas.clientHeight };
  }

  /** Paints with the next frame. */
  again(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#paint());
  }

  go(view: View): void {
    this.view = within(view, this.size());
    this.again();
  }

  /** Shows the units that fit. */
  filter(fits: (spot: Spot) => boolean): void {
    this.shown = this.all.filter(fits);
    this.#grids = new Map();
    this.again();
  }

  /** The unit at a place of the canvas; the one nearest to its middle without a place. */
  at(place?: Point): Spot | undefined {
    if (!place) return this.#inView()[0]?.spot;
    const point = toMap(place, this.view, this.size());
    const grid = gridOf(this.view, this.size());
    const outside = point.x < 0 || point.x >= 1 || point.y < 0 || point.y >= 1;
    return outside ? undefined : this.#cells(grid).get(cellOf(point, grid));
  }

  #cells(grid: Grid): Map<number, Spot> {
    const key = `${grid.columns} ${grid.rows}`;
    const known = this.#grids.get(key) ?? standing(this.shown, grid);
    this.#grids.set(key, known);
    return known;
  }

  #inView(): Placed[] {
    const [view, box] = [this.view, this.size()];
    const grid = gridOf(view, box);
    const cells = this.#cells(grid);
    const { columns, rows } = seen(view, box, grid);
    const extent = extentOf(view, box);
    const [width, height] = [extent.x / grid.columns, extent.y / grid.rows];
    const side = Math.min(width, height);
    const found = [];
    for (let row = rows[0]; row <= rows[1]; row++) {
      for (let column = columns[0]; column <= columns[1]; column++) {
        const spot = cells.get(row * grid.columns + column);
        if (!spot) continue;
        const { x, y } = toScreen({ x: (column + 0.5) / grid.columns, y: (row + 0.5) / grid.rows }, view, box);
        found.push({ spot, left: x - side / 2, top: y - side / 2, side, off: Math.hypot(x - box.width / 2, y - box.height / 2) });
      }
    }
    return found.sort((a, b) => a.off - b.off);
  }

  #paint(): void {
    this.#frame = 0;
    this.#brush.begin(this.size());
    const places = this.#inView();
    const focused = document.activeElement === this.#canvas;
    // The one in the middle last, so that its frame lies over its neighbours.
    for (const [i, { spot, ...place }] of [...places.entries()].reverse())
      this.#brush.draw({ unit: spot, ...place, chosen: focused && i === 0 });
    this.#painted(places.map(({ spot }) => spot));
  }
}
