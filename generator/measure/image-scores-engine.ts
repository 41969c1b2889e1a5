/** M1 of very many directions of a layer: the frame test scores hundreds of thousands. */
import { availableParallelism } from 'node:os';
import { bandSizes } from './bands.ts';
import { countRows, prepareScorer, requireFinite, type ScorerRequest, shared } from './image-scores-data.ts';
import { endThreads, startThreads } from './thread.ts';

/** How a run is watched and stopped. */
export interface ScoreDirectionsOptions {
  readonly signal?: AbortSignal;
  /** Called with the number of directions scored so far. */
  readonly onProgress?: (done: number) => void;
}

/** Of every direction, in the order given. */
export interface DirectionScores {
  /** M1, `[count]`. */
  readonly m1: Float64Array;
  /** 1 for a constant direction, `[count]`: its M1 is ½, and its images mean nothing. */
  readonly constant: Uint8Array;
  /** Images in T, and in M. */
  readonly t: number;
  /** T and M by falling score, `[count,t]`: indices of images. */
  readonly top: Uint32Array;
  readonly middle: Uint32Array;
}

/** The threads of one layer, started. */
export interface ImageScorer {
  /** Scores directions, `[count,C]`; one call at a time. Rejects with the signal's reason when it is aborted. */
  score(vectors: Float32Array, options?: ScoreDirectionsOptions): Promise<DirectionScores>;
  dispose(): Promise<void>;
}

/** What a thread is asked for: blocks of directions, taken from a common counter, until there are none. `control` is the next block, and whether to stop. */
export interface ScorerJob {
  readonly vectors: Float32Array;
  readonly count: number;
  readonly results: DirectionScores;
  readonly control: Int32Array;
}

/** What a thread says: that a block is done, and that there are no more. */
export type ScorerReply = { readonly kind: 'block'; readonly directions: number } | { readonly kind: 'done' };

/**
 * Starts the threads. Scores are one product of matrices for each block of directions, by onnxruntime in float32, of activations less their mean;
 * what that leaves open by its rounding is settled in float64 (image-scores-selector.ts). So a direction's result is that of chooseBands and
 * naturalTwoAfc to the last bit, whatever the number of threads, the other directions and the machine.
 */
export async function openImageScorer(request: ScorerRequest): Promise<ImageScorer> {
  const data = prepareScorer(request);
  const { channels, threads = availableParallelism() } = request;
  const workers = await startThreads<ScorerJob, ScorerReply>(new URL('./image-scores-thread.ts', import.meta.url), threads, data);
  return {
    dispose: () => endThreads(workers),
    score: async (vectors, { signal, onProgress } = {}) => {
      signal?.throwIfAborted();
      const count = countRows(vectors, channels, 'the directions');
      requireFinite(vectors, 'the directions');
      const { t } = bandSizes(data.order.length);
      const results: DirectionScores = {
        t,
        m1: new Float64Array(new SharedArrayBuffer(8 * count)),
        constant: new Uint8Array(new SharedArrayBuffer(count)),
        top: new Uint32Array(new SharedArrayBuffer(4 * count * t)),
        middle: new Uint32Array(new SharedArrayBuffer(4 * count * t)),
      };
      const control = new Int32Array(new SharedArrayBuffer(8));
      const halt = () => void Atomics.store(control, 1, 1);
      signal?.addEventListener('abort', halt);
      const job: ScorerJob = { vectors: shared(vectors), count, results, control };
      let done = 0;
      const advance = (reply: ScorerReply) => {
        if (reply.kind !== 'block') return;
        done += reply.directions;
        onProgress?.(done);
      };
      const work = async (worker: (typeof workers)[number]) => {
        try {
          await worker.ask(job, (reply) => reply.kind === 'done', advance);
        } catch (error) {
          halt();
          throw error;
        }
      };
      try {
        // All have ended before the arrays are given up; one that fails stops the others.
        const ends = await Promise.allSettled(workers.map(work));
        signal?.throwIfAborted();
        for (const end of ends) if (end.status === 'rejected') throw end.reason;
      } finally {
        signal?.removeEventListener('abort', halt);
      }
      return results;
    },
  };
}

/** Scores directions once: {@link openImageScorer} for one call. `vectors` is `[count,C]`. */
export async function scoreDirections({
  vectors,
  signal,
  onProgress,
  ...request
}: ScorerRequest & ScoreDirectionsOptions & { readonly vectors: Float32Array }): Promise<DirectionScores> {
  const scorer = await openImageScorer(request);
  try {
    return await scorer.score(vectors, { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) });
  } finally {
    await scorer.dispose();
  }
}
