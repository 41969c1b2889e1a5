/** The level that a direction's score exceeds at a given share of the positions, from a sample of them. */
import { GraphBuilder } from '../../graph/builder.ts';
import { fault } from '../../graph/errors.ts';
import { float32, float32Data, type Tensor } from '../../graph/tensor.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Activations } from '../activations.ts';

/** Network Dissection's share of active positions (Bau, Zhou, Khosla, Oliva and Torralba 2017, §2.2): P(s_v > T_v) = .005. */
export const ACTIVE_SHARE = 0.005;

/** Directions to a product: bounds its result to so many rows of the sample's length. */
const BLOCK = 128;

export interface QuantileRequest {
  readonly runtime: Runtime;
  readonly activations: Pick<Activations, 'channels' | 'sample'>;
  /** `[M,C]`. */
  readonly directions: Float32Array;
  /** The share of positions above; {@link ACTIVE_SHARE} if left out. */
  readonly share?: number;
  readonly signal?: AbortSignal;
}

/**
 * T_v for each of M directions, `[M]`: the (⌊share·k⌋ + 1)-th largest of its k sampled scores, so that no more than the share lie above it, ties or
 * not. The share that truly lies above differs from the one wanted by a standard error of at most {@link quantileError}, since the sample takes
 * equally of every image. Throws for a sample too small to have one score above.
 */
export async function quantiles(request: QuantileRequest): Promise<Float64Array> {
  const { runtime, activations, directions, share = ACTIVE_SHARE, signal } = request;
  const { channels, sample } = activations;
  const rows = sample.length / channels;
  const count = directions.length / channels;
  const above = Math.floor(share * rows + 1e-9);
  if (above < 1)
    throw fault({
      where: 'quantiles',
      expected: `${Math.ceil(1 / share)} positions or more`,
      name: 'the sample',
      received: rows,
      remedy: 'Give more images, or keep more positions of them.',
    });
  const builder = new GraphBuilder();
  builder.input('rows', { dtype: 'float32', shape: [BLOCK, channels] });
  const columns = builder.constant(float32([channels, rows], transpose(sample, rows, channels)));
  const program = await runtime.compile(builder.build([builder.add('MatMul', ['rows', columns], {}, { outputs: ['scores'] })]));
  const levels = new Float64Array(count);
  const block = float32([BLOCK, channels], new Float32Array(BLOCK * channels));
  const heap = new Float32Array(above + 1);
  try {
    for (let from = 0; from < count; from += BLOCK) {
      signal?.throwIfAborted();
      const until = Math.min(count, from + BLOCK);
      block.data.set(directions.subarray(from * channels, until * channels));
      const scores = float32Data((await program.run({ rows: block })).scores as Tensor, 'scores');
      for (let d = from; d < until; d++) levels[d] = smallestOfLargest(scores.subarray((d - from) * rows, (d - from + 1) * rows), heap);
    }
  } finally {
    await program.dispose();
  }
  return levels;
}

/**
 * Standard error of the share of positions above a level taken from k sampled ones: √(share(1 − share)/k), that of independent draws, which equal
 * numbers from every image can only make smaller where each gives some (Cochran, "Sampling techniques", 1977, §5.6). For .005 and 32,768 it is
 * .00039, eight in a hundred of the share. What the share came to, `above` of pass two's counts says exactly.
 */
export function quantileError(share: number, k: number): number {
  return Math.sqrt((share * (1 - share)) / k);
}

/** The smallest of the `heap.length` largest values, with a heap that has it on top. */
function smallestOfLargest(values: Float32Array, heap: Float32Array): number {
  const size = heap.length;
  heap.set(values.subarray(0, size));
  for (let i = (size >> 1) - 1; i >= 0; i--) sink(heap, i);
  for (let i = size; i < values.length; i++) {
    if (values[i] > heap[0]) {
      heap[0] = values[i];
      sink(heap, 0);
    }
  }
  return heap[0];
}

function sink(heap: Float32Array, from: number): void {
  const value = heap[from];
  let i = from;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1] < heap[child]) child++;
    if (heap[child] >= value) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = value;
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c];
  return out;
}
