/** Which images a direction is judged on: those it scores highest, and middling ones. */
import { fault } from '../graph/errors.ts';
import { RandomStream } from '../render/random.ts';
import { CONSTANT_RANGE } from './pooled-rows.ts';

/** Share of the images, and least and most of them, that are a direction's top. */
const TOP_SHARE = 0.005;
const LEAST_TOP = 40;
const MOST_TOP = 200;
/** The middle band leaves out so much at either end. */
const BAND_MARGIN = 0.4;
/** With fewer images the middle fifth would hold fewer than the top. */
export const LEAST_IMAGES = 200;

/** How many images of `n` a direction is judged on, and where its middle lies, in ranks from the highest score, rank 0, downwards. */
export interface BandSizes {
  /** t, even: images in the top, and as many in the middle. */
  readonly t: number;
  /** First rank of the 40–60% band: an image of this rank or a later one lies below the 60th percentile. */
  readonly from: number;
  /** The rank after the band's last. */
  readonly until: number;
}

/** t = 0.5% of the images, at least 40, at most 200, even; the band is the middle fifth. Throws for fewer than 200 images, whose middle is too small. */
export function bandSizes(n: number): BandSizes {
  const t = Math.min(MOST_TOP, Math.max(LEAST_TOP, 2 * Math.round((TOP_SHARE * n) / 2)));
  const from = Math.floor(BAND_MARGIN * n);
  if (n < LEAST_IMAGES)
    throw fault({
      where: 'the comparison',
      expected: `at least ${LEAST_IMAGES} images`,
      name: 'the natural two-alternative task',
      received: n,
      remedy: `Give more images: ${LEAST_TOP} are taken from the top of a direction's scores, and ${LEAST_TOP} from their middle fifth.`,
    });
  return { t, from, until: n - from };
}

/**
 * The order in which images are drawn from any direction's middle band, `[n]`: a random one, fixed by `seed` (the SHA-256 of the image set).
 *
 * One order for all directions. For each of them the draw is then uniform over its band, since the order knows no score; and a direction's value
 * follows from its vector and the files, whatever it is called, whichever arm it is in, whatever else is scored. Draws by a direction's name would
 * be as fair, but give one vector two values, and add to every difference between directions the noise of two draws, where a common order lets
 * much of it cancel. What is left of the draw is shared by all, as the choice of the images is.
 */
export function drawOrder(n: number, seed: string): Uint32Array {
  return new RandomStream('middle-band', seed).permutation(n);
}

/** The images that a direction is judged on, as indices. */
export interface Bands {
  /** T, `[t]`, highest score first. */
  readonly top: Uint32Array;
  /** M, `[t]`: the first of the draw order that lie in the 40–60% band, highest score first. */
  readonly middle: Uint32Array;
  /** Whether the scores range over less than {@link CONSTANT_RANGE}: ranks mean nothing then, and all tasks give chance. */
  readonly constant: boolean;
}

/** Images by falling score, equal scores by rising index: the ranking that every band refers to, `[n]`. */
export function rankImages(scores: Float64Array): Uint32Array {
  return Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
}

/** T and M of one direction's scores, `[n]`. `order` is of {@link drawOrder}. O(n log n): for many directions use image-scores.ts. */
export function chooseBands(scores: Float64Array, order: Uint32Array): Bands {
  const { t, from, until } = bandSizes(scores.length);
  const ranking = rankImages(scores);
  const rank = new Uint32Array(ranking.length);
  for (const [place, image] of ranking.entries()) rank[image] = place;
  const middle = order.filter((image) => rank[image] >= from && rank[image] < until).subarray(0, t);
  return {
    top: ranking.slice(0, t),
    middle: middle.sort((a, b) => rank[a] - rank[b]),
    constant: scores[ranking[0]] - scores[ranking[ranking.length - 1]] < CONSTANT_RANGE,
  };
}

/** Halves by the parity of the rank: the first has the highest, the third and so on. */
export function halves(ranked: Uint32Array): [Uint32Array, Uint32Array] {
  return [ranked.filter((_, rank) => rank % 2 === 0), ranked.filter((_, rank) => rank % 2 === 1)];
}
