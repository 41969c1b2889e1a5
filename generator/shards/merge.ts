/** Merging stores: an atlas that takes its pictures from the stores of its shards instead of rendering them. */
import path from 'node:path';
import type { UnitRecord } from '../../data/schema.ts';
import { checkSameAtlas, finishAtlas, isFinished, sameButSoftware, startAtlas } from '../batch/atlas-record.ts';
import { sha256 } from '../batch/canonical.ts';
import type { Disk } from '../batch/disk.ts';
import type { Engine } from '../batch/engine.ts';
import { inParallel } from '../batch/in-parallel.ts';
import type { Journal } from '../batch/journal.ts';
import { withLock } from '../batch/lock.ts';
import { type CheckedPlan, checkPlan } from '../batch/plan.ts';
import { type Progress, SILENT } from '../batch/progress.ts';
import { ATLAS_FILE, Store } from '../batch/store.ts';
import { storePictures } from '../batch/store-pictures.ts';
import { listFailed, type RunSummary, summarise } from '../batch/summary.ts';
import { isDone, type LayerWork, listTasks, listWork, narrowWork, partsOf, type Task } from '../batch/work.ts';
import { fault } from '../graph/errors.ts';
import type { Model } from '../models/model.ts';
import { type Choice, type Choices, type Conflict, chooseRecords, conflictFault, type LayerSource } from './choose.ts';
import { type Damage, readPicture } from './copy.ts';
import { describeMissing } from './missing.ts';
import { mergeSoftware, openSources, readRecords, type Source } from './sources.ts';

/** Pictures that are recorded in one write. */
const BATCH = 64;

/** Files that are written at once. */
const WRITERS = 16;

/** A merge. */
export interface MergeRequest {
  /** The stores to take pictures from, of shards or whole. */
  readonly stores: readonly string[];
  /** The store that they are put into. What is there is kept where it is of the plan. */
  readonly folder: string;
  readonly engine: Engine;
  /** The store that is believed where two have different images under one key. */
  readonly prefer?: string;
  /** Merges what there is where pictures are missing. */
  readonly partial?: boolean;
  readonly progress?: Progress;
  /** Stops the merge; the same one goes on from there. */
  readonly signal?: AbortSignal;
  /** For tests: a disk that fails. */
  readonly disk?: Disk;
}

/** What a merge did. */
export interface MergeSummary extends Omit<RunSummary, 'rendered'> {
  readonly copied: number;
  /** Pictures that no store had, or none had whole. */
  readonly missing: number;
  readonly damaged: readonly Damage[];
}

interface Context extends MergeRequest {
  readonly sources: readonly Source[];
  readonly model: Model;
  readonly store: Store;
}

/** A layer of the atlas, and how far the merge is with it. */
interface Target {
  readonly work: LayerWork;
  readonly journal: Journal;
  /** Its pictures, renders and diverse ones. */
  readonly tasks: readonly Task[];
}

interface Merged {
  readonly layers: ReadonlyMap<string, readonly UnitRecord[]>;
  readonly copied: number;
  readonly missing: number;
  readonly damaged: readonly Damage[];
}

/**
 * Makes the atlas that one run of the plan would have made. No picture is written where stores are not of one plan, where two have different
 * images under one key, or where pictures are missing and `partial` is not said: all are faults. A file that was altered is told in the summary.
 */
export async function mergeStores(request: MergeRequest): Promise<MergeSummary> {
  const { folder, engine, stores } = request;
  const sources = await openSources(stores, folder);
  const plan = planOf(sources[0]);
  const model = await engine.openModel(plan.plan.model, { pixels: plan.plan.preprocess });
  checkModel(sources[0], plan, model);
  const work = listWork(plan, model, engine);
  return withLock(folder, async () => {
    const store = await Store.open(folder, request.disk);
    const before = await store.readAtlas();
    checkSameAtlas(folder, before, plan, model);
    const context = { ...request, sources, model, store };
    const targets = await openTargets(work, model, store);
    const total = await checkAll(context, targets);
    const atlas = startAtlas({ plan, model, software: mergeSoftware(sources), work, before });
    const settled = total === 0 && before && isFinished(before) && sameButSoftware(before, atlas);
    if (!settled) await store.writeAtlas(atlas);
    const { layers, copied, missing, damaged } = await copyAll(context, targets, total);
    const failed = listFailed(layers);
    const whole = missing === 0 && failed.length === 0;
    const removed = whole ? await store.prune(layers) : 0;
    if (!settled) await store.writeAtlas(finishAtlas(atlas, whole));
    const { reused, flat, diverged } = summarise(layers, copied - failed.length);
    return { folder, copied, reused, flat, diverged, failed, removed, missing, damaged };
  });
}

function planOf({ folder, atlas }: Source): CheckedPlan {
  return checkPlan(atlas.plan, path.join(folder, ATLAS_FILE));
}

/** The network's file may have changed since the stores were rendered. */
function checkModel({ folder, atlas }: Source, { plan }: CheckedPlan, model: Model): void {
  if (atlas.model.weights_sha256 === model.weightsSha256) return;
  throw fault({
    where: plan.model,
    expected: `the network that ${folder} was rendered from, with weights ${atlas.model.weights_sha256},`,
    name: 'the model',
    received: model.weightsSha256,
    remedy: 'Put the file back that the plan was rendered with: its layers tell what the atlas is to hold.',
  });
}

async function openTargets(work: readonly LayerWork[], model: Model, store: Store): Promise<Target[]> {
  const targets: Target[] = [];
  for (const layer of work) {
    const tasks = partsOf(layer).flatMap((part) => listTasks(part, model));
    targets.push({ work: layer, journal: await store.journal(layer.layer.slug), tasks });
  }
  return targets;
}

/** Looks at every record before anything is written; how many pictures there are to copy. */
async function checkAll(context: Context, targets: readonly Target[]): Promise<number> {
  const { folder, partial, sources, model, signal } = context;
  const missing = new Map<string, readonly Task[]>();
  const conflicts: Conflict[] = [];
  let total = 0;
  for (const target of targets) {
    signal?.throwIfAborted();
    const choices = await chooseLayer(context, target);
    if (choices.missing.length > 0) missing.set(target.work.layer.slug, choices.missing);
    conflicts.push(...choices.conflicts);
    total += toCopy(context, target, choices).length;
  }
  if (conflicts.length > 0) throw conflictFault(conflicts);
  if (missing.size > 0 && !partial)
    throw fault({
      where: folder,
      expected: 'every picture of the plan',
      name: 'the stores',
      received: `${[...missing.values()].flat().length} too few`,
      remedy: `Missing are ${describeMissing(missing, sources, { work: targets.map(({ work }) => work), model })}. Render them, or merge what there is with --partial.`,
    });
  return total;
}

async function chooseLayer({ sources, folder, prefer }: Context, { work: { layer }, journal, tasks }: Target): Promise<Choices> {
  const layers: LayerSource[] = [];
  for (const source of sources) layers.push({ folder: source.folder, records: await readRecords(source.folder, layer.slug) });
  return chooseRecords(layer.slug, tasks, [...layers, { folder, records: journal.records, target: true }], prefer);
}

/** The pictures that the atlas does not have, or has otherwise. */
function toCopy({ store }: Context, { journal }: Target, { chosen }: Choices): Choice[] {
  return chosen.filter(
    ({ task, records: [{ record }] }) =>
      !isDone(task, journal, store) || journal.find(task.unit.id, task.seed, task.series)?.image !== record.image,
  );
}

/** Layer after layer; the finished records by layer slug. */
async function copyAll(context: Context, targets: readonly Target[], total: number): Promise<Merged> {
  const { progress = SILENT, store } = context;
  const layers = new Map<string, readonly UnitRecord[]>();
  const damaged: Damage[] = [];
  let [copied, missing] = [0, 0];
  progress.start(total, 0);
  try {
    for (const target of targets) {
      const { work, journal, tasks } = target;
      await store.writeDirections(work.layer.slug, work.units);
      const choices = await chooseLayer(context, target);
      const onCopied = (pictures: number) => {
        copied += pictures;
        progress.update(copied);
      };
      const lost = await copyPictures(context, target, toCopy(context, target, choices), { onCopied, damaged });
      const absent = new Set([...choices.missing, ...lost]);
      missing += absent.size;
      const wanted =
        absent.size > 0
          ? narrowWork(
              work,
              tasks.filter((task) => !absent.has(task)),
            )
          : work;
      layers.set(work.layer.slug, await journal.finish(wanted));
    }
  } finally {
    progress.stop();
  }
  return { layers, copied, missing, damaged };
}

/** Images first, then the records that name them, a batch at a time. Gives back the pictures that no store had whole. */
async function copyPictures(
  { store, signal }: Context,
  { journal }: Target,
  choices: readonly Choice[],
  { onCopied, damaged }: { onCopied: (pictures: number) => void; damaged: Damage[] },
): Promise<Task[]> {
  const lost: Task[] = [];
  for (let start = 0; start < choices.length; start += BATCH) {
    signal?.throwIfAborted();
    const batch = choices.slice(start, start + BATCH);
    const read = await Promise.all(batch.map((choice) => readPicture(choice, (damage) => damaged.push(damage))));
    const made = batch.flatMap(({ task }, i) => (read[i] ? { task, picture: read[i] } : []));
    lost.push(...batch.flatMap(({ task }, i) => (read[i] ? [] : task)));
    await putImages(
      store,
      made.flatMap(({ picture: { image, strip } }) => [image, strip]),
    );
    await storePictures(
      { store, journal },
      made.map(({ task }) => task),
      made.map(({ picture }) => picture),
    );
    onCopied(made.length);
  }
  return lost;
}

/** Many at a time, since a disk takes long to say that a file is safe; each once. When it ends, well or not, no write is under way. */
async function putImages(store: Store, images: readonly (Uint8Array | undefined)[]): Promise<void> {
  const different = new Map(images.flatMap((image) => (image ? [[sha256(image), image]] : [])));
  await inParallel(different.values(), WRITERS, async (image) => {
    await store.putImage(image);
  });
}
