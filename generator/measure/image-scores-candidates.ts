/** Images with scores that are known roughly, ranked exactly where it matters. */

/** More candidates than this are sorted by the system's sort, which allocates; fewer by insertion, which is quick on what is nearly in order. */
const FEW = 256;

/** Images with their scores, in arrays that are made once and used for one direction after another. */
export class Candidates {
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
