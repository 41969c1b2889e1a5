/** M1 of very many directions of a layer: the frame test scores hundreds of thousands. */
import { availableParallelism } from 'node:os';
import { fault } from '../graph/errors.ts';
import { bandSizes, drawOrder } from './bands.ts';
import type { Rows } from './rows.ts';
import { endThreads, startThreads } from './thread.ts';
import type { Embeddings } from './two-afc.ts';

/** The images of a layer, as directions are scored on them. */
export interface ScorerRequest {
  /** Ā, `[n,C]`. */
  readonly means: Float32Array;
  readonly channels: number;
  /** φ of the same images, unit rows. */
  readonly embeddings: Embeddings;
  /** Fixes which middling images are drawn (bands.ts): the SHA-256 of the image set. */
  readonly seed: string;
  /** Threads that score; as many as there are cores if left out. */
  readonly threads?: number;
}

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

export interface ImageScorer {
  /** Scores directions, `[count,C]`; one call at a time. Rejects with the signal's reason when it is aborted. */
  score(vectors: Float32Array, options?: ScoreDirectionsOptions): Promise<DirectionScores>;
  dispose(): Promise<void>;
}

/** What a thread is started with; all arrays are shared. */
export interface ScorerData {
  readonly means: Rows;
  readonly embeddings: Embeddings;
  readonly order: Uint32Array;
  /** Ā less its mean, transposed, `[C,n]`. */
  readonly centred: Float32Array;
  /** The greatest length of a row of Ā, and of Ā less its mean. */
  readonly longest: number;
  readonly longestCentred: number;
}

/** What a thread is asked for: blocks of directions, taken from a common counter, until there are none. `control` is the next block, and whether to stop. */
export interface ScorerJob {
  readonly vectors: Float32Array;
  readonly count: number;
  readonly results: DirectionScores;
  readonly control: Int32Array;
}

export type ScorerReply = { readonly kind: 'block'; readonly directions: number } | { readonly kind: 'done' };

/**
 * Starts the threads. Scores are one product of matrices for each block of directions, by onnxruntime in float32, of activations less their mean;
 * what that leaves open by its rounding is settled in float64 (image-scores-selector.ts). So a direction's result is that of chooseBands and
 * naturalTwoAfc to the last bit, whatever the number of threads, the other directions and the machine.
 */
export async function openImageScorer(request: ScorerRequest): Promise<ImageScorer> {
  const data = prepare(request);
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

function prepare({ means, channels, embeddings, seed }: ScorerRequest): ScorerData {
  const n = countRows(means, channels, 'the mean activations');
  requireFinite(means, 'the mean activations');
  requireFinite(embeddings.rows, 'what the observer sees');
  if (countRows(embeddings.rows, embeddings.dimension, 'what the observer sees') !== n)
    throw fault({
      where: 'the comparison',
      expected: `${n} images`,
      name: 'what the observer sees',
      received: embeddings.rows.length / embeddings.dimension,
      remedy: 'Activations and embeddings must be of the same images: compute both again.',
    });
  bandSizes(n);
  const mean = new Float64Array(channels);
  for (let i = 0; i < means.length; i++) mean[i % channels] += means[i] / n;
  const centred = shared(new Float32Array(means.length));
  let [longest, longestCentred] = [0, 0];
  for (let image = 0; image < n; image++) {
    let [length, lengthCentred] = [0, 0];
    for (let c = 0; c < channels; c++) {
      const value = means[image * channels + c];
      const away = value - mean[c];
      centred[c * n + image] = away;
      length += value * value;
      lengthCentred += away * away;
    }
    longest = Math.max(longest, Math.sqrt(length));
    longestCentred = Math.max(longestCentred, Math.sqrt(lengthCentred));
  }
  return {
    means: { rows: shared(means), dimension: channels },
    embeddings: { rows: shared(embeddings.rows), dimension: embeddings.dimension },
    order: shared(drawOrder(n, seed)),
    centred,
    longest,
    longestCentred,
  };
}

function countRows(values: Float32Array, length: number, name: string): number {
  const count = values.length / length;
  if (Number.isInteger(count)) return count;
  throw fault({
    where: 'the comparison',
    expected: `whole rows of ${length} values`,
    name,
    received: `${values.length} values`,
    remedy: 'They are of another layer, or were cut short: compute them again.',
  });
}

/** No sum of products of such numbers, fewer than a million, leaves float32. */
const LARGEST = 1e15;

function requireFinite(values: Float32Array, name: string): void {
  for (let i = 0; i < values.length; i++)
    if (!(Math.abs(values[i]) <= LARGEST))
      throw fault({
        where: 'the comparison',
        expected: `numbers up to ${LARGEST}`,
        name,
        received: String(values[i]),
        remedy: 'The network gives no usable activations on these images: leave the layer out.',
      });
}

/** The array itself where it is shared already, otherwise a shared copy. */
function shared<T extends Float32Array | Uint32Array>(array: T): T {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const Kind = array.constructor as new (buffer: SharedArrayBuffer) => T;
  const copy = new Kind(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}
