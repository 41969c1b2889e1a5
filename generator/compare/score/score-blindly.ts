/** Scoring without names: the scorer gets opaque ids, in an order that says nothing, and arms are joined to scores afterwards. */
import { sha256 } from '../../batch/canonical.ts';
import { FILE_ARM } from '../evidence/draw-directions.ts';
import type { DirectionEvidence } from '../evidence/evidence.ts';
import type { JudgeRequest } from './judged.ts';
import { type DirectionScore, type OpaqueDirection, scoreLayer } from './score-layer.ts';

/** Arms that get every measure, rendered or not. */
const IN_FULL = ['basis', 'random', FILE_ARM];

/** Hides names and arms, has the directions scored, and puts the scores back in order. */
export async function scoreBlindly({ evidence, layer, analysis, observers, threads, signal }: JudgeRequest): Promise<DirectionScore[]> {
  const opaque = (text: string): string => sha256(`${analysis.sha256} ${layer.slug} ${text}`);
  const arms = [...new Set(evidence.directions.map(({ arm }) => arm))].sort((a, b) => (opaque(a) < opaque(b) ? -1 : 1));
  const transforms = evidence.transformed.length / Math.max(1, evidence.directions.filter(hasPicture).length);
  let [row, first] = [0, 0];
  const directions = evidence.directions.map((direction): OpaqueDirection => {
    const { id, arm, vector, renders } = direction;
    const pictures = renders.map(({ image }) => (image === null ? undefined : row++));
    const start = hasPicture(direction) ? first++ * transforms : 0;
    const transformed = hasPicture(direction) ? [...evidence.transformed.subarray(start, start + transforms)] : [];
    const inFull = renders.length > 0 || IN_FULL.includes(arm);
    return { id: opaque(id), group: arms.indexOf(arm), vector, pictures, transformed, inFull };
  });
  const looks = observers.map((observer) => {
    const [images, pictures] = [evidence.images.embeddings.get(observer), evidence.looks.get(observer)];
    if (!images || !pictures) throw new Error(`${layer.slug}: no evidence of the observer ${observer}`);
    return { images, pictures };
  });
  const scores = await scoreLayer({
    directions,
    channels: layer.shape[0],
    means: evidence.means,
    seen: evidence.seen,
    observers: looks,
    seed: evidence.images.sha256,
    ...(threads ? { threads } : {}),
    ...(signal ? { signal } : {}),
  });
  return directions.map(({ id }) => {
    const found = scores.get(id);
    if (!found) throw new Error(`${layer.slug}: a direction was not scored`);
    return found;
  });
}

function hasPicture({ renders }: DirectionEvidence): boolean {
  return renders.some(({ image }) => image !== null);
}
