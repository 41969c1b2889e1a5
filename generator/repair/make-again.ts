/** Making some pictures of a layer again, by the path that every picture of an atlas takes. */
import { BatchSize, DEFAULT_BATCH } from '../batch/batch-size.ts';
import type { Engine } from '../batch/engine.ts';
import type { Journal } from '../batch/journal.ts';
import { orderTasks, renderTasks } from '../batch/render-layer.ts';
import type { Store } from '../batch/store.ts';
import type { LayerWork, Task } from '../batch/work.ts';
import type { Model } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** What makes pictures again. */
export interface Workshop {
  readonly engine: Engine;
  readonly model: Model;
  readonly runtime: Runtime;
  /** Pictures at a time, as many as fit; as many as a run's if left out, which a program's rounding may depend on. */
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

/** Which pictures, and where they are stored and recorded. */
export interface Order {
  /** The layer's renders, or its diverse pictures: the tasks are of these alone. */
  readonly work: LayerWork;
  readonly tasks: readonly Task[];
  readonly store: Store;
  readonly journal: Journal;
  /** Told how many pictures are made, fractions included. */
  readonly onProgress?: (pictures: number) => void;
}

/** Makes and stores them; a picture that fails is recorded as such. Rejects with the signal's reason when stopped, having kept what was finished. */
export async function makeAgain({ engine, model, runtime, batch, signal }: Workshop, order: Order): Promise<void> {
  const { work, tasks, store, journal, onProgress } = order;
  const { layer, settings } = work;
  const together = settings.group?.pictures ?? 1;
  const whole = (size: number) => together * Math.max(1, Math.floor(size / together));
  const request = { model, runtime, layer: layer.name, settings };
  const size = new BatchSize(batch ?? Math.max(DEFAULT_BATCH, runtime.threads));
  size.fit((pictures) => engine.batchMemory?.({ ...request, batch: whole(pictures) }) ?? 0, layer.slug);
  let done = 0;
  for (const part of Map.groupBy(tasks, ({ unit }) => unit.others?.join('\n') ?? '').values()) {
    const { others } = part[0].unit;
    const own = { ...request, batch: whole(size.size), ...(others ? { others } : {}) };
    const renderer = await engine.openRenderer(own);
    try {
      const probe = await engine.openProbe({ ...own, batch: 1 });
      const before = done;
      try {
        await renderTasks({
          tasks: orderTasks(part, together),
          ...{ renderer, probe, store, journal },
          onProgress: (pictures) => onProgress?.(before + pictures),
          ...(signal ? { signal } : {}),
        });
      } finally {
        await probe.dispose();
      }
    } finally {
      await renderer.dispose();
    }
    done += part.length;
  }
}
