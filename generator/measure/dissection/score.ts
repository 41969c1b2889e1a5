/** M3, Network Dissection: from counts to what each direction detects. Pure functions of the counts. */
import { ACTIVE_SHARE } from '../passes/quantiles.ts';
import { type DissectionCounts, FOLDS, type Fold } from './counts.ts';

/** A direction is a detector if its IoU is above this (Bau et al. 2017, §2.2, and `plot/extract_csv.m` of their code: `> 0.04`). */
export const DETECTOR_IOU = 0.04;

/** The share of directions that may be detectors of masks that are not theirs, for the threshold that is calibrated. */
export const FALSE_DETECTORS = 0.01;

export interface DirectionScore {
  /** Number of the concept with the largest IoU on the even images, the first of equals; −1 where it meets none. */
  readonly concept: number;
  /** That IoU, the largest of many, and so too large by chance alone. */
  readonly chosen: number;
  /** The concept's IoU on the odd images: the score. */
  readonly iou: number;
  /** `iou` over {@link largestIou}. */
  readonly relative: number;
}

export interface DissectionScores {
  readonly directions: readonly DirectionScore[];
  /** The same with permuted masks: scores where there is nothing to find. */
  readonly permuted: readonly DirectionScore[];
  /** The least IoU that at most {@link FALSE_DETECTORS} of all directions exceed with permuted masks, whatever their arm. */
  readonly tau: number;
}

/** Scores every direction of a layer. One τ serves all arms, so that it favours none. */
export function scoreDissection(counts: DissectionCounts): DissectionScores {
  const all = Array.from({ length: counts.directions }, (_, d) => d);
  const directions = all.map((d) => scoreDirection(counts, d, 'even', 'odd'));
  const permuted = all.map((d) => scoreDirection(counts, d, 'permuted-even', 'permuted-odd'));
  return { directions, permuted, tau: calibrate(permuted.map(({ iou }) => iou)) };
}

function scoreDirection(counts: DissectionCounts, d: number, choose: Fold, judge: Fold): DirectionScore {
  let concept = -1;
  let chosen = 0;
  for (let k = 0; k < counts.concepts.length; k++) {
    const value = iou(counts, choose, d, k);
    if (value > chosen) [concept, chosen] = [k, value];
  }
  if (concept < 0) return { concept, chosen, iou: 0, relative: 0 };
  const score = iou(counts, judge, d, concept);
  const most = largestIou(counts, judge, concept);
  return { concept, chosen, iou: score, relative: most > 0 ? score / most : 0 };
}

/**
 * |active ∧ concept| / |active ∨ concept| over the images of a fold that carry the concept's category (Bau et al. 2017, equation 1; `src/makeresult.py`:
 * a pixel active in an image without the category is no mistake); 0 where both are empty.
 */
export function iou(counts: DissectionCounts, fold: Fold, direction: number, concept: number): number {
  const { directions, concepts, categories, category, intersection, active, present } = counts;
  const row = FOLDS.indexOf(fold) * directions + direction;
  const both = intersection[row * concepts.length + concept];
  if (both === 0) return 0;
  return both / (active[row * categories.length + category[concept]] + present[halfOf(fold) * concepts.length + concept] - both);
}

/**
 * The largest IoU that a direction active at `share` of all N pixels of a fold can reach for a concept of P pixels. With A = share·N active pixels:
 * where A ≤ P, all of them on the concept, A/P; where A > P, P of them cover it, and as many of the rest as there is room for lie in images that do not
 * carry the category, where they count as nothing, so that P/(P + max(0, A − P − (N − N_category))). It takes the active share of the upsampled maps
 * for that of the positions; peaks are a little narrower upsampled, plateaus wider, and a direction active at more than its share may exceed it.
 */
export function largestIou(counts: DissectionCounts, fold: Fold, concept: number, share: number = ACTIVE_SHARE): number {
  const half = halfOf(fold);
  const present = counts.present[half * counts.concepts.length + concept];
  const pixels = counts.pixels[half];
  const active = share * pixels;
  if (present === 0) return 0;
  if (active <= present) return active / present;
  const elsewhere = pixels - counts.carrying[half * counts.categories.length + counts.category[concept]];
  return present / (present + Math.max(0, active - present - elsewhere));
}

function halfOf(fold: Fold): 0 | 1 {
  return fold === 'even' || fold === 'permuted-even' ? 0 : 1;
}

/** The least threshold that at most `rate` of the scores exceed; 0 for no scores. */
export function calibrate(scores: readonly number[], rate: number = FALSE_DETECTORS): number {
  const descending = [...scores].sort((a, b) => b - a);
  return descending[Math.floor(rate * descending.length)] ?? 0;
}

export interface DetectorCounts {
  readonly units: number;
  /** Units with an IoU above the threshold. */
  readonly detectors: number;
  /**
   * Network Dissection's "unique detectors": the different concepts among the detectors, each unit having the one it scores highest on (Bau et al. 2017,
   * §2.2; `src/report.py`: the set of labels of the records above the threshold).
   */
  readonly concepts: number;
  /** Detectors that are unique in the word's plain sense: no other detector among these units has their concept. Never more than `concepts`. */
  readonly alone: number;
}

/** Counts the detectors among some units: those of an arm, of a frame, of an α. More units find more concepts: compare equal numbers. */
export function countDetectors(units: readonly DirectionScore[], threshold: number): DetectorCounts {
  const holders = new Map<number, number>();
  for (const { concept, iou: score } of units) if (score > threshold) holders.set(concept, (holders.get(concept) ?? 0) + 1);
  const numbers = [...holders.values()];
  return {
    units: units.length,
    detectors: numbers.reduce((sum, count) => sum + count, 0),
    concepts: numbers.length,
    alone: numbers.filter((count) => count === 1).length,
  };
}
