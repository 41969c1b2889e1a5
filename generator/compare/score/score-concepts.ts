/** M3 of a layer, from counts: its directions' concepts, the detectors of each arm, and both along the turned bases. */
import type { Comparison } from '../../../data/schema.ts';
import { countsOfRecords } from '../../measure/dissection/records.ts';
import { type DirectionScore as ConceptScore, countDetectors, DETECTOR_IOU, scoreDissection } from '../../measure/dissection/score.ts';
import { ALPHAS, rotatedArm } from '../directions/rotated.ts';
import type { LayerEvidence } from '../evidence/evidence.ts';
import { type DirectionScore, stored } from './score-layer.ts';

/** What dissection says of a layer. */
export interface ScoredConcepts {
  readonly byId: ReadonlyMap<string, ConceptScore>;
  readonly names: readonly string[];
  readonly tau: number;
  readonly arms: NonNullable<Comparison['layers'][number]['dissection']>['arms'];
}

/**
 * M3 of the directions that were dissected; nothing where none were. τ is what permuted masks give them, unless one is `known`: that of the layer's
 * arms holds for directions that are added to them, so that adding some changes no other figure.
 */
export function scoreConcepts({ dissected, directions }: LayerEvidence, known?: number): ScoredConcepts | undefined {
  if (!dissected) return undefined;
  const ids = directions.map(({ id }) => id).filter((id) => dissected.records.has(id));
  const counts = countsOfRecords(
    dissected.images,
    ids.map((id) => dissected.records.get(id) ?? []),
  );
  if (ids.length === 0) return undefined;
  const { directions: scored, tau: own } = scoreDissection(counts);
  const tau = known ?? own;
  const byId = new Map(ids.map((id, i) => [id, scored[i]]));
  const arms = [...new Set(directions.filter(({ id }) => byId.has(id)).map(({ arm }) => arm))];
  const ofArm = (arm: string) => directions.flatMap((direction) => (direction.arm === arm ? (byId.get(direction.id) ?? []) : []));
  return {
    byId,
    names: dissected.images.concepts.map(({ id }) => id),
    tau: Number(tau.toPrecision(7)),
    arms: Object.fromEntries(arms.map((arm) => [arm, summarise(ofArm(arm), tau)])),
  };
}

function summarise(scores: readonly ConceptScore[], tau: number) {
  const { units, detectors, concepts, alone } = countDetectors(scores, DETECTOR_IOU);
  return { units, detectors, concepts, alone, detectors_calibrated: countDetectors(scores, Math.max(tau, Number.MIN_VALUE)).detectors };
}

/** M1 and the detectors along Q^α, for the α that the layer has. */
export function scoreCurve(
  { directions }: LayerEvidence,
  scores: readonly DirectionScore[],
  concepts: ScoredConcepts | undefined,
): NonNullable<Comparison['layers'][number]['alpha_curve']> {
  return ALPHAS.flatMap((alpha) => {
    const rows = [...directions.keys()].filter((d) => directions[d].arm === rotatedArm(alpha));
    if (rows.length === 0) return [];
    const values = rows.flatMap((d) => scores[d].measures.natural_2afc ?? []);
    const {
      detectors,
      concepts: kinds,
      alone,
      detectors_calibrated,
    } = concepts?.arms[rotatedArm(alpha)] ?? {
      detectors: null,
      concepts: null,
      alone: null,
      detectors_calibrated: null,
    };
    return [
      {
        alpha,
        n: rows.length,
        natural_2afc: stored(values.reduce((sum, value) => sum + value, 0) / values.length),
        detectors,
        concepts: kinds,
        alone,
        detectors_calibrated,
      },
    ];
  });
}
