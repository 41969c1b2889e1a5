/** The worker's side of a job: what was asked for, held to what this worker has; then the pictures, by programs that stay open from job to job. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { BatchSize, DEFAULT_BATCH } from '../batch/batch-size.ts';
import { canonicalJson } from '../batch/canonical.ts';
import type { Engine } from '../batch/engine.ts';
import { renderKey } from '../batch/key.ts';
import { type MadePicture, type Maker, makePictures, openMaker } from '../batch/make-pictures.ts';
import { batchFor } from '../batch/render-layer.ts';
import type { Task } from '../batch/work.ts';
import { fault } from '../graph/errors.ts';
import { sha256 as hashFile } from '../models/download.ts';
import type { Layer, Model } from '../models/model.ts';
import type { LayerRequest } from '../render/renderer.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { arraysOf, withPaths } from './arrays.ts';
import { keyPixels, readTasks } from './jobs.ts';
import { type JobMessage, jobHeader, jobMessage, VERSIONS, type Versions } from './messages.ts';
import type { Fetch, ModelPost } from './model-files.ts';

/** A job that cannot be understood: no worker will do it. */
export class UnreadableJob extends Error {}

/** A job that this worker is not the one for: its pictures would be other ones. */
export class WrongWorker extends Error {
  /** What of it, what the run says, and what this worker has. */
  readonly parts: { readonly name: string; readonly expected: string; readonly received: string };

  constructor(name: string, expected: string, received: string) {
    super(`the run has ${expected} for ${name}, this worker ${received}`);
    this.parts = { name, expected, received };
  }
}

/** What makes the pictures of jobs. */
export interface MakerOptions {
  readonly engine: Engine;
  readonly runtime: Runtime;
  readonly post: ModelPost;
  /** Where files that came through the queue are kept. */
  readonly cache: string;
  readonly fetch: Fetch;
  /** Pictures at a time; as a run alone has it if left out. */
  readonly batch?: number;
  readonly note: (text: string) => void;
}

/** Programs that stay open: of one layer to the next, whose last and first jobs come mixed. */
const OPEN = 2;

interface Program {
  readonly name: string;
  readonly maker: Awaited<ReturnType<typeof openMaker>>;
}

/** Reads what a queue says is a job. Throws a {@link WrongWorker} for one of another version, and an {@link UnreadableJob} for what is none. */
export function readJob(data: unknown): JobMessage {
  const header = jobHeader.safeParse(data);
  if (!header.success) throw new UnreadableJob('the job does not say of what version it is');
  const { versions } = header.data;
  if (canonicalJson(versions) !== canonicalJson(VERSIONS))
    throw new WrongWorker('the version', describeVersions(versions), describeVersions(VERSIONS));
  const parsed = jobMessage.safeParse(data);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new UnreadableJob(`the job's ${path.join('.') || 'form'} is not what it should be: ${message}`);
}

/** `protocol 1, renderer 3, encoding 1a2b3c4d`. */
export function describeVersions({ protocol, renderer, encoding }: Versions): string {
  return `protocol ${protocol}, renderer ${renderer}, encoding ${encoding}`;
}

/** Makes jobs' pictures, one job at a time. */
export class JobMaker {
  readonly #options: MakerOptions;
  #model: { readonly name: string; readonly model: Model } | undefined;
  #programs: Program[] = [];
  readonly #size: BatchSize;

  constructor(options: MakerOptions) {
    this.#options = options;
    this.#size = new BatchSize(options.batch ?? Math.max(DEFAULT_BATCH, options.runtime.threads));
  }

  /** The job's tasks with their pictures. Throws a {@link WrongWorker} where this worker's keys are others than the job's. */
  async make(message: JobMessage): Promise<{ tasks: readonly Task[]; made: MadePicture[]; layer: Layer }> {
    const model = await this.#open(message);
    const job = await this.#withArrays(message);
    const layers = [job.layer, ...(job.others ?? [])].map((name) => this.#options.engine.findLayer(model, name, job.settings.size));
    const tasks = readTasks(
      job,
      layers.map(({ shape }) => shape[0]),
    );
    checkKeys(job, model, layers[0], tasks);
    return { tasks, made: await this.#render(job, model, tasks), layer: layers[0] };
  }

  async close(): Promise<void> {
    for (const { maker } of this.#programs.splice(0)) await maker.dispose();
  }

  /** The model of the job, which stays open until a job of another one comes. */
  async #open({ model: wanted, preprocess }: JobMessage): Promise<Model> {
    const name = canonicalJson({ wanted, preprocess });
    if (this.#model?.name !== name) {
      await this.close();
      this.#model = undefined;
      const { post, cache, fetch } = this.#options;
      await mkdir(cache, { recursive: true });
      this.#model = { name, model: await post.unpack({ model: wanted, ...(preprocess ? { preprocess } : {}) }, cache, fetch) };
    }
    const { model } = this.#model;
    if (model.weightsSha256 !== wanted.weights)
      throw new WrongWorker("the SHA-256 of the network's weights", wanted.weights, model.weightsSha256);
    return model;
  }

  /** The job with its arrays on this machine. */
  async #withArrays(message: JobMessage): Promise<JobMessage> {
    const digests = new Set(arraysOf({ settings: message.settings, chosen: message.tasks.map(({ chosen }) => chosen) }));
    const folder = path.join(this.#options.cache, 'arrays');
    const pathOf = (digest: string) => path.join(folder, `${digest}.npy`);
    for (const digest of digests) {
      if ((await hashFile(pathOf(digest)).catch(() => undefined)) === digest) continue;
      await mkdir(folder, { recursive: true });
      await this.#options.fetch(digest, pathOf(digest));
    }
    return digests.size === 0 ? message : withPaths(message, pathOf);
  }

  /** As many at a time as fit into this machine's memory: a picture's bytes do not depend on it. */
  async #render(job: JobMessage, model: Model, tasks: readonly Task[]): Promise<MadePicture[]> {
    const { engine, runtime, note } = this.#options;
    const request = (size: number): LayerRequest => ({
      model,
      runtime,
      layer: job.layer,
      settings: job.settings,
      batch: batchFor(job.settings, size),
      ...(job.others ? { others: job.others } : {}),
    });
    const smaller = this.#size.fit((size) => engine.batchMemory?.(request(size)) ?? 0, job.layer);
    if (smaller) note(smaller);
    const made: MadePicture[] = [];
    while (made.length < tasks.length) {
      const maker = await this.#program(job, request(this.#size.size));
      try {
        made.push(...(await makePictures(maker, tasks.slice(made.length, made.length + maker.renderer.batch))));
      } catch (error) {
        note(this.#size.halve(error, job.layer));
        await this.close();
      }
    }
    return made;
  }

  async #program({ model, layer, others, settings, preprocess }: JobMessage, request: LayerRequest): Promise<Maker> {
    const name = canonicalJson({ model, layer, others, settings, preprocess, batch: request.batch });
    const known = this.#programs.find((program) => program.name === name);
    const program = known ?? { name, maker: await openMaker(this.#options.engine, request) };
    this.#programs = [program, ...this.#programs.filter((other) => other !== program)];
    for (const { maker } of this.#programs.splice(OPEN)) await maker.dispose();
    return program.maker;
  }
}

/** What this worker would render has to be what was asked for, by the hash of everything that the pixels depend on. */
function checkKeys(job: JobMessage, model: Model, layer: Layer, tasks: readonly Task[]): void {
  const name = { weights: model.weightsSha256, layer: layer.name, settings: job.settings, ...keyPixels(job.preprocess) };
  for (const { unit, seed, key } of tasks) {
    const mine = renderKey(name, unit.id, unit.vector, seed, unit.direction);
    if (mine !== key) throw new WrongWorker(`the key of ${unit.id} of ${layer.name}`, key, mine);
  }
}

/** The error of a worker that is not the one for a run. */
export function wrongWorker(where: string, { parts }: WrongWorker): Error {
  return fault({
    where,
    ...parts,
    remedy: 'The job is left to other workers. Use the same version of this program for the run and its workers.',
  });
}
