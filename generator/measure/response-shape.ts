/** D4: the shape of a direction's responses, and of the direction itself. Descriptive: no evidence for either arm. */

/**
 * Excess kurtosis of the scores over the images, m₄/m₂² − 3 with central moments: 0 for a normal distribution, at least −2, large where few
 * images stand out. Null for fewer than two distinct scores. After its use for sparseness of responses (Field, "What is the goal of sensory
 * coding?", 1994; Willmore and Tolhurst 2001).
 *
 * Sees scores alone, so rotating activations and direction together changes nothing. Pitfall: driven by a handful of images; sums of many channels
 * tend to the normal distribution whatever they respond to, so random directions have low values by the central limit theorem.
 */
export function excessKurtosis(scores: ArrayLike<number>): number | null {
  const n = scores.length;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += scores[i] / n;
  let [second, fourth] = [0, 0];
  for (let i = 0; i < n; i++) {
    const square = (scores[i] - mean) ** 2;
    second += square / n;
    fourth += square ** 2 / n;
  }
  return second > 0 ? fourth / second ** 2 - 3 : null;
}

/**
 * (Σ v_c²)² / Σ v_c⁴: how many channels a direction is spread over, 1 to C: 1 for a channel, k for k channels of equal weight, about C/3 for a
 * random direction. Null for a zero vector. The inverse participation ratio of physics (Bell and Dean 1970), inverted.
 *
 * NOT the same after a rotation of the channels: it tells channels from other directions by construction, and says nothing about either.
 */
export function participationRatio(vector: ArrayLike<number>): number | null {
  let [second, fourth] = [0, 0];
  for (let i = 0; i < vector.length; i++) {
    second += vector[i] ** 2;
    fourth += vector[i] ** 4;
  }
  return fourth > 0 ? second ** 2 / fourth : null;
}
