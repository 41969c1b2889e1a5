/** Which positions of which images are kept: as many of every image, give or take one, drawn without replacement. */
import { RandomStream } from '../../render/random.ts';

/**
 * A plan of `k = min(wanted, n·area)` positions. Image i gives ⌊(i+1)k/n⌋ − ⌊ik/n⌋ of its own, so that the sample is even however many images
 * there are, and what it draws depends on its number alone.
 */
export interface SamplePlan {
  readonly total: number;
  /** The most that one image gives. */
  readonly most: number;
  /** Row of the sample where image i's begin. */
  start(image: number): number;
  /** The positions of image i, 0 to area − 1, ascending. */
  positions(image: number): Uint32Array;
}

/** The plan of a layer's sample: `name` (the layer's) and `seed` name the draws. */
export function samplePlan(name: string, n: number, area: number, wanted: number, seed: number): SamplePlan {
  const total = Math.min(wanted, n * area);
  const start = (image: number) => Math.floor((image * total) / n);
  return {
    total,
    most: Math.ceil(total / n),
    start,
    positions: (image) => {
      const count = start(image + 1) - start(image);
      return draw(new RandomStream(seed, name, 'positions', image), count, area);
    },
  };
}

/** `count` different numbers below `bound` (Floyd; Bentley, "Programming pearls: a sample of brilliance", 1987). */
function draw(stream: RandomStream, count: number, bound: number): Uint32Array {
  const chosen = new Set<number>();
  for (let top = bound - count; top < bound; top++) {
    const one = stream.below(top + 1);
    chosen.add(chosen.has(one) ? top : one);
  }
  return Uint32Array.from(chosen).sort();
}
