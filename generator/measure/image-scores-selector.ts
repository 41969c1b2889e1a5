/** T and M of a direction from approximate scores in O(n), exactly: what chooseBands of bands.ts finds by sorting exact ones. */
import { bandSizes } from './bands.ts';
import { CONSTANT_RANGE } from './pooled-statistics.ts';
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

/** More candidates than this are sorted by the system's sort, which allocates; fewer by insertion, which is quick on what is nearly in order. */
const FEW = 256;

/** Images with their scores. */
class Candidates {
  readonly images: Uint32Array;
  readonly #scores: Float64Array;
  count = 0;
  /** The bins that they come from, and how many images lie in higher ones. */
  first = 0;
  last = 0;
  above = 0;

  constructor(size: number) {
    this.images = new Uint32Array(size);
    this.#scores = new Float64Array(size);
  }

  /** Adds an image with its approximate score. */
  add(image: number, score: number): void {
    this.images[this.count] = image;
    this.#scores[this.count++] = score;
  }

  /**
   * Brings the images into the order of their exact scores, as far as it matters: the places from `from` to `until` hold the right images in the right
   * order, and what belongs before and after them stands there (`from` = `until`: what belongs before and after that place). Images whose scores
   * are linked by gaps of at most twice the error may change places, and no others.
   */
  rank(from: number, until: number, error: number, exact: (image: number) => number): void {
    this.#sort(0, this.count);
    const [images, scores] = [this.images, this.#scores];
    for (let start = 0, end = 1; start < this.count && start < until; start = end++) {
      while (end < this.count && scores[end - 1] - scores[end] <= 2 * error) end++;
      if (end - start === 1 || end <= from) continue;
      for (let k = start; k < end; k++) scores[k] = exact(images[k]);
      this.#sort(start, end);
    }
  }

  /** By falling score, equal ones by rising index, from one place up to another. */
  #sort(start: number, end: number): void {
    const [images, scores] = [this.images, this.#scores];
    if (end - start > FEW) {
      const places = Uint32Array.from({ length: end - start }, (_, k) => start + k);
      places.sort((a, b) => scores[b] - scores[a] || images[a] - images[b]);
      const [sortedImages, sortedScores] = [places.map((place) => images[place]), Float64Array.from(places, (place) => scores[place])];
      images.set(sortedImages, start);
      scores.set(sortedScores, start);
      return;
    }
    for (let k = start + 1; k < end; k++) {
      const [image, score] = [images[k], scores[k]];
      let place = k;
      for (; place > start && (scores[place - 1] < score || (scores[place - 1] === score && images[place - 1] > image)); place--) {
        images[place] = images[place - 1];
        scores[place] = scores[place - 1];
      }
      images[place] = image;
      scores[place] = score;
    }
  }
}
