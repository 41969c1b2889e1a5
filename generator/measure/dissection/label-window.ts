/** The labels of the images under way: read once each, in order, counted as they come, and forgotten. */
import type { Labels } from '../images/image-set.ts';
import type { ImageCounts } from './counts.ts';
import { type FlatLabels, flattenLabels } from './image-labels.ts';

export class LabelWindow {
  readonly #read: (index: number) => Promise<Labels>;
  readonly #size: number;
  readonly #seen: ImageCounts;
  readonly #labels = new Map<number, FlatLabels>();
  #next = 0;

  /** `seen` gets what is in the labels. */
  constructor(read: (index: number) => Promise<Labels>, size: number, seen: ImageCounts) {
    this.#read = read;
    this.#size = size;
    this.#seen = seen;
  }

  /** Reads on, so that all labels before `end` are there. */
  async readUntil(end: number, signal?: AbortSignal): Promise<void> {
    for (; this.#next < end; this.#next++) {
      signal?.throwIfAborted();
      const flat = flattenLabels(await this.#read(this.#next), this.#size, this.#seen, this.#next);
      count(flat, this.#next % 2, this.#seen);
      this.#labels.set(this.#next, flat);
    }
  }

  /** The labels of an image that was read and not forgotten. */
  at(index: number): FlatLabels {
    const labels = this.#labels.get(index);
    if (!labels) throw new RangeError(`no labels of image ${index}`);
    return labels;
  }

  forget(from: number, until: number): void {
    for (let index = from; index < until; index++) this.#labels.delete(index);
  }
}

function count({ pixels, starts, concepts, carried, cell }: FlatLabels, parity: number, seen: ImageCounts): void {
  seen.images++;
  seen.pixels[parity] += cell.length;
  for (const [j, number] of pixels.entries())
    for (let k = starts[j]; k < starts[j + 1]; k++) seen.present[parity * seen.concepts.length + concepts[k]] += number;
  for (const category of carried) seen.carrying[parity * seen.categories.length + category] += cell.length;
}
