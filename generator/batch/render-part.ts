/** Rendering pictures of a layer in this process: a program after the other, and as many pictures at a time as fit into memory. */
import type { Model } from '../models/model.ts';
import type { LayerRequest } from '../render/renderer.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { BatchSize, DEFAULT_BATCH, measureBatch } from './batch-size.ts';
import type { Engine } from './engine.ts';
import type { Journal } from './journal.ts';
import { openMaker } from './make-pictures.ts';
import { type Progress, SILENT } from './progress.ts';
import { batchFor, byProgram, orderTasks, renderTasks } from './render-layer.ts';
import type { Store } from './store.ts';
import type { LayerWork, Task } from './work.ts';

/** What renders here, and where to. */
export interface Workbench {
  readonly engine: Engine;
  readonly model: Model;
  readonly runtimeOpen: Runtime;
  readonly store: Store;
  /** Pictures at a time; `auto` measures on the first layer and takes the fastest that fits. Halved wherever it does not fit. */
  readonly batch?: number | 'auto';
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** What that came to; of the first rendering on. */
  batchSize?: BatchSize;
}

/** Pictures of one layer to make: its renders, or its diverse pictures. */
export interface Part {
  readonly work: LayerWork;
  readonly journal: Journal;
  readonly tasks: readonly Task[];
}

/**
 * Makes and stores the pictures of a part; `onProgress` is told how many are made, fractions included. A picture that fails is recorded as such.
 * Rejects with the signal's reason when stopped, having kept what was finished.
 */
export async function renderPart(bench: Workbench, { work, journal, tasks }: Part, onProgress: (pictures: number) => void): Promise<void> {
  let done = 0;
  for (const alike of byProgram(tasks)) {
    const before = done;
    await renderFitting(bench, { work, journal, tasks: alike }, (pictures) => onProgress(before + pictures));
    done += alike.length;
  }
}

/** Goes on with half as many pictures at a time where they do not fit into memory: a picture's bytes do not depend on it. */
async function renderFitting(bench: Workbench, { work, journal, tasks }: Part, onProgress: (pictures: number) => void): Promise<void> {
  const { progress = SILENT } = bench;
  const ordered = orderTasks(tasks, work.settings.group?.pictures);
  bench.batchSize ??= await chooseBatch(bench, work);
  const smaller = bench.batchSize.fit((batch) => batchMemory(bench, work, batch), work.layer.slug);
  if (smaller) progress.note(smaller);
  let stored = 0;
  while (stored < ordered.length) {
    const start = stored;
    const onStored = (count: number) => {
      stored = start + count;
    };
    try {
      const rest = { work, journal, tasks: ordered.slice(start) };
      await renderWith(bench, rest, bench.batchSize.size, (pictures) => onProgress(start + pictures), onStored);
    } catch (error) {
      bench.signal?.throwIfAborted();
      progress.note(bench.batchSize.halve(error, work.layer.slug));
    }
  }
}

function batchMemory({ engine, model, runtimeOpen }: Workbench, { layer, settings }: LayerWork, batch: number): number {
  return engine.batchMemory?.({ model, runtime: runtimeOpen, layer: layer.name, settings, batch: batchFor(settings, batch) }) ?? 0;
}

async function chooseBatch(bench: Workbench, { layer, settings }: LayerWork): Promise<BatchSize> {
  const { engine, model, runtimeOpen, batch, progress = SILENT, signal } = bench;
  if (batch !== 'auto') return new BatchSize(batch ?? Math.max(DEFAULT_BATCH, runtimeOpen.threads));
  const { size, line } = await measureBatch(engine, { model, runtime: runtimeOpen, layer: layer.name, settings }, signal);
  progress.note(line);
  return new BatchSize(size);
}

async function renderWith(
  { engine, model, runtimeOpen, store, signal }: Workbench,
  { work: { layer, settings }, journal, tasks }: Part,
  size: number,
  onProgress: (pictures: number) => void,
  onStored: (tasks: number) => void,
): Promise<void> {
  const others = tasks[0]?.unit.others;
  const request: LayerRequest = {
    ...{ model, runtime: runtimeOpen, layer: layer.name, settings },
    // The same batch however few tasks are left: a program for fewer might round otherwise.
    batch: batchFor(settings, size),
    ...(others ? { others } : {}),
  };
  const maker = await openMaker(engine, request);
  try {
    await renderTasks({ ...maker, tasks, store, journal, onProgress, onStored, ...(signal ? { signal } : {}) });
  } finally {
    await maker.dispose();
  }
}
