/** What one pass over the images keeps of a layer: enough for any direction, since its scores are then matrix products. */

export interface Activations {
  /** Images. */
  readonly n: number;
  readonly channels: number;
  /** Ā: the mean of every channel over an image's positions, `[n,C]`. */
  readonly means: Float32Array;
  /** Mean of every channel over all positions of all images, `[C]`. */
  readonly mean: Float64Array;
  /** Σ: covariance of the channels over all positions of all images, `[C,C]`. */
  readonly covariance: Float64Array;
  /** Positions drawn evenly from all images, `[k,C]`, k bounded whatever n is: for quantiles over positions of any direction. */
  readonly sample: Float32Array;
}
