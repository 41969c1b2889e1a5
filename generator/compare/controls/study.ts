/** What the controls share: the evidence of the comparison that they stand beside, and the few steps that all of them take with it. */
import type { Atlas, AtlasLayer, Comparison, Control } from '../../../data/schema.ts';
import type { Engine } from '../../batch/engine.ts';
import { type DirectionScores, openImageScorer, scoreDirections } from '../../measure/image-scores-engine.ts';
import type { ImageSet } from '../../measure/images/image-set.ts';
import { readActivations } from '../../measure/passes/read-activations.ts';
import type { Rows } from '../../measure/rows.ts';
import type { Model } from '../../models/model.ts';
import { RandomStream } from '../../render/random.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { EFFECT_FRAMES, FRAME_ROWS } from '../analysis.ts';
import { frames } from '../directions/random.ts';
import type { Stages } from '../evidence/gather.ts';
import { bcaEnds, bootstrap } from '../statistics/bca-bootstrap.ts';
import { cliffsDelta } from '../statistics/cliffs-delta.ts';
import { frameTest } from '../statistics/frame-test.ts';
import type { Planting } from './planting.ts';

/** A layer of the comparison, from its evidence. */
export interface StudyLayer {
  readonly layer: AtlasLayer;
  /** Ā, `[n,C]`. */
  readonly means: Float32Array;
  /** φ of the images, by the first observer. */
  readonly embeddings: Rows;
  readonly images: { readonly n: number; readonly size: number; readonly sha256: string };
  /** Directions of the confirmatory arms, as the comparison has them. */
  readonly directions: readonly StudyDirection[];
}

/** A direction's M1, and the images that it was judged on; none of a constant one. */
export interface StudyDirection {
  readonly arm: string;
  readonly m1: number | null;
  readonly top: Uint32Array;
  readonly middle: Uint32Array;
}

/** The arms that the headline compares. */
export const ARMS_COMPARED = ['basis', 'random'] as const;

export interface Study {
  readonly atlas: Atlas;
  readonly comparison: Comparison;
  readonly layers: readonly StudyLayer[];
  readonly model: Model;
  readonly runtime: Runtime;
  readonly engine: Pick<Engine, 'openRenderer'>;
  /** The images of a size that the comparison looked at. */
  images(size: number): Promise<ImageSet>;
  /** The network with planted detectors, made when it is first asked for. */
  readonly planting: () => Promise<Planting>;
  readonly batch: number;
  readonly stages: Stages;
  readonly signal?: AbortSignal;
}

/** A control before it is run. */
export interface ControlDefinition {
  readonly id: string;
  readonly title: string;
  /** In words, with the numbers. */
  readonly passes_if: string;
  run(study: Study): Promise<Pick<Control, 'pass' | 'values'>>;
}

/** A layer's directions as they are scored: M1 and what it was computed from. */
export interface Scored {
  readonly means: Float32Array;
  readonly channels: number;
  readonly embeddings: Rows;
  /** Hash of the images, which names the draw of the middle band. */
  readonly seed: string;
}

/** M1 of unit vectors, `[count,C]`. */
export async function scoreVectors(scored: Scored, vectors: Float32Array, { runtime, signal }: Study): Promise<DirectionScores> {
  return scoreDirections({ ...scored, vectors, threads: runtime.threads, ...(signal ? { signal } : {}) });
}

/** e_1 … e_C, or the rows of a rotation, `[count,C]`. */
export function rowsOf(rotation: Float64Array | undefined, channels: number, count = channels): Float32Array {
  const rows = new Float32Array(count * channels);
  if (rotation) rows.set(Float32Array.from(rotation.subarray(0, count * channels)));
  else for (let c = 0; c < count; c++) rows[c * channels + c] = 1;
  return rows;
}

/** Row j is R·e_j, the column of R. */
export function columnsOf(rotation: Float64Array, channels: number): Float32Array {
  const rows = new Float32Array(channels * channels);
  for (let j = 0; j < channels; j++) for (let i = 0; i < channels; i++) rows[j * channels + i] = rotation[i * channels + j];
  return rows;
}

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

/** A Haar-random rotation, row-major `[C,C]`, that no arm and no frame test draws. */
export function haarRotation(channels: number, name: readonly [weights: string, layer: string]): Float64Array {
  const [frame] = [...frames({ weightsSha256: `control ${name[0]}`, layerName: name[1], channels }, 1, channels)];
  return frame.rows;
}

/** The first `n` images of a set, or all, without their concepts. */
export function firstOf({ id, kind, n: all, size, sha256, picture }: ImageSet, n: number): ImageSet {
  return { id, kind, n: Math.min(n, all), size, sha256, picture };
}

/** Rows of the first `n` images. */
export function firstRows({ rows, dimension }: Rows, n: number): Rows {
  return { rows: rows.subarray(0, n * dimension), dimension };
}

/** What a layer of a network does on images: Ā `[n,C]`, and positions. */
export async function readLayerOf(study: Study, model: Model, layer: string, images: ImageSet, title?: string) {
  const { runtime, batch, stages, signal } = study;
  if (title) stages.begin(title, images.n);
  const read = await readActivations({
    ...{ model, runtime, layers: [layer], images, batch },
    ...(title ? { onProgress: stages.done } : {}),
    ...(signal ? { signal } : {}),
  });
  const found = read.get(layer);
  if (!found) throw new Error(`${layer}: nothing was read`);
  return found;
}

export function average(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Six digits, for the record. */
export function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
