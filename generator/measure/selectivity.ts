/** D3 `selectivity`: how much of what is unusual about a render's activation lies along the direction. Descriptive. */
import { fault } from '../graph/errors.ts';

/** Share of the mean variance of a channel that is added to every channel's, so that Σ can be inverted. */
export const RIDGE = 1e-4;

/** D3 of directions of one layer. */
export interface Selectivity {
  /**
   * (v·ã)² / (vᵀΣv · ãᵀΣ⁻¹ã), where ã is the render's activation `[C]` less the images' mean. 0 to 1; null where ã or v is zero.
   */
  of(direction: Float32Array, activation: ArrayLike<number>): number | null;
}

/**
 * Prepares D3 for a layer, O(C³) once; each value is O(C²). `mean` `[C]` and `covariance` Σ `[C,C]` are the images'.
 *
 * The squared cosine between Σ^½v and Σ^−½ã: z_v² over the squared Mahalanobis distance (Mahalanobis 1936) of the render. 1 where ã ∝ Σv, the most
 * likely of all activations with that score if activations were normal; for an ã of random direction after whitening, 1/C is expected. Σ has
 * the ridge λ = 1e-4·tr Σ/C on its diagonal, in both places, so that the bound of 1 (Cauchy and Schwarz) holds.
 *
 * Rotating activations, Σ and direction together changes nothing. Pitfalls: grows with the optimiser's restraint: hard optimisation leaves
 * the images' distribution and lowers it in any arm; where Σ is nearly singular it depends on the ridge. Throws where Σ is zero or not finite.
 */
export function prepareSelectivity(mean: ArrayLike<number>, covariance: Float64Array): Selectivity {
  const channels = mean.length;
  let trace = 0;
  for (let i = 0; i < channels; i++) trace += covariance[i * channels + i];
  const sigma = covariance.slice();
  for (let i = 0; i < channels; i++) sigma[i * channels + i] += (RIDGE * trace) / channels;
  const factor = cholesky(sigma, channels);
  return {
    of: (direction, activation) => {
      const away = Float64Array.from(direction, (_, i) => activation[i] - mean[i]);
      let [product, variance] = [0, 0];
      for (let i = 0; i < channels; i++) {
        product += direction[i] * away[i];
        let row = 0;
        for (let j = 0; j < channels; j++) row += sigma[i * channels + j] * direction[j];
        variance += direction[i] * row;
      }
      const distance = solvedLength(factor, channels, away);
      return variance > 0 && distance > 0 ? product ** 2 / (variance * distance) : null;
    },
  };
}

/** L, lower triangular, with L Lᵀ = Σ. */
function cholesky(matrix: Float64Array, size: number): Float64Array {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j];
      for (let k = 0; k < j; k++) sum -= lower[i * size + k] * lower[j * size + k];
      if (j < i) lower[i * size + j] = sum / lower[j * size + j];
      else if (sum > 0 && Number.isFinite(sum)) lower[i * size + i] = Math.sqrt(sum);
      else
        throw fault({
          where: 'selectivity',
          expected: 'a covariance that is positive on its diagonal',
          name: `channel ${i}`,
          received: sum,
          remedy: 'The layer is the same for all images, or its activations are not finite: leave it out.',
        });
    }
  }
  return lower;
}

/** xᵀΣ⁻¹x = ‖L⁻¹x‖². */
function solvedLength(lower: Float64Array, size: number, x: Float64Array): number {
  const solved = new Float64Array(size);
  let length = 0;
  for (let i = 0; i < size; i++) {
    let sum = x[i];
    for (let k = 0; k < i; k++) sum -= lower[i * size + k] * solved[k];
    solved[i] = sum / lower[i * size + i];
    length += solved[i] ** 2;
  }
  return length;
}
