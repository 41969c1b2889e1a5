/** The innermost loop of dissection: which pixels of an image each direction is active at, and which concepts are there. */
import type { LayerCounts } from './counts.ts';
import type { Grid } from './grid.ts';
import type { ConceptTable, FlatLabels } from './image-labels.ts';
import { type Intervals, intervals } from './interpolation.ts';

/** What the counting of a layer needs to know of it. */
export interface LayerPlan {
  readonly grid: Grid;
  /** T_v, `[M]`: a pixel is active if the upsampled score is above it. */
  readonly levels: Float64Array;
}

/**
 * Counts a layer's directions over images, one image at a time, without making anything for one. A pixel's score lies between those of the four
 * positions around it, so that only rectangles with a corner above the level are looked into: a few in a hundred, where a pixel in two hundred is
 * active.
 */
export class ActiveCounter {
  readonly #rows: Intervals;
  readonly #columns: Intervals;
  readonly #plan: LayerPlan;
  readonly #size: number;
  readonly #table: ConceptTable;
  readonly #counts: LayerCounts;
  /** Active pixels of every cell, of the image's own labels and of the permuted ones. */
  readonly #own = new Int32Array(256);
  readonly #other = new Int32Array(256);
  /** The map that a rectangle was last listed for, and the list. */
  readonly #listed: Float64Array;
  readonly #list: Int32Array;
  #map = 0;

  constructor(plan: LayerPlan, size: number, table: ConceptTable, counts: LayerCounts) {
    this.#plan = plan;
    this.#size = size;
    this.#table = table;
    this.#counts = counts;
    this.#rows = intervals(plan.grid.rows, size);
    this.#columns = intervals(plan.grid.columns, size);
    this.#listed = new Float64Array(this.#rows.count * this.#columns.count);
    this.#list = new Int32Array(this.#listed.length);
  }

  /** Adds an image: its scores `[M,positions]` from `start` on, its labels and those of another image, and its number's parity. */
  add(scores: Float32Array, start: number, labels: FlatLabels, permuted: FlatLabels, parity: 0 | 1): void {
    const { grid, levels } = this.#plan;
    const area = grid.rows.count * grid.columns.count;
    for (let d = 0; d < levels.length; d++) {
      const from = start + d * (grid.skip + area);
      for (let p = from; p < from + grid.skip; p++) if (scores[p] > levels[d]) this.#counts.above[d]++;
      const listed = this.#listRectangles(scores, from + grid.skip, levels[d], d);
      if (listed === 0) continue;
      const active = this.#countPixels(scores, from + grid.skip, levels[d], listed, labels.cell, permuted.cell);
      if (active === 0) continue;
      this.#distribute(labels, this.#own, parity, d, active);
      this.#distribute(permuted, this.#other, 2 + parity, d, active);
    }
    this.#counts.positions += grid.skip + area;
  }

  /** Lists the rectangles with a corner above the level. */
  #listRectangles(scores: Float32Array, start: number, level: number, d: number): number {
    const width = this.#plan.grid.columns.count;
    const end = start + this.#plan.grid.rows.count * width;
    let count = 0;
    let above = 0;
    this.#map++;
    for (let p = start; p < end; p++) {
      if (scores[p] > level) {
        above++;
        count = this.#listAround(p - start, width, count);
      }
    }
    if (above > 0) this.#counts.above[d] += above;
    return count;
  }

  #listAround(position: number, width: number, count: number): number {
    const rows = this.#rows.count;
    const columns = this.#columns.count;
    const y = Math.floor(position / width);
    const x = position - y * width;
    for (let i = Math.max(0, y - 1); i <= Math.min(rows - 1, y); i++) {
      for (let j = Math.max(0, x - 1); j <= Math.min(columns - 1, x); j++) {
        const rectangle = i * columns + j;
        if (this.#listed[rectangle] === this.#map) continue;
        this.#listed[rectangle] = this.#map;
        this.#list[count++] = rectangle;
      }
    }
    return count;
  }

  /** Counts the active pixels of the listed rectangles by cell, both ways; returns how many there are. */
  #countPixels(scores: Float32Array, start: number, level: number, listed: number, cell: Uint8Array, otherCell: Uint8Array): number {
    const { grid } = this.#plan;
    const own = this.#own;
    const other = this.#other;
    const list = this.#list;
    const size = this.#size;
    const { first: rows, fraction: down } = this.#rows;
    const { first: columns, fraction: across, count: perRow } = this.#columns;
    const width = grid.columns.count;
    const below = grid.rows.count > 1 ? width : 0;
    const right = width > 1 ? 1 : 0;
    let active = 0;
    for (let r = 0; r < listed; r++) {
      const i = Math.floor(list[r] / perRow);
      const j = list[r] - i * perRow;
      const corner = start + i * width + j;
      const topLeft = scores[corner];
      const topRight = scores[corner + right];
      const leftSlope = scores[corner + below] - topLeft;
      const rightSlope = scores[corner + below + right] - topRight;
      for (let y = rows[i]; y < rows[i + 1]; y++) {
        const left = topLeft + down[y] * leftSlope;
        const slope = topRight + down[y] * rightSlope - left;
        for (let x = columns[j]; x < columns[j + 1]; x++) {
          if (left + across[x] * slope > level) {
            own[cell[y * size + x]]++;
            other[otherCell[y * size + x]]++;
            active++;
          }
        }
      }
    }
    return active;
  }

  /** Gives the pixels of each cell to its concepts, and all of them to the categories that the labels carry; leaves the cells empty. */
  #distribute({ starts, concepts, carried }: FlatLabels, cells: Int32Array, fold: number, d: number, active: number): void {
    const { directions, intersection, active: sums } = this.#counts;
    const base = (fold * directions + d) * this.#table.concepts.length;
    for (let j = 0; j < starts.length - 1; j++) {
      const count = cells[j];
      if (count === 0) continue;
      cells[j] = 0;
      for (let k = starts[j]; k < starts[j + 1]; k++) intersection[base + concepts[k]] += count;
    }
    const categories = (fold * directions + d) * this.#table.categories.length;
    for (let k = 0; k < carried.length; k++) sums[categories + carried[k]] += active;
  }
}
