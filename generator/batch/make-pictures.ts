/** Making a batch of pictures: rendered, encoded as they will be published, scored as published; stored by whoever has the store. */
import pLimit from 'p-limit';
import type { RenderRecord } from '../../data/schema.ts';
import { reason } from '../graph/errors.ts';
import type { LayerRequest, Probe, Rendered, Renderer, RenderJob, RenderOptions } from '../render/renderer.ts';
import { isOutOfMemory } from '../runtime/out-of-memory.ts';
import type { Engine } from './engine.ts';
import { makeStrip } from './frames.ts';
import { decodePicture, encodePicture } from './picture.ts';
import { jobOf, type Task } from './work.ts';

/** About as many points as a curve keeps. */
const CURVE_POINTS = 32;
const encoders = pLimit(2);

/** What makes pictures. */
export interface Maker {
  readonly renderer: Renderer;
  readonly probe: Probe;
}

/** Opens the programs of a layer. */
export async function openMaker(engine: Engine, request: LayerRequest): Promise<Maker & { dispose(): Promise<void> }> {
  const renderer = await engine.openRenderer(request);
  try {
    // One picture at a time, so that a score depends on its picture alone, to the last digit.
    const probe = await engine.openProbe({ ...request, batch: 1 });
    const dispose = async () => {
      await probe.dispose();
      await renderer.dispose();
    };
    return { renderer, probe, dispose };
  } catch (error) {
    await renderer.dispose();
    throw error;
  }
}

/** A picture as its record has it, with the bytes of its files beside it instead of their hashes. */
export interface MadePicture extends Pick<RenderRecord, 'state' | 'message' | 'score' | 'curve' | 'curve_steps'> {
  /** The published file; left out where the picture failed. */
  readonly image?: Uint8Array;
  /** The file of its filmstrip, where the task asks for one. */
  readonly strip?: Uint8Array;
}

interface Failure {
  readonly state: 'failed';
  readonly message: string;
}

/**
 * Makes the pictures of tasks that can share a batch, in their order. A picture that fails is told as such; rejects with the signal's reason
 * when stopped, and with the failure where the batch does not fit into memory.
 */
export async function makePictures(
  { renderer, probe }: Maker,
  batch: readonly Task[],
  options: RenderOptions = {},
): Promise<MadePicture[]> {
  const frames = batch.find((task) => task.frames.length > 0)?.frames;
  const rendered = await renderBatch(renderer, batch, { ...options, ...(frames ? { frames } : {}) });
  const { size } = renderer.settings;
  const files = await Promise.all(
    rendered.map((result) => encoders(async () => (result.state === 'failed' ? undefined : encodePicture(result.pixels, size)))),
  );
  const strips = await Promise.all(rendered.map((result, i) => encoders(() => encodeFrames(result, batch[i], size))));
  const scores = await scorePictures(probe, batch, files, rendered);
  return rendered.map((result, i): MadePicture => {
    const [image, strip] = [files[i], strips[i]];
    if (result.state === 'failed' || !image) return { ...failureFields(result), score: null, curve: [], curve_steps: [] };
    return { state: result.state, image, score: scores[i], ...sampleCurve(result.curve), ...(strip ? { strip } : {}) };
  });
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
        return result.state !== 'failed' && result.values ? result.values : readPublished(probe, file);
      }),
    );
    const found = await scoresOf(
      probe,
      part.map(({ i }) => batch[i]),
      pictures,
    );
    part.forEach(({ i }, k) => {
      scores[i] = rounded(found[k], 7);
    });
  }
  return scores;
}

/** The objective of a task on a picture's file, which shows every colour that the network takes, untransformed. */
export async function scoreFile(probe: Probe, task: Task, file: Uint8Array | string): Promise<number> {
  return (await scoresOf(probe, [task], [await readPublished(probe, file)]))[0];
}

async function readPublished(probe: Probe, file: Uint8Array | string): Promise<Float32Array> {
  const picture = await decodePicture(file);
  return probe.colours === 1 ? picture.subarray(0, picture.length / 3) : picture;
}

async function scoresOf(probe: Probe, tasks: readonly Task[], pictures: readonly Float32Array[]): Promise<ArrayLike<number>> {
  const images = new Float32Array(pictures.reduce((length, picture) => length + picture.length, 0));
  pictures.forEach((picture, k) => {
    images.set(picture, k * picture.length);
  });
  const jobs = tasks.map((task) => jobOf(task));
  return probe.scores ? probe.scores(images, jobs) : linearScores(probe, images, jobs);
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
