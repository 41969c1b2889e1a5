/** Running a plan: everything that its atlas lacks is rendered, and nothing else. */
import type { UnitRecord } from '../../data/schema.ts';
import type { Model } from '../models/model.ts';
import type { RuntimeChoice } from '../runtime/open.ts';
import { checkSameAtlas, describeSoftware, finishAtlas, isFinished, sameButSoftware, startAtlas } from './atlas-record.ts';
import type { Disk } from './disk.ts';
import type { Engine } from './engine.ts';
import type { Journal } from './journal.ts';
import { withLock } from './lock.ts';
import type { CheckedPlan } from './plan.ts';
import { type Progress, SILENT } from './progress.ts';
import { type Part, renderPart, type Workbench } from './render-part.ts';
import { Store } from './store.ts';
import { listFailed, type RunSummary, summarise } from './summary.ts';
import { type LayerWork, listTasks, listWork, missingTasks, narrowWork, partsOf, type Share, type Task } from './work.ts';

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

/** A run under way. */
export interface Context extends RunRequest, Workbench {}

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
    for (const work of partsOf(layer)) {
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
  make: (part, onProgress) => renderPart(context, part, onProgress),
  close: async () => undefined,
});
