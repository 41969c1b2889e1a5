/** Rendering what is missing of one layer: batch after batch, each encoded, scored and stored before the next. */
import pLimit from 'p-limit';
import type { RenderRecord, UnitRecord } from '../../data/schema.ts';
import { reason } from '../graph/errors.ts';
import type { Probe, Rendered, Renderer, RenderJob, RenderOptions } from '../render/renderer.ts';
import { isOutOfMemory } from '../runtime/out-of-memory.ts';
import { makeStrip } from './frames.ts';
import type { Journal } from './journal.ts';
import { decodePicture, encodePicture } from './picture.ts';
import type { Store } from './store.ts';
import { jobOf, type Task } from './work.ts';

/** About as many points as a curve keeps. */
const CURVE_POINTS = 32;
const encoders = pLimit(2);

/** What rendering a layer needs. */
export interface LayerRun {
  readonly tasks: readonly Task[];
  readonly renderer: Renderer;
  readonly probe: Probe;
  readonly store: Store;
  readonly journal: Journal;
  readonly signal?: AbortSignal;
  /** Told how many pictures this call has finished, fractions included. */
  readonly onProgress?: (pictures: number) => void;
  /** Told after every batch how many of the tasks, in their order, are recorded. */
  readonly onStored?: (tasks: number) => void;
}

interface Failure {
  readonly state: 'failed';
  readonly message: string;
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
    const frames = batch.find((task) => task.frames.length > 0)?.frames;
    const rendered = await renderBatch(renderer, batch, { onStep, ...(signal ? { signal } : {}), ...(frames ? { frames } : {}) });
    // Stored before the next one begins, so that a killed run loses one batch; it costs a few hundredths of the time.
    await storeBatch(run, batch, rendered);
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

/** Tasks that can share a batch, `size` to each, in the order of {@link orderTasks}. */
export function listBatches(tasks: readonly Task[], size: number, together = 1): Task[][] {
  return bySeed(tasks, together).flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / size) }, (_, i) => group.slice(i * size, (i + 1) * size)),
  );
}

function bySeed(tasks: readonly Task[], together: number): Task[][] {
  return together > 1 ? [[...tasks]] : [...Map.groupBy(tasks, ({ seed }) => seed).values()];
}

/** If a batch fails, its units are tried one by one, so that a failure is the failure of one unit. Want of memory is nobody's own. */
async function renderBatch(renderer: Renderer, batch: readonly Task[], options: RenderOptions): Promise<(Rendered | Failure)[]> {
  const render = (tasks: readonly Task[]) =>
    renderer.render(
      tasks.map((task) => jobOf(task)),
      options,
    );
  const together = renderer.settings.group?.pictures ?? 1;
  try {
    return await render(batch);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (isOutOfMemory(error)) throw error;
    if (batch.length === together) return batch.map(() => failure(error));
  }
  const results: (Rendered | Failure)[] = [];
  for (let i = 0; i < batch.length; i += together) {
    const one = batch.slice(i, i + together);
    try {
      results.push(...(await render(one)));
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isOutOfMemory(error)) throw error;
      results.push(...one.map(() => failure(error)));
    }
  }
  return results;
}

function failure(error: unknown): Failure {
  return { state: 'failed', message: reason(error) };
}

/** Images first, each safely on the disk; then, in one write, the records that name them. */
async function storeBatch(run: LayerRun, batch: readonly Task[], rendered: readonly (Rendered | Failure)[]): Promise<void> {
  const { store, journal, renderer, probe } = run;
  const size = renderer.settings.size;
  const files = await Promise.all(
    rendered.map((result) => encoders(async () => (result.state === 'failed' ? undefined : encodePicture(result.pixels, size)))),
  );
  const strips = await Promise.all(rendered.map((result, i) => encoders(() => encodeFrames(result, batch[i], size))));
  const scores = await scorePictures(probe, batch, files, rendered);
  const renders: RenderRecord[] = [];
  // One after the other: where one cannot be written, none is under way.
  for (const [i, result] of rendered.entries()) {
    const file = files[i];
    const { seed, key, frames } = batch[i];
    if (result.state === 'failed' || !file) {
      renders.push({ seed, key, ...failureFields(result), score: null, curve: [], curve_steps: [] });
      continue;
    }
    const image = await store.putImage(file);
    const strip = strips[i];
    const filmstrip = strip ? { frames: { image: await store.putImage(strip), steps: [...frames] } } : {};
    renders.push({ seed, key, state: result.state, image, score: scores[i], ...sampleCurve(result.curve), ...filmstrip });
  }
  const records = new Map<string, UnitRecord>();
  batch.forEach(({ unit: { id, arm, index, direction }, series }, i) => {
    const earlier = records.get(id) ?? { id, arm, index, direction, renders: [] };
    records.set(id, { ...earlier, [series]: [...(earlier[series] ?? []), renders[i]] });
  });
  await journal.append([...records.values()]);
}

/** The filmstrip of a picture, where the plan asks for one. */
async function encodeFrames(result: Rendered | Failure, { frames }: Task, size: number): Promise<Buffer | undefined> {
  return result.state === 'failed' || frames.length === 0 || !result.frames ? undefined : makeStrip(result.frames, size);
}

function failureFields(result: Rendered | Failure): Failure {
  return result.state === 'failed' ? result : { state: 'failed', message: 'the picture has no file' };
}

/**
 * The objective on the pictures as published: decoded from their files, untransformed. Null for a picture that failed. A picture whose file
 * shows a part of its channels is scored as it is.
 */
async function scorePictures(
  probe: Probe,
  batch: readonly Task[],
  files: readonly (Buffer | undefined)[],
  rendered: readonly (Rendered | Failure)[],
): Promise<(number | null)[]> {
  const scores: (number | null)[] = files.map(() => null);
  const present = files.flatMap((file, i) => (file ? [{ file, i }] : []));
  for (let start = 0; start < present.length; start += probe.batch) {
    const part = present.slice(start, start + probe.batch);
    const pictures = await Promise.all(
      part.map(async ({ file, i }) => {
        const result = rendered[i];
        if (result.state !== 'failed' && result.values) return result.values;
        const picture = await decodePicture(file);
        return probe.colours === 1 ? picture.subarray(0, picture.length / 3) : picture;
      }),
    );
    const images = new Float32Array(pictures.reduce((length, picture) => length + picture.length, 0));
    pictures.forEach((picture, k) => {
      images.set(picture, k * picture.length);
    });
    const jobs = part.map(({ i }) => jobOf(batch[i]));
    const found = await (probe.scores ? probe.scores(images, jobs) : linearScores(probe, images, jobs));
    part.forEach(({ i }, k) => {
      scores[i] = rounded(found[k], 7);
    });
  }
  return scores;
}

async function linearScores(probe: Probe, images: Float32Array, jobs: readonly RenderJob[]): Promise<number[]> {
  const pooled = await probe.pooled(images, jobs.length);
  return jobs.map(({ direction }, k) => direction.reduce((sum, weight, c) => sum + weight * pooled[k * direction.length + c], 0));
}

/** About {@link CURVE_POINTS} evenly spaced points of a curve, the first and the last among them. */
function sampleCurve(curve: Float32Array): Pick<RenderRecord, 'curve' | 'curve_steps'> {
  const stride = Math.max(1, Math.round(curve.length / CURVE_POINTS));
  const steps = Array.from({ length: Math.ceil(curve.length / stride) }, (_, i) => i * stride);
  if (steps.at(-1) !== curve.length - 1) steps.push(curve.length - 1);
  return { curve: steps.map((step) => rounded(curve[step], 5)), curve_steps: steps };
}

function rounded(value: number, digits: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)) : null;
}
