/** D1 `attainment`: how far a render drives its direction, against how far images do. */
import type { DirectionMoments } from './pooled-rows.ts';

export interface Attainment {
  /** Standard deviations above the images' mean; null for a constant direction. */
  readonly attainment: number | null;
  /** Whether the render scores above every image; null for a constant direction. */
  readonly exceeds: boolean | null;
}

/**
 * z = (s̄_v(render) − μ_v) / σ_v, where s̄_v = v·ā, and μ_v, σ_v are its mean and deviation over the reference images. Range ℝ; a successful
 * render lies well above 2. `score` is that of the published picture, decoded: what a reader sees, not what the optimiser held.
 *
 * Pitfalls: a gate, never evidence of interpretability: it tells whether two arms were optimised equally well. It grows with the images'
 * poverty, since σ_v is theirs. Directions of small σ_v reach high z without a high score.
 * Source: the standard score; it is what makes directions of different spread comparable.
 */
export function attainment(score: number, moments: DirectionMoments): Attainment {
  if (moments.constant) return { attainment: null, exceeds: null };
  return { attainment: (score - moments.mu) / moments.sigma, exceeds: score > moments.max };
}
