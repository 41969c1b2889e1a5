/** A difference of means between arms where raters and directions both vary: neither the answers nor the raters alone count as n. */
import type { RandomStream } from '../../render/random.ts';
import { quantile } from './bca-bootstrap.ts';

/** One answer: who, on which direction, how much (0 or 1 for a choice). Names are compared as they are; a rater may meet both arms. */
export interface Rating {
  readonly rater: string;
  readonly direction: string;
  readonly value: number;
}

export interface TwoWayBootstrap {
  /** Mean of the first arm's answers less that of the second's. */
  readonly difference: number;
  /** Percentile interval. */
  readonly interval: readonly [number, number];
  /** Standard deviation of the resampled differences. */
  readonly standardError: number;
  readonly raters: number;
  /** Directions of each arm. */
  readonly directions: readonly [number, number];
  readonly draws: number;
}

interface Answers {
  /** For each answer, the places of its rater and of its direction, and the value. */
  readonly rater: Uint32Array;
  readonly direction: Uint32Array;
  readonly value: Float64Array;
  readonly directions: number;
}

/**
 * The pigeonhole bootstrap (Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1, 2007): raters are drawn with replacement, and apart
 * from them the directions of each arm; an answer counts as often as its rater times its direction was drawn. Raters keep their answers to both
 * arms, so that a strict rater's strictness cancels. Any pattern of who saw what. A draw that leaves an arm without answers is drawn again.
 * For a full table its variance is Σa²/R² + Σb²/C² + Σe²/(RC)² of the rater, direction and remaining effects: their true share for raters and
 * directions, up to (R − 1)/R and (C − 1)/C, and three times that of the noise (Owen's theorem), so too wide where noise leads.
 * Null with fewer than two raters or fewer than two directions in an arm. O(draws · answers). 4,999 draws unless told.
 *
 * Coverage of the 95% interval in 1,000 simulated studies, 499 draws, every rater answering half of the trials (standard error .7%): where
 * directions vary most (raters' tastes .2, directions .6, noise .3), 95 to 97% with 5 to 20 raters and 10 to 40 directions an arm; where raters
 * do (.6, .3, .3), 90% with 5 raters, 94% with 10, 97% with 20; where noise does (.1, .1, 1), above 99%. So it wants ten raters.
 * Pitfall: what varies by rater and arm alone (a rater's taste) rests on the number of raters, however many answers each gives.
 */
export function twoWayBootstrap(
  a: readonly Rating[],
  b: readonly Rating[],
  { stream, draws = 4999, confidence = 0.95 }: { readonly stream: RandomStream; readonly draws?: number; readonly confidence?: number },
): TwoWayBootstrap | null {
  const raters = [...new Set([...a, ...b].map(({ rater }) => rater))];
  const arms = [index(a, raters), index(b, raters)] as const;
  if (raters.length < 2 || arms.some(({ directions }) => directions < 2)) return null;
  const [meanA, meanB] = arms.map(({ value }) => value.reduce((sum, one) => sum + one, 0) / value.length);
  const values = new Float64Array(draws);
  for (let draw = 0; draw < draws; ) {
    const times = multiplicities(raters.length, stream);
    const [first, second] = arms.map((arm) => mean(arm, times, multiplicities(arm.directions, stream)));
    if (first !== null && second !== null) values[draw++] = first - second;
  }
  values.sort();
  const centre = values.reduce((sum, value) => sum + value, 0) / draws;
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return {
    difference: meanA - meanB,
    interval: [quantile(values, (1 - confidence) / 2), quantile(values, (1 + confidence) / 2)],
    standardError: Math.sqrt(squares / (draws - 1)),
    raters: raters.length,
    directions: [arms[0].directions, arms[1].directions],
    draws,
  };
}

function index(ratings: readonly Rating[], raters: readonly string[]): Answers {
  const raterPlaces = new Map(raters.map((name, place) => [name, place]));
  const directions = [...new Set(ratings.map(({ direction }) => direction))];
  const directionPlaces = new Map(directions.map((name, place) => [name, place]));
  return {
    rater: Uint32Array.from(ratings, ({ rater }) => raterPlaces.get(rater) ?? 0),
    direction: Uint32Array.from(ratings, ({ direction }) => directionPlaces.get(direction) ?? 0),
    value: Float64Array.from(ratings, ({ value }) => value),
    directions: directions.length,
  };
}

/** How often each of n was drawn in n draws. */
function multiplicities(n: number, stream: RandomStream): Uint32Array {
  const times = new Uint32Array(n);
  for (let i = 0; i < n; i++) times[stream.below(n)]++;
  return times;
}

/** The answers' mean with each as often as its rater times its direction; null where no answer was drawn. */
function mean({ rater, direction, value }: Answers, raters: Uint32Array, directions: Uint32Array): number | null {
  let [sum, count] = [0, 0];
  for (let i = 0; i < value.length; i++) {
    const times = raters[rater[i]] * directions[direction[i]];
    sum += times * value[i];
    count += times;
  }
  return count > 0 ? sum / count : null;
}
