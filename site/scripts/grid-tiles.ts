/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The tiles of a layer's grid, as its script sees them, and the tile that an arrow key leads to. */

export interface Tile {
  readonly element: HTMLElement;
  readonly link: HTMLAnchorElement;
  readonly arm: string;
  readonly order: number;
  /** As the page’s options number them; NaN where undefined. */
  readonly values: readonly number[];
  /** The number of its concept in the page's list; −1 for none. */
  readonly concept: number;
  readonly well: boolean;
}

/** Reads a tile of an arm; `css` is the arm's class, which a tile keeps among those of other arms. */
export function readTile(element: HTMLElement, arm: string, css: string): Tile {
  const link = element.querySelector('a');
  if (!link) throw new Error('A tile has no link.');
  element.classList.add(css);
  return {
    element,
    link,
    arm,
    order: Number(element.querySelector('i')?.firstChild?.textContent ?? 0),
    values: (element.dataset.v ?? '').split(',').map((text) => (text === '' ? Number.NaN : Number(text))),
    concept: Number(element.dataset.c ?? -1),
    well: !element.classList.contains('x'),
  };
}

/** Orders by a value from high to low, what has none last and by index; by index alone without one. */
export function byValue(place: number | undefined): (a: Tile, b: Tile) => number {
  const rank = ({ values }: Tile) => {
    const value = place === undefined ? 0 : (values[place] ?? Number.NaN);
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  };
  return (a, b) => (rank(a) === rank(b) ? a.order - b.order : rank(b) - rank(a));
}

/** The tile that a key leads to from the one at `at`: beside it, or the nearest in the row above or below; undefined at an end. */
export function beside<T extends { readonly element: HTMLElement }>(visible: readonly T[], at: number, key: string): T | undefined {
  if (key === 'ArrowRight') return visible[at + 1];
  if (key === 'ArrowLeft') return visible[at - 1];
  if (key === 'Home') return visible[0];
  if (key === 'End') return visible.at(-1);
  const way = key === 'ArrowDown' ? 1 : -1;
  const spot = ({ element: { offsetTop, offsetLeft } }: T) => ({ offsetTop, offsetLeft });
  const own = visible[at];
  if (!own) return undefined;
  const { offsetTop, offsetLeft } = spot(own);
  let row: number | undefined;
  let best: T | undefined;
  let least = Number.POSITIVE_INFINITY;
  // Tiles of a row follow each other, so the search ends after the next row.
  for (let i = at + way; i >= 0 && i < visible.length; i += way) {
    const tile = visible[i];
    if (!tile) break;
    const { offsetTop: top, offsetLeft: left } = spot(tile);
    if (Math.abs(top - offsetTop) <= 4) continue;
    row ??= top;
    if (Math.abs(top - row) > 4) break;
    if (Math.abs(left - offsetLeft) < least) [best, least] = [tile, Math.abs(left - offsetLeft)];
  }
  return best;
}
