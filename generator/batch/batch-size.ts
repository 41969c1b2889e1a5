/** How many pictures are rendered at a time: as asked for or as measured, and half as many wherever they do not fit. */
import { AtlasError, fault, reason } from '../graph/errors.ts';
import type { LayerRequest } from '../render/renderer.ts';
import { isOutOfMemory } from '../runtime/out-of-memory.ts';
import type { Engine } from './engine.ts';
import { formatBytes, readMemory } from './memory.ts';

/**
 * Pictures at a time where nothing else is asked for, or one for each thread where there are more of those. On a processor a larger batch gains
 * nothing beyond that, since its pictures are rendered one by one, so that it is measured only where that is asked for.
 */
export const DEFAULT_BATCH = 8;

/** The largest that is tried. */
const LARGEST = 64;
/** Steps of which the first is not counted. */
const STEPS = 4;
/** What is left alone of the free memory, in bytes: for the threads that encode pictures, and for V8. */
const RESERVE = 256 * 2 ** 20;
/** The share of the rest that a batch may take: what a picture takes is an estimate, and others may want some. */
const SHARE = 0.7;
/** More pictures at a time have to be this much faster to be worth their memory. */
const GAIN = 0.97;

/** What one size took. */
interface Trial {
  readonly batch: number;
  readonly milliseconds: number;
  /** What the process held at most, above what it held before the first trial, in bytes. */
  readonly memory: number;
}

/** The size of a run's batches. It only ever shrinks: what did not fit once is not tried again. */
export class BatchSize {
  #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Halves the batch until it fits what is free, `needs` telling about how many bytes a size takes; the line to tell, if any. Beforehand, since
   * a process without memory is mostly not told so: Linux ends it, and V8 ends it where an array for a result is refused.
   */
  fit(needs: (batch: number) => number, layer: string): string | undefined {
    const { free } = readMemory();
    const before = this.#size;
    while (this.#size > 1 && needs(this.#size) > budgetOf(free)) this.#size = Math.floor(this.#size / 2);
    if (this.#size === before) return undefined;
    return `${layer}: ${before} pictures at a time would take about ${formatBytes(needs(before))}, ${formatBytes(free)} are free; going on with ${this.#size}`;
  }

  /**
   * Halves the batch after a failure for want of memory; the line to tell. Throws the error itself if it is another, and a fault that says what
   * to do where a single picture does not fit.
   */
  halve(error: unknown, layer: string): string {
    if (!isOutOfMemory(error)) throw error;
    const { limit, used } = readMemory();
    if (this.#size === 1)
      throw fault({
        where: layer,
        expected: 'memory for one picture',
        name: '--batch 1',
        received: shortly(error),
        remedy: `The process holds ${formatBytes(used)} of ${formatBytes(limit)}: close other programs, raise the limit, or give the plan a smaller "size".`,
        cause: error,
      });
    const before = this.#size;
    this.#size = Math.floor(before / 2);
    return `${layer}: ${before} pictures at a time do not fit into memory (${shortly(error)}); going on with ${this.#size}`;
  }
}

/**
 * Measures sizes 1, 2, 4, … on a layer, a few steps each, and takes the one of the most pictures a second; of equal ones the smallest. It stops
 * where the next would want more than its share of the free memory, where one does not fit, and where two in a row were no faster. Memory is the
 * process's own: what a graphics card has is not known, so that there only a failure ends it.
 */
export async function measureBatch(
  engine: Pick<Engine, 'openRenderer' | 'batchMemory'>,
  request: Omit<LayerRequest, 'batch'>,
  signal?: AbortSignal,
): Promise<{ size: number; line: string }> {
  const { free, used } = readMemory();
  const budget = budgetOf(free);
  const trials: Trial[] = [];
  let why = `${LARGEST} is the most that is tried`;
  for (let batch = 1; batch <= LARGEST; batch *= 2) {
    signal?.throwIfAborted();
    const wanted = Math.max(expectedMemory(trials, batch), batch > 1 ? (engine.batchMemory?.({ ...request, batch }) ?? 0) : 0);
    if (wanted > budget) {
      why = `${batch} would want ${formatBytes(wanted)} of ${formatBytes(budget)}`;
      break;
    }
    try {
      trials.push(await tryBatch(engine, { ...request, batch }, used));
    } catch (error) {
      signal?.throwIfAborted();
      if (!isOutOfMemory(error) || trials.length === 0) throw error;
      why = `${batch} do not fit`;
      break;
    }
    if (trials.slice(-2).every((trial) => trials.length > 2 && trial !== fastest(trials))) {
      why = 'more are no faster';
      break;
    }
  }
  const { batch } = fastest(trials);
  const list = trials.map((trial) => `${trial.batch}: ${trial.milliseconds.toFixed(1)}`).join(', ');
  return { size: batch, line: `Rendering ${batch} pictures at a time: of milliseconds a picture and step, ${list}; ${why}.` };
}

const budgetOf = (free: number) => SHARE * Math.max(0, free - RESERVE);

/** The smallest of those that are as good as fastest. */
function fastest(trials: readonly Trial[]): Trial {
  return trials.reduce((best, trial) => (trial.milliseconds < GAIN * best.milliseconds ? trial : best));
}

/** A line through the last two trials: memory grows with the batch. */
function expectedMemory(trials: readonly Trial[], batch: number): number {
  const [before, last] = trials.slice(-2);
  if (!before || !last) return 0;
  return last.memory + (Math.max(0, last.memory - before.memory) / (last.batch - before.batch)) * (batch - last.batch);
}

async function tryBatch(engine: Pick<Engine, 'openRenderer'>, request: LayerRequest, before: number): Promise<Trial> {
  const { batch, settings } = request;
  const renderer = await engine.openRenderer({ ...request, settings: { ...settings, steps: STEPS, redirect_steps: 0 } });
  try {
    const [channels] = renderer.layer.shape;
    const jobs = Array.from({ length: batch }, (_, i) => {
      const direction = new Float32Array(channels);
      direction[i % channels] = 1;
      return { unit: `trial-${i}`, direction, seed: 0 };
    });
    const marks: number[] = [];
    let memory = 0;
    const onStep = () => {
      marks.push(performance.now());
      memory = Math.max(memory, process.memoryUsage.rss() - before);
    };
    await renderer.render(jobs, { onStep });
    const times = marks.slice(1).map((mark, i) => mark - marks[i]);
    return { batch, milliseconds: Math.min(...times) / batch, memory };
  } finally {
    await renderer.dispose();
  }
}

/** The heart of a library's message: `Failed to allocate memory for requested buffer of size 38879232`. */
function shortly(error: unknown): string {
  const cause = error instanceof AtlasError && error.cause ? error.cause : error;
  const text = reason(cause).trim().replaceAll(/\s+/g, ' ');
  return /std::bad_alloc|failed to allocate .*/i.exec(text)?.[0] ?? text.slice(-120);
}
