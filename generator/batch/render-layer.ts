/** Rendering what is missing of one layer: batch after batch, each encoded, scored and stored before the next. */
import type { RenderSettings } from '../../data/schema.ts';
import type { Journal } from './journal.ts';
import { type Maker, makePictures } from './make-pictures.ts';
import type { Store } from './store.ts';
import { storePictures } from './store-pictures.ts';
import type { Task } from './work.ts';

/** What rendering a layer needs. */
export interface LayerRun extends Maker {
  readonly tasks: readonly Task[];
  readonly store: Store;
  readonly journal: Journal;
  readonly signal?: AbortSignal;
  /** Told how many pictures this call has finished, fractions included. */
  readonly onProgress?: (pictures: number) => void;
  /** Told after every batch how many of the tasks, in their order, are recorded. */
  readonly onStored?: (tasks: number) => void;
}

/**
 * Renders the tasks, in the order of {@link orderTasks}, and records them. Rejects with the signal's reason when stopped, and with the failure
 * where a batch does not fit into memory, having stored every batch that was finished.
 */
export async function renderTasks(run: LayerRun): Promise<void> {
  const { tasks, renderer, signal, onProgress, onStored } = run;
  const { settings } = renderer;
  let done = 0;
  for (const batch of listBatches(tasks, renderer.batch, settings.group?.pictures)) {
    signal?.throwIfAborted();
    const start = done;
    const onStep = (step: number) => onProgress?.(start + (batch.length * Math.min(step + 1, settings.steps)) / settings.steps);
    const made = await makePictures(run, batch, { onStep, ...(signal ? { signal } : {}) });
    // Stored before the next one begins, so that a killed run loses one batch; it costs a few hundredths of the time.
    await storePictures(run, batch, made);
    done += batch.length;
    onStored?.(done);
    onProgress?.(done);
  }
}

/**
 * Tasks in the order they are rendered: those of one seed together, the first seed's first, since a batch shares its transformations and the
 * picture shown is the first; where a unit's pictures are made together, unit by unit.
 */
export function orderTasks(tasks: readonly Task[], together = 1): Task[] {
  return bySeed(tasks, together).flat();
}

/** Tasks that one program makes: units with directions of further layers have one of their own, so that no other unit's pictures depend on there being one. */
export function byProgram(tasks: readonly Task[]): Task[][] {
  return [...Map.groupBy(tasks, ({ unit }) => unit.others?.join('\n') ?? '').values()];
}

/** Pictures at a time where so many fit: whole groups only, one at least. */
export function batchFor({ group }: RenderSettings, batch: number): number {
  return group ? group.pictures * Math.max(1, Math.floor(batch / group.pictures)) : batch;
}

/** Tasks that can share a batch, `size` to each, in the order of {@link orderTasks}. */
export function listBatches(tasks: readonly Task[], size: number, together = 1): Task[][] {
  return bySeed(tasks, together).flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / size) }, (_, i) => group.slice(i * size, (i + 1) * size)),
  );
}

function bySeed(tasks: readonly Task[], together: number): Task[][] {
  return together > 1 ? [[...tasks]] : [...Map.groupBy(tasks, ({ seed }) => seed).values()];
}
