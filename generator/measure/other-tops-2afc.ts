/** M1b `other-tops-2afc`: M1 where the negatives are images that other directions like best. */
import { bandSizes, halves, rankImages } from './bands.ts';
import { meanRow } from './rows.ts';
import { againstTops, type TopCounts, type TopItem } from './top-counts.ts';
import type { Embeddings } from './two-afc.ts';

/**
 * M1b = ½ [AUROC(e₁(T₂), e₁(X)) + AUROC(e₂(T₁), e₂(X))] with T₁, T₂, e₁, e₂ as in M1, and X the top images of all other directions, as often as
 * they are in such a top, that lie below this direction's own 60th percentile; the mean of one AUROC per arm, so that each has half (top-counts.ts).
 * X is never part of an explanation and need not be split. 0 to 1, chance ½; a constant direction scores ½; null where X is empty.
 *
 * A control of M1 of our own: an observer that only tells striking images from bland ones scores high in M1 and ½ here. `scores` are the
 * direction's own, `[n]`, of which only the ranking counts: rotating all directions and the activations together changes nothing.
 * Pitfalls: depends on which other directions there are, so it compares arms within one layer and one plan; a near copy of the direction is kept
 * out by the 60th percentile, one that shares only its best images is too.
 */
export function otherTopsTwoAfc(item: TopItem, scores: Float64Array, counts: TopCounts, embeddings: Embeddings): number | null {
  if (item.constant) return 0.5;
  const below = new Uint8Array(scores.length);
  for (const image of rankImages(scores).subarray(bandSizes(scores.length).from)) below[image] = 1;
  const [top1, top2] = halves(item.top);
  const areas = [
    [top1, top2],
    [top2, top1],
  ].map(([shown, asked]) => againstTops(item, counts, embeddings, meanRow(embeddings, shown), asked, (image) => below[image] === 1));
  const [first, second] = areas;
  return first === null || second === null ? null : (first + second) / 2;
}
