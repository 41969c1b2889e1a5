/** The Brunner–Munzel test: is P(a > b) + ½P(a = b) one half, whatever the two spreads? */
import type { RandomStream } from '../../render/random.ts';

/** The pooled sample once sorted: the observations' labels are what a permutation moves. */
interface Pooled {
  /** 1 where the observation is of the first sample, in the order of the values, `[N]`. */
  readonly first: Uint8Array;
  /** Where each run of equal values ends (exclusive), rising. */
  readonly ends: Uint32Array;
}

/**
 * W = n_a n_b (R̄_a − R̄_b) / ((n_a + n_b) √(n_a S_a² + n_b S_b²)) (Brunner and Munzel, "The nonparametric Behrens–Fisher problem", Biometrical
 * Journal 42, 2000), R̄ the mean ranks in the pooled sample and S² the variance of an observation's rank less its rank within its own sample,
 * which is its placement in the other. Equal to (Â − ½) over its standard error. Positive where a tends to be larger (SciPy's sign is opposite).
 * ±∞ where the samples do not overlap, 0 where all values are equal. NaN with fewer than two observations in a sample.
 */
export function brunnerMunzel(a: readonly number[], b: readonly number[]): number {
  return a.length < 2 || b.length < 2 ? Number.NaN : statistic(pool(a, b), a.length, b.length);
}

export interface PermutationTest {
  readonly statistic: number;
  /** Two-sided: twice the smaller of the two one-sided values, at most 1. */
  readonly p: number;
  /** How often a permutation reaches at least the statistic, with the observed one counted: P under "a is not larger". */
  readonly pGreater: number;
  readonly pLess: number;
  readonly draws: number;
}

/**
 * The studentised permutation test (Neubert and Brunner, "A studentized permutation test for the non-parametric Behrens–Fisher problem", CSDA
 * 51, 2007): exact where the distributions are equal, and of the right level asymptotically where only A = ½. One-sided p = (1 + #{W_π ≥ W})/(1 +
 * draws), so that none is 0 (Phipson and Smyth 2010). O(n) a draw. NaN with fewer than two observations in a sample.
 * Level at .05 in 6,000 simulated studies of normal values, A = ½, spreads 1 to 3: .055 with 80 against 40, .059 with 45 against 15 (without the
 * studentising .107 and .133).
 * Pitfall: its unit is the observation; those of one frame or one seed must not enter as several.
 */
export function permutationBrunnerMunzel(a: readonly number[], b: readonly number[], stream: RandomStream, draws = 9999): PermutationTest {
  if (a.length < 2 || b.length < 2) {
    return { statistic: Number.NaN, p: Number.NaN, pGreater: Number.NaN, pLess: Number.NaN, draws: 0 };
  }
  const { first, ends } = pool(a, b);
  const observed = statistic({ first, ends }, a.length, b.length);
  const slack = Number.isFinite(observed) ? 1e-10 * Math.max(1, Math.abs(observed)) : 0;
  const order = Uint32Array.from(first, (_, i) => i);
  const [taken, label] = a.length <= b.length ? [a.length, 1] : [b.length, 0];
  const shuffled = new Uint8Array(first.length);
  let [greater, less] = [1, 1];
  for (let draw = 0; draw < draws; draw++) {
    shuffled.fill(1 - label);
    for (let i = 0; i < taken; i++) {
      const j = i + stream.below(order.length - i);
      const chosen = order[j];
      order[j] = order[i];
      order[i] = chosen;
      shuffled[chosen] = label;
    }
    const value = statistic({ first: shuffled, ends }, a.length, b.length);
    if (value >= observed - slack) greater++;
    if (value <= observed + slack) less++;
  }
  const [pGreater, pLess] = [greater / (draws + 1), less / (draws + 1)];
  return { statistic: observed, p: Math.min(1, 2 * Math.min(pGreater, pLess)), pGreater, pLess, draws };
}

function pool(a: readonly number[], b: readonly number[]): Pooled {
  const values = [...a, ...b];
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  const ends: number[] = [];
  for (let i = 1; i <= order.length; i++) if (i === order.length || values[order[i]] !== values[order[i - 1]]) ends.push(i);
  return { first: Uint8Array.from(order, (i) => (i < a.length ? 1 : 0)), ends: Uint32Array.from(ends) };
}

/** W from placements: of an a, the b's below it and half of those equal; of a b, the a's. */
function statistic({ first, ends }: Pooled, na: number, nb: number): number {
  let [belowA, belowB, sumA, squaresA, sumB, squaresB] = [0, 0, 0, 0, 0, 0];
  for (let run = 0, start = 0; run < ends.length; run++) {
    let tiedA = 0;
    for (let i = start; i < ends[run]; i++) tiedA += first[i];
    const tiedB = ends[run] - start - tiedA;
    const placementA = belowB + tiedB / 2;
    const placementB = belowA + tiedA / 2;
    sumA += tiedA * placementA;
    squaresA += tiedA * placementA * placementA;
    sumB += tiedB * placementB;
    squaresB += tiedB * placementB * placementB;
    belowA += tiedA;
    belowB += tiedB;
    start = ends[run];
  }
  const varianceA = Math.max(0, squaresA - (sumA * sumA) / na) / (na - 1);
  const varianceB = Math.max(0, squaresB - (sumB * sumB) / nb) / (nb - 1);
  const shift = sumA / (na * nb) - 0.5;
  const error = Math.sqrt(varianceA / (na * nb * nb) + varianceB / (nb * na * na));
  if (error < 1e-12) return Math.abs(shift) < 1e-12 ? 0 : Math.sign(shift) * Number.POSITIVE_INFINITY;
  return shift / error;
}
