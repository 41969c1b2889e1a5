/** Mean and covariance of a layer's channels over every position of every image, from sums about a provisional mean. */

/**
 * With b = a − s for a fixed shift s near the mean, mean = s + E b and Σ = E bbᵀ − (E b)(E b)ᵀ (Chan, Golub and LeVeque 1983, "shifted data"). The
 * products bbᵀ come from the runtime in float32, an image at a time, and lose no digits to a mean far from zero; their sum is float64, in the
 * images' order. It holds C² + C numbers.
 */
export class Moments {
  readonly #channels: number;
  readonly #shift: Float32Array;
  readonly #sum: Float64Array;
  /** The lower triangle of Σ bbᵀ. */
  readonly #products: Float64Array;
  #positions = 0;

  constructor(shift: Float32Array) {
    this.#channels = shift.length;
    this.#shift = shift;
    this.#sum = new Float64Array(shift.length);
    this.#products = new Float64Array(shift.length ** 2);
  }

  /** Adds an image: b's mean over its `positions`, `[C]` from `meanAt` on, and bbᵀ summed over them, `[C,C]` from `productAt` on. */
  add(means: Float32Array, meanAt: number, products: Float32Array, productAt: number, positions: number): void {
    const channels = this.#channels;
    for (let c = 0; c < channels; c++) this.#sum[c] += positions * means[meanAt + c];
    for (let i = 0; i < channels; i++) {
      const row = i * channels;
      for (let j = 0; j <= i; j++) this.#products[row + j] += products[productAt + row + j];
    }
    this.#positions += positions;
  }

  /** Mean `[C]` and covariance `[C,C]` (divisor: the positions), symmetric. */
  finish(): { mean: Float64Array; covariance: Float64Array } {
    const channels = this.#channels;
    const off = this.#sum.map((sum) => sum / this.#positions);
    const covariance = new Float64Array(channels ** 2);
    for (let i = 0; i < channels; i++) {
      for (let j = 0; j <= i; j++) {
        const value = this.#products[i * channels + j] / this.#positions - off[i] * off[j];
        covariance[i * channels + j] = value;
        covariance[j * channels + i] = value;
      }
      // Rounding must not make a channel that never changes vary by less than nothing.
      covariance[i * channels + i] = Math.max(0, covariance[i * channels + i]);
    }
    return { mean: off.map((value, c) => this.#shift[c] + value), covariance };
  }
}
