/** Which directions are rendered from several starts, and from which. */
import type { Arm, Plan } from '../../data/schema.ts';
import { RandomStream } from '../render/random.ts';

/** Most renders of one direction; seeds of plans with different `seed` never meet. */
const SEEDS_PER_PLAN = 16;

/** The indices of an arm's `total` directions that get all the seeds, drawn by the plan's seed; fewer or more of the same draw where a `size` is given. */
export function drawSubset(plan: Plan, layer: string, arm: Arm, total: number, size = plan.seeds.subset): Set<number> {
  if (plan.seeds.arms?.every((one) => one !== arm)) return new Set();
  return new Set(new RandomStream(plan.seed, 'subset', layer, arm).permutation(total).slice(0, size));
}

/** The seeds of one direction's renders; the first is the picture shown. */
export function renderSeeds(plan: Plan, inSubset: boolean): number[] {
  return firstSeeds(plan, inSubset ? plan.seeds.count : 1);
}

/** So many seeds: of a unit's pictures that are made together. */
export function firstSeeds(plan: Plan, count: number): number[] {
  return Array.from({ length: count }, (_, i) => plan.seed * SEEDS_PER_PLAN + i);
}
