/** What the controls share: the evidence of the comparison that they stand beside, and the few steps that all of them take with it. */
import type { Atlas, AtlasLayer, Comparison, Control } from '../../../data/schema.ts';
import type { Engine } from '../../batch/engine.ts';
import { type DirectionScores, scoreDirections } from '../../measure/image-scores-engine.ts';
import type { ImageSet } from '../../measure/images/image-set.ts';
import { readActivations } from '../../measure/passes/read-activations.ts';
import type { Rows } from '../../measure/rows.ts';
import type { Model } from '../../models/model.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { frames } from '../directions/random.ts';
import type { Stages } from '../evidence/gather.ts';
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
