/** M1 of a layer's random frames: what chance does, for the frame test and the headline's effect size. */
import { openImageScorer } from '../../measure/image-scores-engine.ts';
import type { Rows } from '../../measure/rows.ts';
import { EFFECT_FRAMES, FRAME_ROWS } from '../analysis.ts';
import { frames } from '../directions/random.ts';
import { frameTest } from '../statistics/frame-test.ts';
import type { FrameScores } from './rows.ts';

export interface FrameRequest {
  readonly weightsSha256: string;
  readonly layerName: string;
  readonly channels: number;
  readonly means: Float32Array;
  readonly images: Rows;
  readonly seed: string;
  /** B. */
  readonly count: number;
  /** M1 of min(C, {@link FRAME_ROWS}) channels. */
  readonly basis: readonly number[];
  /** Of those of them that are not constant. */
  readonly varying: readonly number[];
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (frames: number) => void;
}

export interface ScoredFrames extends FrameScores {
  /** Every frame, with its hash and its mean M1. */
  readonly list: readonly { readonly index: number; readonly sha256: string; readonly mean: number }[];
}

/** Frames are scored a few at a time, so that memory holds no more. */
const AT_ONCE = 16;

export async function scoreFrames(request: FrameRequest): Promise<ScoredFrames> {
  const { channels, means, images, seed, count, basis, varying, threads, signal, onProgress } = request;
  const rows = Math.min(channels, FRAME_ROWS);
  const scorer = await openImageScorer({ means, channels, embeddings: images, seed, ...(threads ? { threads } : {}) });
  const list: { index: number; sha256: string; mean: number }[] = [];
  const kept: number[][] = [];
  try {
    let block: { index: number; sha256: string; rows: Float64Array }[] = [];
    const flush = async () => {
      const vectors = new Float32Array(block.length * rows * channels);
      for (const [i, frame] of block.entries()) vectors.set(frame.rows, i * rows * channels);
      const { m1 } = await scorer.score(vectors, signal ? { signal } : {});
      for (const [i, { index, sha256 }] of block.entries()) {
        const own = Array.from(m1.subarray(i * rows, (i + 1) * rows));
        if (kept.length < EFFECT_FRAMES) kept.push(own);
        list.push({ index, sha256, mean: own.reduce((sum, value) => sum + value, 0) / rows });
      }
      block = [];
      onProgress?.(list.length);
    };
    for (const frame of frames(request, count, rows)) {
      block.push(frame);
      if (block.length === AT_ONCE) await flush();
    }
    if (block.length > 0) await flush();
  } finally {
    await scorer.dispose();
  }
  const statistic = basis.reduce((sum, value) => sum + value, 0) / basis.length;
  return {
    list,
    channels: basis,
    varying,
    frames: kept,
    test: frameTest(
      statistic,
      list.map(({ mean }) => mean),
    ),
  };
}
