/** How directions stand to Haar frames of their layer: what the controls on whole networks ask. */
import { openImageScorer } from '../../measure/image-scores-engine.ts';
import { RandomStream } from '../../render/random.ts';
import { EFFECT_FRAMES, FRAME_ROWS } from '../analysis.ts';
import { frames } from '../directions/random.ts';
import { bcaEnds, bootstrap } from '../statistics/bca-bootstrap.ts';
import { cliffsDelta } from '../statistics/cliffs-delta.ts';
import { frameTest } from '../statistics/frame-test.ts';
import { average, rounded, type Scored, type Study } from './study.ts';

/** How a set of orthonormal directions stands to Haar frames of the same layer. */
export interface AgainstFrames {
  /** Its M1. */
  readonly values: readonly number[];
  /** Cliff's δ of its M1 against that of the rows of the first {@link EFFECT_FRAMES} frames. */
  readonly delta: number;
  /** Its 95% interval, frames resampled first; null where all resamples are equal. */
  readonly ci: readonly [number, number] | null;
  /** Two-sided, by the frame test. */
  readonly p: number;
  readonly mean: number;
  readonly frameMean: number;
}

/** "Not told from frames": p of the frame test is at least this, so that a right answer fails in 1 of 100. */
export const NULL_P = 0.01;

/** For the record. */
export function report({ delta, ci, p, mean, frameMean }: AgainstFrames) {
  return { delta: rounded(delta), ci: ci?.map(rounded) ?? null, p: rounded(p), mean: rounded(mean), frame_mean: rounded(frameMean) };
}

/** Frames where a control does not say: the least with which p can be below .01, and not more, since each takes time. */
export const CONTROL_FRAMES = 249;
const RESAMPLES = 999;
/** Frames are scored a few at a time, so that memory holds no more. */
const AT_ONCE = 16;

/** Compares sets of directions, `[count,C]` each, of which the first {@link FRAME_ROWS} count, with the {@link CONTROL_FRAMES} frames that `name` draws. */
export async function againstFrames(
  scored: Scored,
  sets: readonly Float32Array[],
  name: readonly [weights: string, layer: string],
  { runtime, signal }: Pick<Study, 'runtime' | 'signal'>,
): Promise<AgainstFrames[]> {
  const { channels } = scored;
  const rows = Math.min(channels, FRAME_ROWS);
  const scorer = await openImageScorer({ ...scored, threads: runtime.threads });
  const options = signal ? { signal } : {};
  const chance: number[][] = [];
  try {
    const own = [];
    for (const vectors of sets) own.push(Array.from((await scorer.score(vectors, options)).m1));
    const drawn = frames({ weightsSha256: name[0], layerName: name[1], channels }, CONTROL_FRAMES, rows);
    for (let left = CONTROL_FRAMES; left > 0; left -= AT_ONCE) {
      const block = Array.from({ length: Math.min(left, AT_ONCE) }, () => Float32Array.from(drawn.next().value?.rows ?? []));
      const vectors = new Float32Array(block.length * rows * channels);
      for (const [i, frame] of block.entries()) vectors.set(frame, i * frame.length);
      const { m1 } = await scorer.score(vectors, options);
      for (let i = 0; i < block.length; i++) chance.push(Array.from(m1.subarray(i * rows, (i + 1) * rows)));
    }
    return own.map((values) => stand(values.slice(0, FRAME_ROWS), chance, name));
  } finally {
    await scorer.dispose();
  }
}

function stand(values: readonly number[], chance: readonly (readonly number[])[], name: readonly string[]): AgainstFrames {
  const test = frameTest(average(values), chance.map(average));
  return {
    values,
    ...effectSize(values, chance.slice(0, EFFECT_FRAMES), name),
    p: test.p,
    mean: test.statistic,
    frameMean: test.null.mean,
  };
}

/** Cliff's δ against the rows of some frames, and its interval: frames resampled first, then directions. */
export function effectSize(values: readonly number[], chance: readonly (readonly number[])[], name: readonly string[]) {
  const distribution = bootstrap([values], chance, cliffsDelta, { stream: new RandomStream('controls', ...name), draws: RESAMPLES });
  return { delta: cliffsDelta(values, chance.flat()), ci: distribution && bcaEnds(distribution) };
}
