/** The nearest of many rows to each of them, by their product, a block of products at a time. */
import type { Runtime } from '../runtime/runtime.ts';
import { BLOCK, RowProducts } from './row-products.ts';

/** Rows of length one (or of zeros, which are near to nothing), made when they are needed. */
export interface RowGroup {
  readonly count: number;
  /** `[count,dimension]`. */
  rows(): Promise<Float32Array>;
}

/** A row by its number over all groups, in their order. */
export interface Neighbour {
  readonly index: number;
  /** −1 to 1. */
  readonly similarity: number;
}

export interface NearestRequest {
  readonly runtime: Runtime;
  readonly groups: readonly RowGroup[];
  readonly dimension: number;
  /** So many of each. */
  readonly count: number;
  /** Rows of one family are not each other's neighbours; a row is of its own at least. */
  readonly family: readonly (string | number)[];
  readonly signal?: AbortSignal;
  /** Called with the pairs of groups done so far, of {@link groupPairs}. */
  readonly onProgress?: (done: number) => void;
}

/** Pairs of groups, a group with itself too. */
export const groupPairs = (groups: number) => (groups * (groups + 1)) / 2;

/**
 * For each row its nearest, nearest first, of equal ones the first. Memory: the rows of two groups and a block of products, whatever the number of
 * groups; the rows of a group are made once for each group before it, which costs less than the products do.
 */
export async function findNearest({
  runtime,
  groups,
  dimension,
  count,
  family,
  signal,
  onProgress,
}: NearestRequest): Promise<Neighbour[][]> {
  const starts = [0];
  for (const [g, group] of groups.entries()) starts.push(starts[g] + group.count);
  const best = family.map(() => new Best(count));
  const products = await RowProducts.open(runtime, dimension);
  let done = 0;
  try {
    for (const [g, group] of groups.entries()) {
      const own = await group.rows();
      for (let h = g; h < groups.length; h++) {
        signal?.throwIfAborted();
        const other = h === g ? own : await groups[h].rows();
        await eachBlock(products, { own, other, dimension, isSame: h === g }, (r, c, value) => {
          const [i, j] = [starts[g] + r, starts[h] + c];
          if (family[i] === family[j]) return;
          best[i].offer(j, value);
          best[j].offer(i, value);
        });
        onProgress?.(++done);
      }
    }
  } finally {
    await products.dispose();
  }
  return best.map((list) => list.finish());
}

interface Tables {
  readonly own: Float32Array;
  readonly other: Float32Array;
  readonly dimension: number;
  /** Then each pair is told once. */
  readonly isSame: boolean;
}

async function eachBlock(
  products: RowProducts,
  { own, other, dimension, isSame }: Tables,
  tell: (row: number, column: number, value: number) => void,
): Promise<void> {
  const [rows, columns] = [own.length / dimension, other.length / dimension];
  const [hasRow, hasColumn] = [own, other].map((table) => present(table, dimension));
  for (let from = 0; from < rows; from += BLOCK) {
    const until = Math.min(rows, from + BLOCK);
    for (let start = isSame ? from : 0; start < columns; start += BLOCK) {
      const end = Math.min(columns, start + BLOCK);
      await products.multiply(products.rows(own, from, until), products.rows(other, start, end), (product) => {
        for (let r = from; r < until; r++) {
          if (!hasRow[r]) continue;
          for (let c = isSame ? Math.max(start, r + 1) : start; c < end; c++)
            if (hasColumn[c]) tell(r, c, product[(r - from) * BLOCK + c - start]);
        }
      });
    }
  }
}

/** Whether each row is more than zeros. */
function present(table: Float32Array, dimension: number): boolean[] {
  return Array.from({ length: table.length / dimension }, (_, r) =>
    table.subarray(r * dimension, (r + 1) * dimension).some((x) => x !== 0),
  );
}

/** The greatest so far, in order. */
class Best {
  readonly #count: number;
  readonly #indices: number[] = [];
  readonly #values: number[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  offer(index: number, value: number): void {
    const values = this.#values;
    const isFull = values.length === this.#count;
    if (isFull && !this.#isBefore(index, value, values.length - 1)) return;
    let at = values.length;
    while (at > 0 && this.#isBefore(index, value, at - 1)) at--;
    values.splice(at, 0, value);
    this.#indices.splice(at, 0, index);
    if (isFull) {
      values.pop();
      this.#indices.pop();
    }
  }

  #isBefore(index: number, value: number, place: number): boolean {
    const known = this.#values[place];
    return value > known || (value === known && index < this.#indices[place]);
  }

  finish(): Neighbour[] {
    return this.#indices.map((index, k) => ({ index, similarity: Number(Math.min(1, Math.max(-1, this.#values[k])).toFixed(3)) }));
  }
}
