/** Which other image's masks each image gets, to see what is found where there is nothing to find. */
import { RandomStream } from '../../render/random.ts';

/** Images are permuted among so many neighbours, whose masks are in memory together. */
const RUN = 256;

/** The runs that images are permuted in: `[from, until]`; a short last one joins the one before. */
export function permutationRuns(n: number): (readonly [number, number])[] {
  const count = Math.max(1, Math.floor(n / RUN));
  return Array.from({ length: count }, (_, i) => [i * RUN, i === count - 1 ? n : (i + 1) * RUN] as const);
}

/**
 * The image whose masks image i of a run gets, `result[i − from]`: another one of the same half (even or odd), each once, in a random cycle. The
 * images of a set must come in no order that makes neighbours alike.
 */
export function permuteRun([from, until]: readonly [number, number], seed: number): Uint32Array {
  const result = new Uint32Array(until - from);
  for (const parity of [0, 1]) {
    const half = Array.from({ length: until - from }, (_, i) => from + i).filter((image) => image % 2 === parity);
    const order = new RandomStream(seed, 'permuted-masks', from, parity).permutation(half.length);
    for (let j = 0; j < order.length; j++) result[half[order[j]] - from] = half[order[(j + 1) % order.length]];
  }
  return result;
}
