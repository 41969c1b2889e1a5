/** Named randomness: a counter-based generator, so that a draw depends on its name and on nothing that was drawn before. */
import { createHash } from 'node:crypto';

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/**
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four 32-bit words from a counter
 * of four and a key of two, all unsigned. Writes into `out`.
 */
export function philox(counter: readonly [number, number, number, number], key: readonly [number, number], out: Uint32Array): void {
  let [a, b, c, d] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const low0 = Math.imul(a, MULTIPLIER_0);
    const high0 = multiplyHigh(a, MULTIPLIER_0);
    const low1 = Math.imul(c, MULTIPLIER_1);
    const high1 = multiplyHigh(c, MULTIPLIER_1);
    a = high1 ^ b ^ k0;
    b = low1;
    c = high0 ^ d ^ k1;
    d = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = a;
  out[1] = b;
  out[2] = c;
  out[3] = d;
}

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function multiplyHigh(x: number, y: number): number {
  const x0 = x & 0xffff;
  const x1 = x >>> 16;
  const y0 = y & 0xffff;
  const y1 = y >>> 16;
  const middle = x1 * y0 + ((x0 * y0) >>> 16);
  const carry = (middle & 0xffff) + x0 * y1;
  return (x1 * y1 + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

/** A stream of draws with a name. The same name gives the same stream, on any machine, for ever. */
export class RandomStream {
  readonly #key: readonly [number, number];
  readonly #high: readonly [number, number];
  readonly #block = new Uint32Array(4);
  #index = 0;
  #spare: number | undefined;

  /** `name` parts are joined with a separator that none may contain; say what the draws are for: `(0, 'channel-42', 'start')`. */
  constructor(...name: readonly (string | number)[]) {
    const digest = createHash('sha256').update(name.join('\u001f')).digest();
    this.#key = [digest.readUInt32LE(0), digest.readUInt32LE(4)];
    this.#high = [digest.readUInt32LE(8), digest.readUInt32LE(12)];
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    const lane = this.#index & 3;
    if (lane === 0) {
      const block = this.#index / 4;
      philox([block >>> 0, Math.floor(block / 2 ** 32), ...this.#high], this.#key, this.#block);
    }
    this.#index++;
    return this.#block[lane];
  }

  /** A float64 in [0,1) with 32 random bits. */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A float64 in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** An integer in [0, bound), without bias (Lemire's rejection). */
  below(bound: number): number {
    const limit = Math.floor(2 ** 32 / bound) * bound;
    let draw = this.uint32();
    while (draw >= limit) draw = this.uint32();
    return draw % bound;
  }

  /** A standard normal draw (Box and Muller 1958). */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log((this.uint32() + 1) / 2 ** 32));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** A random order of 0 … n-1 (Fisher and Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}
