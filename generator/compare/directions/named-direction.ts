/** A direction of activation space with a name: what every arm of the comparison is made of. */

export interface NamedDirection {
  /** `channel-42`, `random-7`, `sparse-4-12`, `rotated-0.4-3`: unique in a layer. */
  readonly id: string;
  readonly arm: string;
  /** Its number within the arm. */
  readonly index: number;
  /** The random frame that it is a row of, where it is one: directions of a frame are not independent. */
  readonly frame?: number;
  /** Unit vector, `[C]`. */
  readonly vector: Float32Array;
  /** SHA-256 of the vector's bytes, float32, little-endian. */
  readonly sha256: string;
}
