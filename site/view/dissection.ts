/** What dissection found in a layer: counts of each arm, and which concepts each arm detects. */
import type { AtlasStore, Layer } from '../store/load-atlases.ts';
import { comparedLayer } from './comparison.ts';
import { DETECTOR_IOU } from './concepts.ts';
import { dissectedOf, PLOTTED, type PlottedArm, type Point } from './points.ts';

/** A concept that some direction detects, with the detectors of each arm, the best first. */
export interface FoundConcept {
  readonly concept: string;
  readonly basis: readonly Point[];
  readonly random: readonly Point[];
}

/** Concepts that channels or random directions detect, those with the best detector first. */
export function foundConcepts(store: AtlasStore, layer: Layer): FoundConcept[] {
  const found = new Map<string, Record<PlottedArm, Point[]>>();
  for (const arm of PLOTTED) {
    for (const point of dissectedOf(store, layer, arm)) {
      if (point.value <= DETECTOR_IOU) continue;
      const entry = found.get(point.concept) ?? { basis: [], random: [] };
      entry[arm].push(point);
      found.set(point.concept, entry);
    }
  }
  const best = ({ basis, random }: FoundConcept) => Math.max(basis[0]?.value ?? 0, random[0]?.value ?? 0);
  const sorted = (points: Point[]) => points.toSorted((a, b) => b.value - a.value);
  return [...found]
    .map(([concept, { basis, random }]) => ({ concept, basis: sorted(basis), random: sorted(random) }))
    .sort((a, b) => best(b) - best(a));
}

/** Counts of the arms a reader compares: channels, random directions, and as many rows of a full rotation as there are channels. */
export function detectorCounts(store: AtlasStore, layer: Layer) {
  const dissection = comparedLayer(store, layer)?.dissection;
  if (!dissection) return undefined;
  const rows = ['basis', 'rotated-1', 'random', 'basis-negative'].flatMap((arm) => {
    const counts = dissection.arms[arm];
    return counts && counts.units > 0 ? [{ arm, ...counts }] : [];
  });
  return { tau: dissection.tau, rows };
}
