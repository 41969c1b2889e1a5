/** How the detectors go as the basis is turned, little by little, into a random one: Network Dissection's figure of Q^α (Bau et al. 2017, §3.2). */
import { countDetectors, type DetectorCounts, type DirectionScore } from './score.ts';

export interface AlphaPoint extends DetectorCounts {
  /** 0: the basis; 1: the rotation Q. */
  readonly alpha: number;
}

/**
 * A point for each α, ascending. `alphas[d]` is the α of direction d, `undefined` for one that is no row of a Q^α. Each α has the rows of one frame,
 * C of them or the same part, so that the numbers compare.
 */
export function alphaCurve(scores: readonly DirectionScore[], alphas: readonly (number | undefined)[], threshold: number): AlphaPoint[] {
  const groups = new Map<number, DirectionScore[]>();
  for (const [d, alpha] of alphas.entries()) {
    if (alpha === undefined) continue;
    const group = groups.get(alpha) ?? [];
    group.push(scores[d]);
    groups.set(alpha, group);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([alpha, group]) => ({ alpha, ...countDetectors(group, threshold) }));
}
