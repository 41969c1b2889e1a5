/** The frame test: does the basis score as any other orthonormal frame of the layer would? Exact, whatever the directions' dependence. */
import { fault } from '../../graph/errors.ts';
import { quantile } from './bca-bootstrap.ts';

/** Probabilities at which the null distribution is told. */
export const NULL_QUANTILES = [0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975] as const;

export interface FrameTest {
  /** T of the basis. */
  readonly statistic: number;
  /** Two-sided: twice the smaller of the two one-sided values, at most 1. */
  readonly p: number;
  /** (1 + #{T_b ≥ T})/(B + 1), small where the basis scores higher than frames do. */
  readonly pGreater: number;
  /** (1 + #{T_b ≤ T})/(B + 1), small where it scores lower. */
  readonly pLess: number;
  /** B, the number of frames. */
  readonly frames: number;
  /** The basis's place from the top among the B + 1, 1 for the highest, behind all it ties with: p₊(B + 1). */
  readonly rank: number;
  readonly null: {
    readonly mean: number;
    /** Standard deviation over frames, with B − 1; 0 of a single frame. */
    readonly deviation: number;
    /** At {@link NULL_QUANTILES}, linear between order statistics. */
    readonly quantiles: readonly number[];
  };
}

/**
 * A Monte-Carlo test (Barnard 1963; Dwass 1957; Phipson and Smyth, "Permutation p-values should never be zero", 2010) that the frame of the
 * channels is exchangeable with Haar-random frames: `statistic` is any summary T of the basis directions (a mean metric over m of them), and
 * `frames` holds T of B frames drawn independently, over as many rows each. P(p ≤ α) ≤ α exactly, for any B, T and dependence between
 * directions; equality where α(B + 1)/2 is a whole number and T has no ties. Ties count against the basis on both sides.
 *
 * The smallest two-sided p is 2/(B + 1): B ≥ 40L − 1 frames let Holm over L layers still reject at .05.
 * Pitfalls: T of the basis and of the frames must come from the same number of rows, images and observer; frames made from one another
 * (rotations by a share of the way, rows of one Q counted as several) are not exchangeable. A figure of what the network prefers, it says
 * nothing of how much: report Cliff's δ beside it.
 * Throws where no frame is given or a value is not a number: a frame left out for its value would bend the null.
 */
export function frameTest(statistic: number, frames: ArrayLike<number>): FrameTest {
  const values = Float64Array.from(frames).sort();
  const wrong = [statistic, ...values].find((value) => !Number.isFinite(value));
  if (values.length === 0 || wrong !== undefined) {
    throw fault({
      where: 'frame test',
      expected: 'a finite statistic of the basis and of at least one frame',
      name: wrong === undefined ? 'frames' : 'a statistic',
      received: wrong ?? 'no frame',
      remedy: 'Score every frame on the same images as the basis, with constant units at chance.',
    });
  }
  let [least, most] = [1, 1];
  for (const value of values) {
    if (value >= statistic) least++;
    if (value <= statistic) most++;
  }
  const total = values.length + 1;
  const [pGreater, pLess] = [least / total, most / total];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    statistic,
    p: Math.min(1, 2 * Math.min(pGreater, pLess)),
    pGreater,
    pLess,
    frames: values.length,
    rank: least,
    null: {
      mean,
      deviation: Math.sqrt(squares / Math.max(1, values.length - 1)),
      quantiles: NULL_QUANTILES.map((p) => quantile(values, p)),
    },
  };
}
