/** A layer's part of the comparison, from its evidence alone. */
import { FILE_ARM } from '../evidence/draw-directions.ts';
import type { LayerEvidence } from '../evidence/evidence.ts';
import type { Parts } from '../evidence/parts.ts';
import { judgeArms } from './judge-arms.ts';
import { judgeFile } from './judge-file.ts';
import type { JudgedLayer, JudgeRequest } from './judged.ts';
import { keepJudged } from './keep-judged.ts';

/**
 * Judges the arms, then the directions of a file, which come last. With `parts`, what was judged of the arms before is used again; without, every
 * figure is computed.
 */
export async function judgeLayer(request: JudgeRequest, parts?: Pick<Parts, 'find' | 'write'>): Promise<JudgedLayer> {
  const { evidence } = request;
  const [arms, file] = [only(evidence, (arm) => arm !== FILE_ARM), only(evidence, (arm) => arm === FILE_ARM)];
  const asked = { ...request, evidence: arms };
  const judged = parts ? await keepJudged(parts, asked, () => judgeArms(asked)) : await judgeArms(asked);
  const whole = file.directions.length > 0 ? await judgeFile({ ...request, evidence: file }, arms, judged) : judged;
  return { ...whole, evidence };
}

/** The directions of some arms. Arrays over pictures stay as they are: those of a file have none. */
function only(evidence: LayerEvidence, wanted: (arm: string) => boolean): LayerEvidence {
  return { ...evidence, directions: evidence.directions.filter(({ arm }) => wanted(arm)) };
}
