/** The interval of a share: detectors among units, correct answers among trials. */
import { normalQuantile } from './normal-distribution.ts';

/**
 * Wilson's score interval ("Probable inference, the law of succession, and statistical inference", JASA 22, 1927), without correction for
 * continuity: (p̂ + z²/2n ± z√(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n). Within [0,1], defined at 0 and n of n, mean coverage near the nominal from n
 * of about 10 (Brown, Cai and DasGupta 2001). Null without trials.
 * Pitfall: trials must be independent: answers of one rater, or units of one network trained together, are not; use the two-way bootstrap there.
 */
export function wilsonInterval(successes: number, trials: number, confidence = 0.95): [number, number] | null {
  if (!(trials > 0)) return null;
  const z = normalQuantile((1 + confidence) / 2);
  const share = successes / trials;
  const centre = share + (z * z) / (2 * trials);
  const half = z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  const scale = 1 + (z * z) / trials;
  // Rounding must not leave an end beside 0 or 1 where the formula gives just that.
  return [successes === 0 ? 0 : (centre - half) / scale, successes === trials ? 1 : (centre + half) / scale];
}
