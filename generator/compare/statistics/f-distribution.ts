/** Fisher's F distribution. */

/** P(F ≤ x) with `d1` and `d2` degrees of freedom: I_z(d1/2, d2/2), z = d1 x/(d1 x + d2) (Abramowitz and Stegun 1964, 26.6.2); to about 1e-13. */
export function fCdf(x: number, d1: number, d2: number): number {
  if (!(x > 0)) return Number.isNaN(x) ? Number.NaN : 0;
  if (x === Number.POSITIVE_INFINITY) return 1;
  return incompleteBeta(d1 / 2, d2 / 2, (d1 * x) / (d1 * x + d2), d2 / (d1 * x + d2));
}

/** The x with P(F ≤ x) = p, by bisection to the last bit; 0 and ∞ at p = 0 and 1. Relative error about 1e-12. */
export function fQuantile(p: number, d1: number, d2: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  if (p > 0.5) return 1 / fQuantile(1 - p, d2, d1); // F's reciprocal is F with the degrees exchanged.
  let [low, high] = [0, 1];
  while (fCdf(high, d1, d2) < p) high *= 2;
  for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (fCdf(middle, d1, d2) < p) low = middle;
    else high = middle;
  }
  return high;
}

/** I_z(a, b), with z and its complement both given, so that neither loses digits. */
function incompleteBeta(a: number, b: number, z: number, complement: number): number {
  if (z > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, complement, z);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(z) + b * Math.log(complement)) / a;
  // The continued fraction 26.5.8, by Lentz's method (Thompson and Barnett 1986).
  let [c, d] = [1, 1 / (1 - ((a + b) * z) / (a + 1))];
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * z) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * z) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    const change = d * c;
    fraction *= change;
    if (Math.abs(change - 1) < 1e-16) break;
  }
  return front * fraction;
}

/** ln Γ(x) for x > 0: Stirling's series (6.1.41) above 12, the recurrence below. */
function logGamma(x: number): number {
  let [shift, z] = [0, x];
  for (; z < 12; z++) shift += Math.log(z);
  const [r, r2] = [1 / z, 1 / (z * z)];
  const series = r * (1 / 12 - r2 * (1 / 360 - r2 * (1 / 1260 - r2 * (1 / 1680 - r2 * (1 / 1188 - (r2 * 691) / 360_360)))));
  return (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series - shift;
}
