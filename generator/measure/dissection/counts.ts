/** What dissection counts: pixels, and nothing but sums of them, so that parts can be added in any order and every figure follows. */
import type { ConceptTable } from './image-labels.ts';

/**
 * The halves of the images, by the parity of their number, each with its own masks and with those of another image of the half. A direction's
 * concept is chosen on `even` and scored on `odd`; so for the permuted ones, which say what is found where there is nothing to find.
 */
export const FOLDS = ['even', 'odd', 'permuted-even', 'permuted-odd'] as const;
export type Fold = (typeof FOLDS)[number];

/** Pixels of the images alone, whatever the layer. Permuted masks are the same masks, so that a half has one count of each. */
export interface ImageCounts extends ConceptTable {
  /** Images seen. */
  images: number;
  /** Pixels of each half, `[2]`. */
  readonly pixels: Float64Array;
  /** |concept|, `[2,K]`. */
  readonly present: Float64Array;
  /** Pixels of the images that carry each category, `[2,categories]`. */
  readonly carrying: Float64Array;
}

/** Pixels of a layer's directions. */
export interface LayerCounts {
  /** How many, M. */
  readonly directions: number;
  /** |active ∧ concept|, `[4,M,K]` by {@link FOLDS}. */
  readonly intersection: Float64Array;
  /** |active| over the images that carry each category, `[4,M,categories]`. */
  readonly active: Float64Array;
  /** Positions whose score is above the direction's level, of the {@link positions}; `[M]`. Their share is .005 but for the level's error. */
  readonly above: Float64Array;
  /** Positions of the layer over all images. */
  positions: number;
}

/** Counts of a layer, and of the images. */
export interface DissectionCounts extends ImageCounts, LayerCounts {}

export function noImageCounts(table: ConceptTable): ImageCounts {
  return {
    ...table,
    images: 0,
    pixels: new Float64Array(2),
    present: new Float64Array(2 * table.concepts.length),
    carrying: new Float64Array(2 * table.categories.length),
  };
}

export function noLayerCounts(directions: number, concepts: number, categories: number): LayerCounts {
  return {
    directions,
    intersection: new Float64Array(FOLDS.length * directions * concepts),
    active: new Float64Array(FOLDS.length * directions * categories),
    above: new Float64Array(directions),
    positions: 0,
  };
}

/** Adds one layer's counts to another's. */
export function addLayerCounts(sum: LayerCounts, part: LayerCounts): void {
  for (const key of ['intersection', 'active', 'above'] as const) for (let i = 0; i < sum[key].length; i++) sum[key][i] += part[key][i];
  sum.positions += part.positions;
}
