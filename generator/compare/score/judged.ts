/** What judging a layer takes and gives, and the steps that all of its directions share. */
import type { AtlasLayer, Comparison, ComparisonResult } from '../../../data/schema.ts';
import type { AnalysisPlan } from '../analysis.ts';
import type { DirectionEvidence, LayerEvidence } from '../evidence/evidence.ts';
import type { ArmScore } from './rows.ts';
import type { ScoredConcepts } from './score-concepts.ts';
import { type DirectionScore, stored } from './score-layer.ts';

export interface JudgeRequest {
  readonly evidence: LayerEvidence;
  readonly layer: AtlasLayer;
  readonly weightsSha256: string;
  readonly analysis: AnalysisPlan;
  /** Ids, the hand-built one first. */
  readonly observers: readonly string[];
  readonly seed: number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (frames: number) => void;
}

/** Of a direction's score what the comparison has of it. */
export interface JudgedScore extends Pick<DirectionScore, 'measures' | 'top' | 'middle'> {
  readonly moments: Pick<DirectionScore['moments'], 'mu' | 'sigma' | 'constant'>;
  readonly renders: readonly Pick<DirectionScore['renders'][number], 'score' | 'exceeds'>[];
  readonly concept?: string | undefined;
}

/** Directions of a layer, judged: their scores in the order of the evidence, and the layer's part of the comparison. */
export interface JudgedArms {
  readonly scores: readonly JudgedScore[];
  readonly part: Omit<Comparison['layers'][number], 'results'>;
  /** Before the p-values of all layers are adjusted together. */
  readonly rows: readonly ComparisonResult[];
}

export interface JudgedLayer extends JudgedArms {
  readonly evidence: LayerEvidence;
}

export function imagesId({ images }: Pick<LayerEvidence, 'images'>): string {
  return `${images.id}-at-${images.size}`;
}

/** The scores with M3 and its concept, where the directions were dissected. */
export function withConcepts(
  { directions }: Pick<LayerEvidence, 'directions'>,
  scores: readonly DirectionScore[],
  concepts: ScoredConcepts | undefined,
): (DirectionScore & { readonly concept?: string })[] {
  return directions.map(({ id }, d) => {
    const concept = concepts?.byId.get(id);
    const score = scores[d];
    if (!concept) return score;
    const known = concept.concept >= 0 ? concepts?.names[concept.concept] : undefined;
    return { ...score, measures: { ...score.measures, dissection: stored(concept.iou) }, ...(known ? { concept: known } : {}) };
  });
}

/** Directions as the tests see them. */
export function armScores(directions: readonly DirectionEvidence[], scores: readonly Pick<JudgedScore, 'measures'>[]): ArmScore[] {
  return directions.map(({ arm, index, frame, renders }, d) => ({
    arm,
    index,
    ...(frame === undefined || arm !== 'random' ? {} : { frame }),
    renders: renders.length,
    scores: scores[d].measures,
  }));
}
