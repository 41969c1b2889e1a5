/** The standard normal distribution. */

/**
 * Φ(x), to about 1e-15 relative in the body and 1e-13 in the lower tail: the power series of erf below 3, the continued fraction of erfc above
 * (Abramowitz and Stegun 1964, 7.1.6 and 7.1.14).
 */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  if (Number.isNaN(x)) return Number.NaN;
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 100 && term > sum * 1e-17; n++) {
      term *= (2 * z * z) / (2 * n + 1);
      sum += term;
    }
    const erf = (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
    return x > 0 ? 0.5 + erf / 2 : 0.5 - erf / 2;
  }
  let fraction = z;
  for (let n = 80; n >= 1; n--) fraction = z + n / 2 / fraction;
  const tail = Math.exp(-z * z) / fraction / Math.sqrt(Math.PI) / 2;
  return x > 0 ? 1 - tail : tail;
}

/** Φ⁻¹(p) for p in (0,1), by bisection to the last bit that matters; -∞ and ∞ at 0 and 1. */
export function normalQuantile(p: number): number {
  if (p <= 0) return Number.NEGATIVE_INFINITY;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  if (p > 0.5) return -normalQuantile(1 - p);
  let [low, high] = [-40, 0];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
