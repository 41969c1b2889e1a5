/** D2 `robustness`: how much of a render's score survives transformations that the optimiser did not draw. */
import type { DirectionMoments } from './pooled-rows.ts';

/** Renders less than so many deviations above the images' mean have no robustness: the ratio's denominator would be noise. */
export const LEAST_ATTAINMENT = 1;

/**
 * (mean over transformations of s̄_v(T x) − μ_v) / (s̄_v(x) − μ_v). About 1: the render does not depend on where it lies; about 0: moved a
 * little, it is worth no more than an image; below 0: less than one. Can pass 1, where a transformation happens to help.
 * Null where the direction is constant or the render lies less than {@link LEAST_ATTAINMENT} σ_v above μ_v: there the ratio says nothing.
 *
 * The mean is taken off both, so that the ratio does not depend on where the layer's zero lies.
 * Pitfall: a gate, not evidence; what is null is excluded and counted, which conditions on successful renders: look at attainment beside it.
 */
export function robustness(score: number, transformed: readonly number[], moments: DirectionMoments): number | null {
  const above = score - moments.mu;
  if (moments.constant || transformed.length === 0 || !(above >= LEAST_ATTAINMENT * moments.sigma) || above === 0) return null;
  const mean = transformed.reduce((sum, value) => sum + value, 0) / transformed.length;
  return (mean - moments.mu) / above;
}
