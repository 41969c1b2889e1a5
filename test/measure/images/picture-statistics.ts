/** What the pixels of a generated set say of its labels: shared by the quick tests and the long one. */
import { composeImage } from '../../../generator/measure/images/procset/compose.ts';
import { CONCEPTS } from '../../../generator/measure/images/procset/concepts.ts';

export interface SetStatistics {
  readonly n: number;
  /** Share of all pixels that have each concept. */
  readonly share: Float64Array;
  /** Images with each concept. */
  readonly images: Float64Array;
  /** Images with both of two concepts, `[131,131]`. */
  readonly both: Float64Array;
}

/** Counts over images `from` to `from + n − 1` at `size`. */
export function countConcepts(n: number, size: number, from = 0): SetStatistics {
  const count = CONCEPTS.length;
  const [share, images, both] = [new Float64Array(count), new Float64Array(count), new Float64Array(count * count)];
  for (let index = from; index < from + n; index++) {
    const { labels } = composeImage(index, size);
    const pixels = new Float64Array(labels.concepts.length);
    for (const cell of labels.cell) pixels[cell]++;
    const here = new Set<number>();
    labels.concepts.forEach((concepts, cell) => {
      for (const concept of concepts) {
        share[concept] += pixels[cell] / (n * size * size);
        here.add(concept);
      }
    });
    for (const a of here) {
      images[a]++;
      for (const b of here) both[a * count + b]++;
    }
  }
  return { n, share, images, both };
}

/** A grating's marginals have the pixels of four or six gratings: the pixels of `grating-45`, `grating-8px`. */
export const isMarginal = (id: string): boolean => /^grating-\d+(px)?$/.test(id);

/** Of pairs of concepts of two categories: how often both are in an image, over how often they would be were they independent. */
export function coOccurrence({ n, images, both }: SetStatistics, first: string, second: string): { ratio: number; worst: number } {
  let [seen, expected, worst] = [0, 0, 0];
  for (let a = 0; a < CONCEPTS.length; a++) {
    for (let b = 0; b < CONCEPTS.length; b++) {
      if (CONCEPTS[a].category !== first || CONCEPTS[b].category !== second || isMarginal(CONCEPTS[a].id) || isMarginal(CONCEPTS[b].id))
        continue;
      const product = (images[a] * images[b]) / n;
      seen += both[a * CONCEPTS.length + b];
      expected += product;
      worst = Math.max(worst, Math.abs(both[a * CONCEPTS.length + b] - product) / Math.sqrt(product));
    }
  }
  return { ratio: seen / expected, worst };
}
