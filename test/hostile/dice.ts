/** Random choices that are the same for the same seed, so that a case can be made again. */

/** A stream of choices (xorshift128 after Marsaglia 2003, filled by splitmix32). */
export class Dice {
  readonly #state = new Uint32Array(4);

  /** `seed` is any whole number. */
  constructor(seed: number) {
    let word = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      word = (word + 0x9e3779b9) >>> 0;
      let mixed = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      this.#state[i] = mixed ^ (mixed >>> 15);
    }
  }

  /** A whole number from 0 to `count` − 1; 0 where there is no other. */
  below(count: number): number {
    const [x, , , w] = this.#state;
    const t = x ^ (x << 11);
    this.#state.copyWithin(0, 1);
    this.#state[3] = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return count > 1 ? Math.floor((this.#state[3] / 2 ** 32) * count) : 0;
  }

  /** True once in `count`. */
  once(count: number): boolean {
    return this.below(count) === 0;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}
