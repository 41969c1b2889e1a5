/** M4 `render-identity`: do independent renders of one direction look alike, and unlike those of others? */
import { auroc } from './auroc.ts';
import { similarity } from './observer.ts';

/** A direction as the scorer sees it: no name, no arm, only a number for the group it belongs to. */
export interface IdentityItem {
  /** Which arm, as an opaque number; groups share the distractors evenly. */
  readonly group: number;
  /** Descriptions of its renders, by seed: `[seeds][F]`, unit vectors. The same place is the same seed in every item. */
  readonly renders: readonly (Float32Array | undefined)[];
}

/**
 * M4_d = AUROC of sim(r_ds, r_ds′), s ≠ s′, against sim(r_ds, r_d′s″), d′ ≠ d, s″ ≠ s: 0 to 1, chance ½. All pairs are taken, and the AUROC is
 * the mean of one per group of d′ (with two arms: half from each), so that neither its size nor its likeness to d's own arm favours an arm.
 * Both sides have different seeds, so that a start or a transformation shared by a seed cannot pass for likeness.
 *
 * Returns one value per item, null with fewer than two renders or with no other direction to tell it from.
 * Pitfalls: needs no images and says nothing about them; a direction whose renders are all grey noise scores well if no other's are; the
 * observer sees no more than its features; in a layer of few kinds of pictures all directions score low.
 */
export function renderIdentity(items: readonly IdentityItem[]): (number | null)[] {
  const groups = [...new Set(items.map((item) => item.group))].sort((a, b) => a - b);
  return items.map((item) => {
    const same: number[] = [];
    const other = new Map<number, number[]>(groups.map((group) => [group, []]));
    for (const [s, render] of item.renders.entries()) {
      if (render === undefined) continue;
      for (const rival of items) {
        const target = rival === item ? same : other.get(rival.group);
        for (const [t, candidate] of rival.renders.entries()) {
          if (t !== s && candidate !== undefined) target?.push(similarity(render, candidate));
        }
      }
    }
    const areas = [...other.values()].filter((values) => values.length > 0).map((values) => auroc(same, values));
    return same.length === 0 || areas.length === 0 ? null : areas.reduce((sum, area) => sum + area, 0) / areas.length;
  });
}
