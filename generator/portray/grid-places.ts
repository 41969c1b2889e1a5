/** From points that hide each other to places of a grid that do not, near to near. */

/** A grid about half as wide again as high, as screens are. */
export interface GridPlaces {
  readonly columns: number;
  readonly rows: number;
  /** The cell of each point, row by row; no two have one. */
  readonly cells: Uint32Array;
}

/** Columns to a row. */
const ASPECT = 1.5;
/** Columns come in so many, so that a small picture of the map can join them two by two, twice over; rows do not, as empty cells would show as holes. */
const MULTIPLE = 4;

interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Gives points `[n,2]` cells of the smallest grid of {@link MULTIPLE} times so many columns: the rectangle is halved across its longer side, and the
 * points with it in their order along that side, in proportion to the cells, until one cell is left. O(n log² n), and deterministic: of equal points
 * the first comes first.
 */
export function placeOnGrid(points: Float64Array): GridPlaces {
  const n = points.length / 2;
  const columns = MULTIPLE * Math.max(1, Math.ceil(Math.sqrt(ASPECT * n) / MULTIPLE));
  const rows = Math.max(1, Math.ceil(n / columns));
  const cells = new Uint32Array(n);
  const split = (members: readonly number[], { left, top, width, height }: Rectangle): void => {
    if (members.length === 0) return;
    if (width * height === 1) {
      cells[members[0]] = top * columns + left;
      return;
    }
    const isWide = width >= height;
    const axis = isWide ? 0 : 1;
    const sorted = members.toSorted((a, b) => points[2 * a + axis] - points[2 * b + axis] || a - b);
    const half = (isWide ? width : height) >> 1;
    const first = isWide ? { left, top, width: half, height } : { left, top, width, height: half };
    const second = isWide
      ? { left: left + half, top, width: width - half, height }
      : { left, top: top + half, width, height: height - half };
    // In proportion, neither part gets more than it has cells for.
    const share = Math.round((members.length * first.width * first.height) / (width * height));
    split(sorted.slice(0, share), first);
    split(sorted.slice(share), second);
  };
  split([...cells.keys()], { left: 0, top: 0, width: columns, height: rows });
  return { columns, rows, cells };
}
