/** M5 `render-top`: do a direction's renders look like the images that it likes best, more than like those that others do? */
import { meanRender } from './synthetic-2afc.ts';
import { againstTops, type TopCounts, type TopItem } from './top-counts.ts';
import type { Embeddings } from './two-afc.ts';

/**
 * M5_d = AUROC of sim(r_d, T_d) against sim(r_d, T_d′) over all other directions d′, r_d the mean of φ over the renders of d: the mean of one AUROC
 * per arm of d′, so that each has half (top-counts.ts). All d′ are taken, so nothing is drawn. 0 to 1, chance ½; a constant direction scores ½;
 * null without a render, or with no other direction. `renders` are the descriptions, unit vectors.
 *
 * Of our own; sees the network through scores alone, so that rotating activations and directions together changes nothing.
 * Pitfalls: an image in both tops counts as a tie, so a layer whose directions share their tops scores near ½; the rest as for M2.
 */
export function renderTop(item: TopItem, renders: readonly Float32Array[], counts: TopCounts, embeddings: Embeddings): number | null {
  if (renders.length === 0) return null;
  if (item.constant) return 0.5;
  return againstTops(item, counts, embeddings, meanRender(renders), item.top);
}
