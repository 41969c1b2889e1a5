/** An observer: eyes that are independent of the network under study. The first is built by hand. */

import { gaborStatistics } from './gabor.ts';
import { colourHistograms, toLab } from './lab.ts';
import type { Picture } from './picture.ts';
import { resample } from './resample.ts';

export interface Observer {
  /** `lab-gabor-1`. */
  readonly id: string;
  /** One sentence for the record. */
  readonly about: string;
  /** A unit vector that describes the picture; all of one observer have the same length. */
  describe(picture: Picture): Float32Array;
}

/** Side in pixels at which the observer looks at every picture, so that scales are relative to the picture, as they are to a viewer. */
const VIEWING_SIZE = 128;

/**
 * o1, `lab-gabor-1`. Four blocks, each of unit length, together of unit length:
 * 1. histogram of lightness, 2. of chromaticity (see lab.ts; the square root of each, so that their product is Bhattacharyya's affinity);
 * 3. means and 4. deviations over all positions of Gabor magnitudes at 4 scales × 8 orientations on lightness and the two opponent
 *    colours (see gabor.ts; means and deviations after Manjunath and Ma, "Texture features for browsing and retrieval of image data", 1996).
 *
 * Nothing in it knows a position, so a pattern may lie anywhere: independent renders put it at different places.
 * Range of the similarity: 0 to 1, since no feature is negative; a flat picture has no texture blocks, which counts against it with any other.
 * Pitfalls: blind to shape and arrangement (a face and its shuffled parts are alike); orientation is absolute, so a rotated pattern is another
 * one; it speaks for colour and texture, which is less than what people see.
 */
export const labGabor: Observer = {
  id: 'lab-gabor-1',
  about:
    'Hand-built: CIE Lab histograms and the means and deviations of Gabor magnitudes at 4 scales and 8 orientations, without positions. It sees colour and texture, not objects.',
  describe(picture) {
    const lab = toLab(resample(picture, VIEWING_SIZE));
    const { lightness, chromaticity } = colourHistograms(lab);
    const { means, deviations } = gaborStatistics(lab, VIEWING_SIZE);
    return normalise(Float32Array.from([lightness, chromaticity, means, deviations].flatMap((block) => [...normalise(block)])));
  },
};

/** The vector over its length; a zero vector stays zero. */
function normalise(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return length > 1e-6 ? vector.map((value) => value / length) : new Float32Array(vector.length);
}

/** Cosine of two descriptions, which are unit vectors. */
export function similarity(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
