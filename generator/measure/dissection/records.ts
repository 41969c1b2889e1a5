/** A direction's counts as a manifest has them: the concepts that decide its scores, and nothing lost that a score needs. */
import { type DissectionCounts, FOLDS, type Fold, type ImageCounts, noImageCounts, noLayerCounts } from './counts.ts';
import { conceptTable } from './image-labels.ts';
import { iou } from './score.ts';

/** Pixels of one concept on one fold. IoU = intersection/(active + present − intersection). */
export interface DissectionRecord {
  /** Its id: `grating-45-8`. */
  readonly concept: string;
  readonly fold: Fold;
  readonly intersection: number;
  /** Active pixels of the images that carry the concept's category. */
  readonly active: number;
  /** The concept's pixels. */
  readonly present: number;
}

/** How many concepts are kept, by their IoU on the even images: the best decides, the next show how narrowly. */
const KEPT = { even: 3, 'permuted-even': 1 } as const;

/** The records of a direction: for each of its best concepts the half it was chosen on and the half it is scored on. */
export function recordDirection(counts: DissectionCounts, direction: number): DissectionRecord[] {
  return (['even', 'permuted-even'] as const).flatMap((choose) => {
    const judge = choose === 'even' ? 'odd' : 'permuted-odd';
    const ranked = counts.concepts
      .map((_, concept) => ({ concept, value: iou(counts, choose, direction, concept) }))
      .filter(({ value }) => value > 0)
      .sort((a, b) => b.value - a.value || a.concept - b.concept);
    return ranked
      .slice(0, KEPT[choose])
      .flatMap(({ concept }) => [record(counts, choose, direction, concept), record(counts, judge, direction, concept)]);
  });
}

function record(counts: DissectionCounts, fold: Fold, direction: number, concept: number): DissectionRecord {
  const row = FOLDS.indexOf(fold) * counts.directions + direction;
  return {
    concept: counts.concepts[concept].id,
    fold,
    intersection: counts.intersection[row * counts.concepts.length + concept],
    active: counts.active[row * counts.categories.length + counts.category[concept]],
    present: counts.present[(FOLDS.indexOf(fold) % 2) * counts.concepts.length + concept],
  };
}

/** Pixels on the even images and on the odd ones. */
type Halves = readonly [number, number];

/** The images' own counts, once for all layers. */
export interface ImagesRecord {
  readonly images: number;
  readonly pixels: Halves;
  readonly concepts: readonly { readonly concept: string; readonly category: string; readonly present: Halves }[];
  /** Pixels of the images that carry a category. */
  readonly categories: readonly { readonly category: string; readonly carrying: Halves }[];
}

/** The images' counts for the manifest. */
export function recordImages({ images, pixels, concepts, categories, present, carrying }: ImageCounts): ImagesRecord {
  const halves = (values: Float64Array, i = 0): Halves => [values[i], values[values.length / 2 + i]];
  return {
    images,
    pixels: halves(pixels),
    concepts: concepts.map(({ id, category }, k) => ({ concept: id, category, present: halves(present, k) })),
    categories: categories.map((category, g) => ({ category, carrying: halves(carrying, g) })),
  };
}

/** The images' counts from the manifest. */
export function imagesOfRecord({ images, pixels, concepts, categories }: ImagesRecord): ImageCounts {
  const counts = noImageCounts(conceptTable(concepts.map(({ concept, category }) => ({ id: concept, category }))));
  const write = (target: Float64Array, values: readonly Halves[]) => {
    for (const half of [0, 1]) for (const [i, value] of values.entries()) target[half * values.length + i] = value[half];
  };
  write(counts.pixels, [pixels]);
  write(
    counts.present,
    concepts.map(({ present }) => present),
  );
  // By name, since the order of a manifest's categories is nobody's promise.
  const known = new Map(categories.map(({ category, carrying }) => [category, carrying]));
  write(
    counts.carrying,
    counts.categories.map((category) => known.get(category) ?? [0, 0]),
  );
  return { ...counts, images };
}

/**
 * Counts from the records of every direction and the images' own: what was not kept is zero, and every score, τ and number of detectors comes out as
 * from the whole. What is known of the positions above the levels is not in the records.
 */
export function countsOfRecords(images: ImageCounts, directions: readonly (readonly DissectionRecord[])[]): DissectionCounts {
  const layer = noLayerCounts(directions.length, images.concepts.length, images.categories.length);
  const numbers = new Map(images.concepts.map(({ id }, k) => [id, k]));
  for (const [d, records] of directions.entries()) {
    for (const { concept, fold, intersection, active } of records) {
      const k = numbers.get(concept);
      if (k === undefined) continue;
      const row = FOLDS.indexOf(fold) * directions.length + d;
      layer.intersection[row * images.concepts.length + k] = intersection;
      layer.active[row * images.categories.length + images.category[k]] = active;
    }
  }
  return { ...images, ...layer };
}
