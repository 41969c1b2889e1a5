/** The interval of Cliff's δ where a bootstrap has nothing to resample: two samples that do not overlap. */
import { normalQuantile } from './normal-distribution.ts';

/**
 * Newcombe's method 5 ("Confidence intervals for an effect size measure based on the Mann–Whitney statistic. Part 2", Statistics in Medicine
 * 25, 2006): the A whose distance to the estimate is z √V(A), with Hanley and McNeil's variance for exponential distributions,
 * V(A) = A(1 − A)(1 + m*(1 − A)/(2 − A) + m* A/(1 + A)) / (n_a n_b), m* = (n_a + n_b)/2 − 1, put as an interval of δ = 2A − 1.
 * Defined at δ = ±1, where it keeps its width. `delta` in [-1,1], sizes at least 1.
 */
export function scoreInterval(delta: number, na: number, nb: number, confidence = 0.95): [number, number] {
  const estimate = (delta + 1) / 2;
  const z = normalQuantile((1 + confidence) / 2);
  const m = (na + nb) / 2 - 1;
  const error = (area: number): number =>
    z * Math.sqrt((area * (1 - area) * (1 + (m * (1 - area)) / (2 - area) + (m * area) / (1 + area))) / (na * nb));
  const solve = (outer: number): number => {
    let [near, far] = [estimate, outer];
    for (let i = 0; i < 60; i++) {
      const middle = (near + far) / 2;
      if (Math.abs(middle - estimate) < error(middle)) near = middle;
      else far = middle;
    }
    return 2 * far - 1;
  };
  return [estimate === 0 ? -1 : solve(0), estimate === 1 ? 1 : solve(1)];
}
