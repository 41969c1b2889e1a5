/** A direction's counts as a manifest has them: the concepts that decide its scores, and nothing lost that a score needs. */
import { type DissectionCounts, FOLDS, type Fold, type ImageCounts, noLayerCounts } from './counts.ts';
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
