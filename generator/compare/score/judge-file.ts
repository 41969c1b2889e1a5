/** Directions of a file, judged beside arms that are judged already: a row of their own, and nothing of the others changes. */
import { PLANNED } from '../analysis.ts';
import { FILE_ARM } from '../evidence/draw-directions.ts';
import type { LayerEvidence } from '../evidence/evidence.ts';
import { armScores, imagesId, type JudgedArms, type JudgeRequest, withConcepts } from './judged.ts';
import { compareArms } from './rows.ts';
import { scoreBlindly } from './score-blindly.ts';
import { scoreConcepts } from './score-concepts.ts';

/**
 * `arms` are the other directions of the layer, and `judged` what was found of them: the detectors of the file are counted at their τ.
 * Returns the whole layer.
 */
export async function judgeFile(
  request: JudgeRequest,
  arms: Pick<LayerEvidence, 'directions'>,
  { scores, part, rows }: JudgedArms,
): Promise<JudgedArms> {
  const { evidence, layer, observers } = request;
  const concepts = scoreConcepts(evidence, part.dissection?.tau);
  const own = withConcepts(evidence, await scoreBlindly(request), concepts);
  const input = {
    layer: layer.slug,
    directions: [...armScores(arms.directions, scores), ...armScores(evidence.directions, own)],
    images: imagesId(evidence),
    observers,
    duplicates: new Map(),
  };
  const planned = PLANNED.filter(({ armA, armB }) => armA === FILE_ARM || armB === FILE_ARM);
  return {
    scores: [...scores, ...own],
    rows: [...rows, ...planned.flatMap((row) => compareArms(row, input) ?? [])],
    part: {
      ...part,
      ...(part.dissection && concepts ? { dissection: { ...part.dissection, arms: { ...part.dissection.arms, ...concepts.arms } } } : {}),
    },
  };
}
