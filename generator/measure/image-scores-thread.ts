/** The inside of a scoring thread: blocks of directions through one product of matrices, then M1 of each. */

import { parentPort, workerData } from 'node:worker_threads';
import { GraphBuilder } from '../graph/builder.ts';
import { reason } from '../graph/errors.ts';
import type { Graph } from '../graph/graph.ts';
import { float32, float32Data, type Tensor, zeros } from '../graph/tensor.ts';
import { endWhenAsked } from '../runtime/end-thread.ts';
import { openOnnxRuntime } from '../runtime/onnxruntime.ts';
import type { ScorerData } from './image-scores-data.ts';
import type { ScorerJob, ScorerReply } from './image-scores-engine.ts';
import { BandSelector } from './image-scores-selector.ts';
import { NaturalTask } from './natural-2afc.ts';
import type { CommonReply } from './thread.ts';

endWhenAsked();

/** Directions in one product: enough for the processor's caches to be used well, few enough for their scores to stay in them. */
const BLOCK = 64;
/** Channels that are summed before the sums are: fewer leave less to be settled exactly, and cost more additions. */
const PART = 96;
/** Unit roundoff of float32 and of float64. */
const SINGLE = 2 ** -24;
const DOUBLE = 2 ** -53;
/** Below this, float32 products may be rounded to zero. */
const SMALLEST = 2 ** -126;

const { means, embeddings, order, centred, longest, longestCentred } = workerData as ScorerData;
const channels = means.dimension;
const n = order.length;
const say = (reply: ScorerReply | CommonReply) => parentPort?.postMessage(reply);

/** The scores of a block, `scores` `[BLOCK,n]`: a sum of products of parts of the channels, which bounds what rounding can do by a part's length. */
function scoreGraph(): Graph {
  const builder = new GraphBuilder();
  builder.input('directions', { dtype: 'float32', shape: [BLOCK, channels] });
  let sum = '';
  for (let from = 0; from < channels; from += PART) {
    const until = Math.min(channels, from + PART);
    const columns = builder.constant(float32([until - from, n], centred.subarray(from * n, until * n)));
    const bounds = [from, until, 1, 1].map((value) => builder.integers([value]));
    const product = builder.add('MatMul', [builder.add('Slice', ['directions', ...bounds], {}), columns], {});
    sum = sum === '' ? product : builder.add('Add', [sum, product], {});
  }
  builder.add('Identity', [sum], {}, { outputs: ['scores'] });
  return builder.build(['scores']);
}

const directions = zeros([BLOCK, channels]);
const vector = new Float64Array(channels);

/**
 * How far a product can be from the exact score, less the constant: γ_k Σ|v_c ã_c|, k the roundings that a term can meet, γ_k = k u/(1 − k u) (Higham,
 * "Accuracy and stability of numerical algorithms", 2002, §3.1), in whichever order a part is summed; Σ|v_c ã_c| ≤ ‖v‖‖ã‖. The centring and the exact
 * score have float64's rounding.
 */
function errorBound(): number {
  let squares = 0;
  for (let c = 0; c < channels; c++) squares += vector[c] * vector[c];
  const length = Math.sqrt(squares);
  const steps = Math.min(PART, channels) + Math.ceil(channels / PART) + 2;
  const single = (steps * SINGLE) / (1 - steps * SINGLE);
  return length * (single * longestCentred + 4 * (channels + 4) * DOUBLE * longest) + channels * SMALLEST * (1 + length + longestCentred);
}

try {
  const program = await openOnnxRuntime({ threads: 1 }).compile(scoreGraph(), { resident: ['scores'] });
  const selector = new BandSelector(means, order);
  const task = new NaturalTask(embeddings, selector.top.length);

  const scoreBlock = async ({ vectors, count, results }: ScorerJob, from: number): Promise<number> => {
    const size = Math.min(BLOCK, count - from);
    directions.data.fill(0);
    directions.data.set(vectors.subarray(from * channels, (from + size) * channels));
    const { scores } = await program.run({ directions });
    const approximate = 'resident' in scores ? await scores.read() : scores;
    const values = float32Data(approximate as Tensor, 'scores');
    for (let row = 0; row < size; row++) {
      for (let c = 0; c < channels; c++) vector[c] = directions.data[row * channels + c];
      const constant = selector.select(values, row * n, errorBound(), vector);
      const { top, middle } = selector;
      results.m1[from + row] = task.score({ top, middle, constant });
      results.constant[from + row] = constant ? 1 : 0;
      results.top.set(top, (from + row) * top.length);
      results.middle.set(middle, (from + row) * top.length);
    }
    if ('resident' in scores) scores.dispose();
    return size;
  };

  parentPort?.on('message', async (job: ScorerJob) => {
    try {
      for (;;) {
        const from = BLOCK * Atomics.add(job.control, 0, 1);
        if (from >= job.count || Atomics.load(job.control, 1) === 1) break;
        say({ kind: 'block', directions: await scoreBlock(job, from) });
      }
      say({ kind: 'done' });
    } catch (error) {
      say({ kind: 'failed', message: reason(error) });
    }
  });
  say({ kind: 'ready' });
} catch (error) {
  say({ kind: 'failed', message: reason(error) });
}
