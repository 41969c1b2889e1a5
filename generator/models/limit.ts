/** A limit on the numbers that evaluating a file's constants may make: a few numbers in a file could ask for more than any machine has. */
import { sizeOf } from '../graph/tensor.ts';

/** What shapes, masks and positions of any network fit in, whatever its weights. */
export const ROOM = 2 ** 24;

/** How many values may still be made. */
export class Limit {
  #left: number;

  constructor(values: number) {
    this.#left = values;
  }

  /** Takes room for a shape's values. Throws a plain `Error` where there is not so much left. */
  take(shape: readonly number[]): void {
    this.#left -= sizeOf(shape);
    if (!(this.#left >= 0) || shape.some((extent) => extent < 0)) throw new Error(`[${shape}] is more than a network's constants need`);
  }
}
