/** The two-alternative task of a machine observer: given an explanation, which of two images belongs to the direction? */
import { auroc } from './auroc.ts';
import { dotRow, type Rows } from './rows.ts';

/** What an observer sees of the images: φ as unit rows, `[n,dimension]`. */
export type Embeddings = Rows;

/** e(q) = φ(q)·explanation for every query. */
export function evidence(embeddings: Embeddings, explanation: Float64Array, queries: ArrayLike<number>): Float64Array {
  return Float64Array.from(queries, (image) => dotRow(embeddings, image, explanation));
}

/**
 * AUROC(e(positives), e(negatives)): how often an observer who is shown the explanation and two images, one of either kind, takes the right one,
 * over all pairs, so that no noise of trials remains (Borowski et al. 2021 ask people; Klindt et al. 2023 a machine). 0 to 1, chance ½.
 */
export function twoAfc(
  embeddings: Embeddings,
  explanation: Float64Array,
  positives: ArrayLike<number>,
  negatives: ArrayLike<number>,
): number {
  return auroc(evidence(embeddings, explanation, positives), evidence(embeddings, explanation, negatives));
}
