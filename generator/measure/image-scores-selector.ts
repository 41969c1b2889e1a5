/** T and M of a direction from approximate scores in O(n), exactly: what chooseBands of bands.ts finds by sorting exact ones. */
import { bandSizes } from './bands.ts';
import { Candidates } from './image-scores-candidates.ts';
import { CONSTANT_RANGE } from './pooled-rows.ts';
import { dotRow, type Rows } from './rows.ts';

const BINS = 4096;
/** What a bin's images may be: of the top, on either border of the middle band. */
const TOP = 1;
const FROM = 2;
const UNTIL = 4;

/**
 * Selects for one direction after another. A histogram of the approximate scores finds, for the three ranks that matter, the bins that can hold
 * them; where scores lie within twice the error of each other, and their order matters, they are scored exactly, in float64. Hence T and M do not depend on how the approximate
 * scores were rounded: not on the runtime, the number of threads, the size of a block or the machine. Nothing is allocated for a direction.
 */
export class BandSelector {
  /** Of the last direction: T and M by falling score, `[t]` each. */
  readonly top: Uint32Array;
  readonly middle: Uint32Array;
  readonly #means: Rows;
  readonly #order: Uint32Array;
  readonly #from: number;
  readonly #until: number;
  readonly #bins: Uint16Array;
  readonly #counts = new Uint32Array(BINS + 1);
  readonly #kinds = new Uint8Array(BINS + 1);
  readonly #outside: Uint8Array;
  readonly #high: Candidates;
  readonly #upper: Candidates;
  readonly #lower: Candidates;
  readonly #drawn: Candidates;

  /** `means` is Ā, `order` of drawOrder: both for the same images. */
  constructor(means: Rows, order: Uint32Array) {
    const n = order.length;
    const { t, from, until } = bandSizes(n);
    [this.#means, this.#order, this.#from, this.#until] = [means, order, from, until];
    [this.top, this.middle] = [new Uint32Array(t), new Uint32Array(t)];
    [this.#bins, this.#outside] = [new Uint16Array(n), new Uint8Array(n)];
    [this.#high, this.#upper, this.#lower, this.#drawn] = [n, n, n, t].map((size) => new Candidates(size));
  }

  /**
   * Fills {@link top} and {@link middle}; true for a constant direction. `approximate[offset …]` are the scores of all images, finite, each within
   * `error` of the exact one, but for a constant that is the same for all.
   */
  select(approximate: Float32Array, offset: number, error: number, vector: Float64Array): boolean {
    const n = this.#order.length;
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = offset; i < offset + n; i++) {
      const score = approximate[i];
      if (score < low) low = score;
      if (score > high) high = score;
    }
    const slope = (BINS - 1) / (high - low);
    // Where all are equal, or as good as, one bin holds all, and all are scored exactly.
    const scale = Number.isFinite(slope) ? slope : 0;
    this.#fillBins(approximate, offset, low, scale);
    const margin = Math.min(BINS, Math.floor(2 * error * scale) + 1);
    this.#collect(margin, approximate, offset);
    const exact = (image: number) => dotRow(this.#means, image, vector);
    this.#high.rank(0, this.top.length, error, exact);
    this.top.set(this.#high.images.subarray(0, this.top.length));
    this.#chooseMiddle(approximate, offset, error, exact);
    return high - low - 2 * error < CONSTANT_RANGE && this.#exactRange(vector) < CONSTANT_RANGE;
  }

  #fillBins(approximate: Float32Array, offset: number, low: number, scale: number): void {
    const [bins, counts] = [this.#bins, this.#counts];
    counts.fill(0);
    for (let i = 0; i < bins.length; i++) {
      const bin = ((approximate[offset + i] - low) * scale) | 0;
      bins[i] = bin;
      counts[bin]++;
    }
  }

  /** Sorts out which bins may hold the last of the top and the first ranks of the band and after it, and collects their images. */
  #collect(margin: number, approximate: Float32Array, offset: number): void {
    const [kinds, counts, bins] = [this.#kinds, this.#counts, this.#bins];
    kinds.fill(0);
    const lastOfTop = this.#binOf(this.top.length - 1);
    kinds.fill(TOP, Math.max(0, lastOfTop - margin));
    for (const [border, rank, set] of [
      [FROM, this.#from, this.#upper],
      [UNTIL, this.#until, this.#lower],
    ] as const) {
      const bin = this.#binOf(rank);
      [set.first, set.last] = [Math.max(0, bin - margin), Math.min(BINS, bin + margin)];
      for (let k = set.first; k <= set.last; k++) kinds[k] |= border;
      set.above = 0;
      for (let k = set.last + 1; k <= BINS; k++) set.above += counts[k];
      set.count = 0;
    }
    this.#high.count = 0;
    for (let i = 0; i < bins.length; i++) {
      const kind = kinds[bins[i]];
      if (kind === 0) continue;
      if (kind & TOP) this.#high.add(i, approximate[offset + i]);
      if (kind & FROM) this.#upper.add(i, approximate[offset + i]);
      if (kind & UNTIL) this.#lower.add(i, approximate[offset + i]);
    }
  }

  /** The bin that holds the image of a rank by the approximate scores. */
  #binOf(rank: number): number {
    let bin = BINS;
    for (let seen = this.#counts[bin]; seen <= rank; seen += this.#counts[bin]) bin--;
    return bin;
  }

  #chooseMiddle(approximate: Float32Array, offset: number, error: number, exact: (image: number) => number): void {
    const [upper, lower, outside, bins, drawn] = [this.#upper, this.#lower, this.#outside, this.#bins, this.#drawn];
    // Of the images near a border, the ranks before `from`, and those from `until` on, are not in the band.
    const [before, after] = [this.#from - upper.above, this.#until - lower.above];
    upper.rank(before, before, error, exact);
    lower.rank(after, after, error, exact);
    for (let k = 0; k < before; k++) outside[upper.images[k]] = 1;
    for (let k = after; k < lower.count; k++) outside[lower.images[k]] = 1;
    drawn.count = 0;
    for (let k = 0; drawn.count < this.middle.length; k++) {
      const image = this.#order[k];
      if (bins[image] <= upper.last && bins[image] >= lower.first && outside[image] === 0) drawn.add(image, approximate[offset + image]);
    }
    for (let k = 0; k < before; k++) outside[upper.images[k]] = 0;
    for (let k = after; k < lower.count; k++) outside[lower.images[k]] = 0;
    drawn.rank(0, drawn.count, error, exact);
    this.middle.set(drawn.images);
  }

  #exactRange(vector: Float64Array): number {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < this.#order.length; i++) {
      const score = dotRow(this.#means, i, vector);
      low = Math.min(low, score);
      high = Math.max(high, score);
    }
    return high - low;
  }
}
