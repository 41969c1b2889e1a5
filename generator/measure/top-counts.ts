/** How often every image is among the top of some directions: the distractors that look like what directions like. */
import { dotRow } from './rows.ts';
import type { Embeddings } from './two-afc.ts';

/** A direction as the scorer sees it: no name, no arm, only a number for the group it belongs to. */
export interface TopItem {
  readonly group: number;
  /** T: its top images. */
  readonly top: Uint32Array;
  readonly constant: boolean;
}

/** For every group, how many of its directions have an image among their top, `[n]`. Constant directions have none. */
export type TopCounts = ReadonlyMap<number, Uint32Array>;

/** Counts over `n` images; the groups in ascending order. */
export function countTops(items: readonly TopItem[], n: number): TopCounts {
  const counts = new Map<number, Uint32Array>();
  for (const { group, top, constant } of items.toSorted((a, b) => a.group - b.group)) {
    const count = counts.get(group) ?? new Uint32Array(n);
    counts.set(group, count);
    if (!constant) for (const image of top) count[image]++;
  }
  return counts;
}

/**
 * The mean over groups of AUROC(positives, e(images of the top of the group's other directions)), each image as often as it is in such a top:
 * all are taken, so that nothing is drawn, and with two arms they have half each, whatever their sizes. `allow` leaves out images. Null where no
 * group has any.
 */
export function againstTops(
  item: TopItem,
  counts: TopCounts,
  embeddings: Embeddings,
  explanation: Float64Array,
  positives: ArrayLike<number>,
  allow: (image: number) => boolean = () => true,
): number | null {
  const own = new Set(item.constant ? [] : item.top);
  const queries = Float64Array.from(positives, (image) => dotRow(embeddings, image, explanation));
  const groups = [...counts].map(([group, count]) => ({ count, less: group === item.group ? 1 : 0, wins: 0, weight: 0 }));
  const n = groups[0]?.count.length ?? 0;
  for (let image = 0; image < n; image++) {
    const weights = groups.map(({ count, less }) => count[image] - (own.has(image) ? less : 0));
    if (!weights.some((weight) => weight > 0) || !allow(image)) continue;
    const value = dotRow(embeddings, image, explanation);
    let wins = 0;
    for (const query of queries) wins += query > value ? 1 : query === value ? 0.5 : 0;
    for (const [g, group] of groups.entries()) {
      group.wins += weights[g] * wins;
      group.weight += weights[g];
    }
  }
  const areas = groups.filter(({ weight }) => weight > 0).map(({ wins, weight }) => wins / (weight * queries.length));
  return areas.length === 0 ? null : areas.reduce((sum, area) => sum + area, 0) / areas.length;
}
