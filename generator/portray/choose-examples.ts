/** Which images a unit's page shows, and how far each drives the unit. */
import type { ComparedDirection } from '../../data/schema.ts';
import { chooseBands } from '../measure/bands.ts';
import { imageScores } from '../measure/image-scores.ts';
import { CONSTANT_RANGE, dot } from '../measure/pooled-rows.ts';

/** Images that drive a unit most, and middling ones, on its page. */
export const TOP = 8;
export const MIDDLE = 4;

/** An image by its number in the set. */
export interface Shown {
  readonly number: number;
  /** (s̄ − μ) / σ. */
  readonly score: number;
}

/** A unit's images. */
export interface ShownImages {
  readonly top: readonly Shown[];
  readonly middle: readonly Shown[];
}

/** Of a unit without a direction, and of one whose score is the same for every image: its ranks would mean nothing. */
export const NOTHING_SHOWN: ShownImages = { top: [], middle: [] };

/**
 * The first of the top and, evenly over the middle that the comparison judged by, some of those, by falling score. `compared` is what the comparison
 * says of the direction; where it has none (a chosen unit), bands are drawn as it draws them. `means` is Ā `[n,C]`, `order` of drawOrder.
 */
export function chooseExamples(
  vector: Float32Array,
  means: Float32Array,
  order: () => Uint32Array,
  compared?: Pick<ComparedDirection, 'top' | 'middle' | 'mu' | 'sigma' | 'constant'>,
): ShownImages {
  const known = compared?.top && compared.middle ? { ...compared, top: compared.top, middle: compared.middle } : undefined;
  const { top, middle, mu, sigma, constant } = known ?? drawBands(vector, means, order());
  if (constant || !(sigma > 0)) return NOTHING_SHOWN;
  const show = (number: number): Shown => ({
    number,
    score: Number(((dot(vector, means, number * vector.length) - mu) / sigma).toFixed(3)),
  });
  return { top: Array.from(top.slice(0, TOP), show), middle: spread(middle, MIDDLE).map(show) };
}

function drawBands(vector: Float32Array, means: Float32Array, order: Uint32Array) {
  const scores = imageScores(means, vector);
  const mu = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const sigma = Math.sqrt(scores.reduce((sum, score) => sum + (score - mu) ** 2, 0) / (scores.length - 1));
  const bands = chooseBands(scores, order);
  const constant = bands.constant || sigma < CONSTANT_RANGE;
  return { top: [...bands.top], middle: [...bands.middle], mu, sigma, constant };
}

/** `count` of them, each from the middle of its equal share. */
function spread(from: readonly number[], count: number): number[] {
  const most = Math.min(count, from.length);
  return Array.from({ length: most }, (_, i) => from[Math.floor(((i + 0.5) * from.length) / most)]);
}
