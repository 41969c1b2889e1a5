/** Running a plan: everything that its atlas lacks is rendered, and nothing else. */
import type { RenderSettings, UnitRecord } from '../../data/schema.ts';
import type { Model } from '../models/model.ts';
import type { LayerRequest } from '../render/renderer.ts';
import type { RuntimeChoice } from '../runtime/open.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { checkSameAtlas, describeSoftware, finishAtlas, isFinished, sameButSoftware, startAtlas } from './atlas-record.ts';
import { BatchSize, DEFAULT_BATCH, measureBatch } from './batch-size.ts';
import type { Disk } from './disk.ts';
import type { Engine } from './engine.ts';
import type { Journal } from './journal.ts';
import { withLock } from './lock.ts';
import type { CheckedPlan } from './plan.ts';
import { type Progress, SILENT } from './progress.ts';
import { orderTasks, renderTasks } from './render-layer.ts';
import { Store } from './store.ts';
import { listFailed, type RunSummary, summarise } from './summary.ts';
import { type LayerWork, listTasks, listWork, missingTasks, narrowWork, type Share, type Task } from './work.ts';

export type { RunSummary } from './summary.ts';

/** A run of a plan. */
export interface RunRequest {
  readonly plan: CheckedPlan;
  /** The store. */
  readonly folder: string;
  readonly engine: Engine;
  readonly runtime?: RuntimeChoice;
  /** Pictures at a time; `auto` measures on the first layer and takes the fastest that fits. Halved wherever it does not fit. */
  readonly batch?: number | 'auto';
  /** Renders a part of the plan alone, into a store that is no whole atlas. */
  readonly share?: (work: readonly LayerWork[], model: Model) => Share;
  readonly progress?: Progress;
  /** Stops the run; what is finished stays, and the same run goes on from there. */
  readonly signal?: AbortSignal;
  /** For tests: a disk that fails. */
  readonly disk?: Disk;
  /** Who makes the pictures; this process if left out. */
  readonly crew?: OpenCrew;
}

/** Makes the pictures that an atlas lacks, and stores them. */
export interface Crew {
  /** Resolves when every picture of a part is stored; `onProgress` is told how many of them are made, fractions included. */
  make(part: Part, onProgress: (pictures: number) => void): Promise<void>;
  close(): Promise<void>;
}

/** Opens a crew, which is then asked for each of the parts in their order, and may begin with any of them. */
export type OpenCrew = (run: Context, parts: readonly Part[]) => Promise<Crew>;

interface Pending {
  readonly work: LayerWork;
  /** What its file holds in the end. */
  readonly wanted: LayerWork;
  readonly journal: Journal;
  /** Its renders, and its diverse pictures where there are any. */
  readonly parts: readonly Part[];
  /** Pictures of the layer to make, and in all, done or not. */
  readonly missing: number;
  readonly total: number;
}

/** Pictures of one layer to make: its renders, or its diverse pictures. */
export interface Part {
  readonly work: LayerWork;
  readonly journal: Journal;
  readonly tasks: readonly Task[];
}

/** A run under way. */
export interface Context extends RunRequest {
  /** Of the layer's first rendering on. */
  batchSize?: BatchSize;
  readonly model: Model;
  readonly runtimeOpen: Runtime;
  readonly store: Store;
}

/** Brings an atlas up to its plan. Throws an AtlasError for a wrong plan, layer or disk, and the signal's reason when stopped. */
export async function runPlan(request: RunRequest): Promise<RunSummary> {
  const { plan, engine, folder } = request;
  const model = await engine.openModel(plan.plan.model, { pixels: plan.plan.preprocess });
  for (const assumption of model.assumptions) request.progress?.note(`Note: ${assumption}`);
  const work = listWork(plan, model, engine);
  const share = request.share?.(work, model);
  return withLock(folder, async () => {
    const store = await Store.open(folder, request.disk);
    const before = await store.readAtlas();
    checkSameAtlas(folder, before, plan, model, share?.shard);
    const runtimeOpen = await engine.openRuntime(request.runtime ?? {});
    const pending = await findPending(work, model, store, share);
    const missing = pending.reduce((sum, layer) => sum + layer.missing, 0);
    const software = describeSoftware(runtimeOpen);
    const atlas = startAtlas({ plan, model, software, work, before, ...(share ? { shard: share.shard } : {}) });
    const settled = missing === 0 && before && isFinished(before) && sameButSoftware(before, atlas);
    if (!settled) await store.writeAtlas(atlas);
    const layers = await renderAll({ ...request, model, runtimeOpen, store }, pending);
    const failed = listFailed(layers);
    const removed = failed.length === 0 ? await store.prune(layers) : 0;
    if (!settled) await store.writeAtlas(finishAtlas(atlas, failed.length === 0));
    return { ...summarise(layers, missing - failed.length), folder, failed, removed };
  });
}

async function findPending(work: readonly LayerWork[], model: Model, store: Store, share: Share | undefined): Promise<Pending[]> {
  const pending: Pending[] = [];
  for (const layer of work) {
    const journal = await store.journal(layer.layer.slug);
    const all: Task[] = [];
    const parts: Part[] = [];
    for (const work of [layer, ...(layer.diverse ? [layer.diverse] : [])]) {
      const tasks = listTasks(work, model).filter(({ key }) => share?.has(key) ?? true);
      all.push(...tasks);
      parts.push({ work, journal, tasks: missingTasks(tasks, work, journal, store) });
    }
    if (share && all.length === 0) continue;
    const missing = parts.reduce((sum, { tasks }) => sum + tasks.length, 0);
    pending.push({ work: layer, wanted: share ? narrowWork(layer, all) : layer, journal, parts, missing, total: all.length });
  }
  return pending;
}

/** Layer after layer; the finished records by layer slug. */
async function renderAll(context: Context, pending: readonly Pending[]): Promise<Map<string, readonly UnitRecord[]>> {
  const { progress = SILENT, store } = context;
  const total = pending.reduce((sum, layer) => sum + layer.total, 0);
  let done = total - pending.reduce((sum, { missing }) => sum + missing, 0);
  const finished = new Map<string, readonly UnitRecord[]>();
  const crew = await (context.crew ?? openProcess)(
    context,
    pending.flatMap(({ parts }) => parts),
  );
  progress.start(total, done);
  try {
    for (const layer of pending) {
      const { work, wanted, journal, parts, missing } = layer;
      await store.writeDirections(work.layer.slug, work.units);
      if (missing > 0) progress.note(`${work.layer.slug}: ${missing} of ${layer.total} pictures to render`);
      for (const part of parts) {
        await crew.make(part, (pictures) => progress.update(done + pictures));
        done += part.tasks.length;
      }
      finished.set(work.layer.slug, await journal.finish(wanted));
    }
  } finally {
    progress.stop();
    await crew.close();
  }
  return finished;
}

/** This process alone. */
const openProcess: OpenCrew = async (context) => ({
  make: (part, onProgress) => renderLayer(context, part, onProgress),
  close: async () => undefined,
});

/** Units with directions of further layers have a program of their own, so that no other unit's pictures depend on there being one. */
async function renderLayer(context: Context, { work, journal, tasks }: Part, onProgress: (pictures: number) => void): Promise<void> {
  let done = 0;
  for (const part of byProgram(tasks)) {
    const before = done;
    await renderPart(context, { work, journal, tasks: part }, (pictures) => onProgress(before + pictures));
    done += part.length;
  }
}

/** Tasks that one program makes. */
export function byProgram(tasks: readonly Task[]): Task[][] {
  return [...Map.groupBy(tasks, ({ unit }) => unit.others?.join('\n') ?? '').values()];
}

/** Goes on with half as many pictures at a time where they do not fit into memory: a picture's bytes do not depend on it. */
async function renderPart(context: Context, { work, journal, tasks }: Part, onProgress: (pictures: number) => void): Promise<void> {
  const { progress = SILENT } = context;
  const ordered = orderTasks(tasks, work.settings.group?.pictures);
  context.batchSize ??= await chooseBatch(context, work);
  const smaller = context.batchSize.fit((batch) => batchMemory(context, work, batch), work.layer.slug);
  if (smaller) progress.note(smaller);
  let stored = 0;
  while (stored < ordered.length) {
    const start = stored;
    const onStored = (count: number) => {
      stored = start + count;
    };
    try {
      const rest = { work, journal, tasks: ordered.slice(start) };
      await renderWith(context, rest, context.batchSize.size, (pictures) => onProgress(start + pictures), onStored);
    } catch (error) {
      context.signal?.throwIfAborted();
      progress.note(context.batchSize.halve(error, work.layer.slug));
    }
  }
}

function batchMemory({ engine, model, runtimeOpen }: Context, { layer, settings }: LayerWork, batch: number): number {
  return engine.batchMemory?.({ model, runtime: runtimeOpen, layer: layer.name, settings, batch: batchFor(settings, batch) }) ?? 0;
}

async function chooseBatch({ engine, model, runtimeOpen, batch, progress = SILENT, signal }: Context, work: LayerWork): Promise<BatchSize> {
  if (batch !== 'auto') return new BatchSize(batch ?? Math.max(DEFAULT_BATCH, runtimeOpen.threads));
  const { size, line } = await measureBatch(
    engine,
    { model, runtime: runtimeOpen, layer: work.layer.name, settings: work.settings },
    signal,
  );
  progress.note(line);
  return new BatchSize(size);
}

async function renderWith(
  context: Context,
  { work, journal, tasks }: Part,
  size: number,
  onProgress: (pictures: number) => void,
  onStored: (tasks: number) => void,
): Promise<void> {
  const { engine, model, runtimeOpen, store, signal } = context;
  // The same batch however few tasks are left: a program for fewer might round otherwise.
  const batch = batchFor(work.settings, size);
  const others = tasks[0]?.unit.others;
  const request: LayerRequest = {
    model,
    runtime: runtimeOpen,
    layer: work.layer.name,
    settings: work.settings,
    batch,
    ...(others ? { others } : {}),
  };
  const renderer = await engine.openRenderer(request);
  try {
    // One picture at a time, so that a score depends on its picture alone, to the last digit.
    const probe = await engine.openProbe({ ...request, batch: 1 });
    try {
      await renderTasks({ tasks, renderer, probe, store, journal, onProgress, onStored, ...(signal ? { signal } : {}) });
    } finally {
      await probe.dispose();
    }
  } finally {
    await renderer.dispose();
  }
}

/** Whole groups only: as many as fit, one at least. */
export function batchFor({ group }: RenderSettings, batch: number): number {
  return group ? group.pictures * Math.max(1, Math.floor(batch / group.pictures)) : batch;
}
