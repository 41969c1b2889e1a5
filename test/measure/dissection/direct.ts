/** Network Dissection the slow way: every map upsampled whole, every pixel compared, every concept counted by itself. */
import type { DissectionCounts } from '../../../generator/measure/dissection/counts.ts';
import type { Axis, Grid } from '../../../generator/measure/dissection/grid.ts';
import type { ImageSet } from '../../../generator/measure/images/image-set.ts';

/** A map `[rows,columns]` at every pixel, in float64: along the rows' axis first, then the columns'. Beyond the outer centres it stays as it is. */
export function upsample(map: ArrayLike<number>, { rows, columns }: Grid, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let y = 0; y < size; y++) {
    const [top, bottom, down] = place(rows, y);
    for (let x = 0; x < size; x++) {
      const [left, right, across] = place(columns, x);
      const at = (i: number, j: number) => map[i * columns.count + j];
      const one = at(top, left) + down * (at(bottom, left) - at(top, left));
      const other = at(top, right) + down * (at(bottom, right) - at(top, right));
      out[y * size + x] = one + across * (other - one);
    }
  }
  return out;
}

function place({ count, start, step }: Axis, pixel: number): [number, number, number] {
  const along = (pixel - start) / step;
  if (count === 1) return [0, 0, 0];
  if (along <= 0) return [0, 1, 0];
  if (along >= count - 1) return [count - 2, count - 1, 1];
  const low = Math.floor(along);
  return [low, low + 1, along - low];
}

export interface DirectRequest {
  readonly images: ImageSet;
  readonly grid: Grid;
  readonly levels: Float64Array;
  /** Scores of image i, `[M,skip + positions]`. */
  scores(image: number): ArrayLike<number>;
  /** Whose masks image i gets when they are permuted. */
  permuted(image: number): number;
}

/** The counts, straight from the definitions. */
export async function countDirectly({
  images,
  grid,
  levels,
  scores,
  permuted,
}: DirectRequest): Promise<Omit<DissectionCounts, 'category'>> {
  const concepts = images.concepts ?? [];
  const categories = [...new Set(concepts.map(({ category }) => category))];
  const [M, K, G] = [levels.length, concepts.length, categories.length];
  const area = grid.rows.count * grid.columns.count;
  const result = {
    concepts,
    categories,
    images: images.n,
    directions: M,
    pixels: new Float64Array(2),
    present: new Float64Array(2 * K),
    carrying: new Float64Array(2 * G),
    intersection: new Float64Array(4 * M * K),
    active: new Float64Array(4 * M * G),
    above: new Float64Array(M),
    positions: images.n * (grid.skip + area),
  };
  const masks = async (image: number) => {
    const labels = await images.labels?.(image);
    return concepts.map((_, k) => Array.from(labels?.cell ?? [], (cell) => labels?.concepts[cell].includes(k) ?? false));
  };
  for (let image = 0; image < images.n; image++) {
    const parity = image % 2;
    const own = await masks(image);
    const carried = (all: boolean[][], category: string) =>
      concepts.some((concept, k) => concept.category === category && all[k].some(Boolean));
    result.pixels[parity] += images.size ** 2;
    for (let k = 0; k < K; k++) result.present[parity * K + k] += own[k].filter(Boolean).length;
    for (let g = 0; g < G; g++) if (carried(own, categories[g])) result.carrying[parity * G + g] += images.size ** 2;
    const values = scores(image);
    for (let d = 0; d < M; d++) {
      const map = Array.from({ length: grid.skip + area }, (_, p) => values[d * (grid.skip + area) + p]);
      result.above[d] += map.filter((value) => value > levels[d]).length;
      const active = Array.from(upsample(map.slice(grid.skip), grid, images.size), (value) => value > levels[d]);
      const total = active.filter(Boolean).length;
      for (const [fold, all] of [
        [parity, own],
        [2 + parity, await masks(permuted(image))],
      ] as const) {
        for (let k = 0; k < K; k++) result.intersection[(fold * M + d) * K + k] += active.filter((on, p) => on && all[k][p]).length;
        for (let g = 0; g < G; g++) if (carried(all, categories[g])) result.active[(fold * M + d) * G + g] += total;
      }
    }
  }
  return result;
}
