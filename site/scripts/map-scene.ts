/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What the map shows: its units, the view of them, which are asked for, and the canvas they are painted on. */
import { type Drawn, makeBrush } from './map-draw.ts';
import {
  type Cell,
  cellAt,
  cellOf,
  joinedIn,
  type Plane,
  type Point,
  seen,
  sideOf,
  standing,
  toMap,
  toScreen,
  type View,
  WHOLE,
  within,
} from './map-plane.ts';

/** A unit on the map. */
export interface Spot extends Drawn, Cell {
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
  readonly #grid: Pick<Plane, 'columns' | 'rows'>;
  readonly #brush: ReturnType<typeof makeBrush>;
  /** The units that stand where so many cells a side are joined; found when they are first seen. */
  #standing = new Map<number, Map<number, Spot>>();
  #frame = 0;
  readonly #painted: (inView: readonly Spot[]) => void;

  /** `painted` is told what is in view, the nearest to the middle first, whenever that was painted. */
  constructor(
    canvas: HTMLCanvasElement,
    { spots, ...grid }: { readonly spots: readonly Spot[]; readonly columns: number; readonly rows: number },
    painted: (inView: readonly Spot[]) => void,
  ) {
    this.#canvas = canvas;
    this.#grid = grid;
    this.all = spots;
    this.shown = spots;
    this.#painted = painted;
    this.#brush = makeBrush(canvas, () => this.again());
  }

  plane(): Plane {
    return { width: this.#canvas.clientWidth, height: this.#canvas.clientHeight, ...this.#grid };
  }

  /** Paints with the next frame. */
  again(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#paint());
  }

  go(view: View): void {
    this.view = within(view, this.plane());
    this.again();
  }

  /** Shows the units that fit. */
  filter(fits: (spot: Spot) => boolean): void {
    this.shown = this.all.filter(fits);
    this.#standing = new Map();
    this.again();
  }

  /** The unit at a place of the canvas; the one nearest to its middle without a place. */
  at(place?: Point): Spot | undefined {
    if (!place) return this.#inView()[0]?.spot;
    const plane = this.plane();
    const point = toMap(place, this.view, plane);
    const outside = point.x < 0 || point.x >= 1 || point.y < 0 || point.y >= 1;
    const joined = joinedIn(this.view, plane);
    return outside ? undefined : this.#cells(joined).get(cellOf(cellAt(point, plane), joined, plane));
  }

  #cells(joined: number): Map<number, Spot> {
    const known = this.#standing.get(joined) ?? standing(this.shown, joined, this.#grid);
    this.#standing.set(joined, known);
    return known;
  }

  #inView(): Placed[] {
    const [view, plane] = [this.view, this.plane()];
    const joined = joinedIn(view, plane);
    const cells = this.#cells(joined);
    const [from, to] = seen(view, plane);
    const side = sideOf(view, plane) * joined;
    const first = (at: number) => at - (at % joined);
    const found = [];
    for (let row = first(from.row); row <= to.row; row += joined) {
      for (let column = first(from.column); column <= to.column; column += joined) {
        const spot = cells.get(cellOf({ column, row }, joined, plane));
        if (!spot) continue;
        const { x: left, y: top } = toScreen({ x: column / plane.columns, y: row / plane.rows }, view, plane);
        const off = Math.hypot(left + side / 2 - plane.width / 2, top + side / 2 - plane.height / 2);
        found.push({ spot, left, top, side, off });
      }
    }
    return found.sort((a, b) => a.off - b.off);
  }

  #paint(): void {
    this.#frame = 0;
    this.#brush.begin(this.plane());
    const places = this.#inView();
    const focused = document.activeElement === this.#canvas;
    // The one in the middle last, so that its frame lies over its neighbours.
    for (const [i, { spot, ...place }] of [...places.entries()].reverse())
      this.#brush.draw({ unit: spot, ...place, chosen: focused && i === 0 });
    this.#painted(places.map(({ spot }) => spot));
  }
}
