/** Random directions: rows of Haar-random rotations, fixed for ever by the network, the layer and an index. */
import { RandomStream } from '../render/random.ts';

/** Frames that one group of 4·C directions is drawn from: neighbours in index come from different frames, so a short list spans four. */
const FRAMES_PER_GROUP = 4;

/** Where a random direction stands. */
export interface FramePlace {
  readonly frame: number;
  readonly row: number;
}

/** The place of `random-k` in a layer of `channels`; it does not depend on how many directions are asked for. */
export function placeOf(k: number, channels: number): FramePlace {
  const group = Math.floor(k / (FRAMES_PER_GROUP * channels));
  const within = k % (FRAMES_PER_GROUP * channels);
  return { frame: FRAMES_PER_GROUP * group + (k % FRAMES_PER_GROUP), row: Math.floor(within / FRAMES_PER_GROUP) };
}

/** The Haar-random frames of one layer, built row by row as far as they are asked for. */
export class HaarFrames {
  readonly #name: readonly [weights: string, layer: string];
  readonly #channels: number;
  readonly #frames = new Map<number, HaarFrame>();

  /** `weights` is the SHA-256 of the network's weights, `layer` the layer's name. */
  constructor(weights: string, layer: string, channels: number) {
    this.#name = [weights, layer];
    this.#channels = channels;
  }

  /** A unit vector, `[C]`. */
  row({ frame, row }: FramePlace): Float32Array {
    let known = this.#frames.get(frame);
    if (!known) {
      known = new HaarFrame(new RandomStream(...this.#name, 'haar', frame), this.#channels);
      this.#frames.set(frame, known);
    }
    return Float32Array.from(known.row(row));
  }
}

/**
 * One rotation, Haar-distributed on SO(C): Gram–Schmidt of Gaussian rows, which is the QR decomposition of their transpose with a positive
 * diagonal of R (Mezzadri, "How to generate random matrices from the classical compact groups", 2007). A row depends on those before it
 * only. The last one is negated where the determinant would be −1.
 */
export class HaarFrame {
  readonly #random: RandomStream;
  readonly #channels: number;
  readonly #rows: Float64Array[] = [];

  constructor(random: RandomStream, channels: number) {
    this.#random = random;
    this.#channels = channels;
  }

  /** Row `index`, 0 to C−1, a unit vector in float64. */
  row(index: number): Float64Array {
    while (this.#rows.length <= index) this.#grow();
    return this.#rows[index];
  }

  #grow(): void {
    const row = Float64Array.from({ length: this.#channels }, () => this.#random.normal());
    // Twice is enough (Giraud, Langou and Rozložník 2005): the second pass removes what rounding left of the first.
    for (let pass = 0; pass < 2; pass++) for (const earlier of this.#rows) subtractProjection(row, earlier);
    const length = Math.sqrt(dot(row, row));
    for (let i = 0; i < row.length; i++) row[i] /= length;
    this.#rows.push(row);
    const negate = this.#rows.length === this.#channels && determinantSign(this.#rows) < 0;
    if (negate) for (let i = 0; i < row.length; i++) row[i] = -row[i];
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function subtractProjection(row: Float64Array, unit: Float64Array): void {
  const along = dot(row, unit);
  for (let i = 0; i < row.length; i++) row[i] -= along * unit[i];
}

/** The sign of a determinant, by elimination with partial pivoting. */
function determinantSign(rows: readonly Float64Array[]): number {
  const matrix = rows.map((row) => row.slice());
  let sign = 1;
  for (let i = 0; i < matrix.length; i++) {
    let pivot = i;
    for (let j = i + 1; j < matrix.length; j++) if (Math.abs(matrix[j][i]) > Math.abs(matrix[pivot][i])) pivot = j;
    if (pivot !== i) {
      [matrix[i], matrix[pivot]] = [matrix[pivot], matrix[i]];
      sign = -sign;
    }
    if (matrix[i][i] < 0) sign = -sign;
    for (let j = i + 1; j < matrix.length; j++) {
      const factor = matrix[j][i] / matrix[i][i];
      for (let k = i + 1; k < matrix.length; k++) matrix[j][k] -= factor * matrix[i][k];
    }
  }
  return sign;
}
