/** D4, the MonoSemanticity score: are the images that a direction responds to alike? Descriptive. */
import type { Embeddings } from './two-afc.ts';

/**
 * MS = Σ_{n<m} r_n r_m sim(n,m) / Σ_{n<m} r_n r_m, with r the scores brought to [0,1] by their lowest and highest: the mean similarity of two images,
 * weighted by how strongly both excite the direction (Pach et al., "Sparse autoencoders learn monosemantic features in vision-language
 * models", NeurIPS 2025). −1 to 1; there is no chance level but the mean similarity of the images. Null for constant scores, and where
 * all weight is on one image. By Σ_{n≠m} r_n r_m φ_n·φ_m = ‖Σ r_n φ_n‖² − Σ r_n² ‖φ_n‖² it costs one pass, and is the same to rounding.
 *
 * Sees scores alone, so rotating activations and direction together changes nothing.
 * Pitfalls: made for sparse units: a dense direction's r is about ½ for most images, and its MS the mean similarity of all of them, so the lowest
 * score of any image moves the value of a dense direction and not that of a sparse one. That favours rectified channels: hence descriptive.
 */
export function monosemanticity(scores: ArrayLike<number>, { rows, dimension }: Embeddings): number | null {
  const n = scores.length;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < n; i++) {
    low = Math.min(low, scores[i]);
    high = Math.max(high, scores[i]);
  }
  if (!(high > low)) return null;
  const weighted = new Float64Array(dimension);
  let [sum, squares, own] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const weight = (scores[i] - low) / (high - low);
    let length = 0;
    for (let k = 0; k < dimension; k++) {
      const value = rows[i * dimension + k];
      weighted[k] += weight * value;
      length += value * value;
    }
    sum += weight;
    squares += weight * weight;
    own += weight * weight * length;
  }
  const pairs = sum * sum - squares;
  // All weight on one image leaves no pair, and only rounding here.
  if (pairs <= 1e-12 * sum * sum) return null;
  return (weighted.reduce((total, value) => total + value * value, 0) - own) / pairs;
}
