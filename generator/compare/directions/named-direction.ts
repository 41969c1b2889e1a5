/** A direction of activation space with a name: what every arm of the comparison is made of. */
import { float32Bytes, sha256 } from '../../batch/canonical.ts';

export interface NamedDirection {
  /** `channel-42`, `random-7`, `sparse-4-12`, `rotated-0-4-3` (α = 0.4): lower-case words and hyphens, unique in a layer. */
  readonly id: string;
  readonly arm: string;
  /** Its number within the arm; of `basis`, `basis-negative` and `matched` it is the channel. */
  readonly index: number;
  /** The random frame that it is a row of, where it is one: directions of a frame are not independent. */
  readonly frame?: number;
  /** Unit vector, `[C]`. */
  readonly vector: Float32Array;
  /** SHA-256 of the vector's bytes, float32, little-endian. */
  readonly sha256: string;
}

/** A direction along `values`, `[C]`, finite and not all zero, of any length: made a unit vector in float64, then rounded to float32. */
export function nameDirection(id: string, arm: string, index: number, values: Float64Array, frame?: number): NamedDirection {
  const length = euclidean(values);
  const vector = Float32Array.from(values, (value) => value / length);
  return { id, arm, index, ...(frame === undefined ? {} : { frame }), vector, sha256: sha256(float32Bytes(vector)) };
}

/** The length of a vector, without overflow or underflow on the way to it: values of a file may be of any size. */
export function euclidean(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] / largest) ** 2;
  return largest * Math.sqrt(sum);
}
