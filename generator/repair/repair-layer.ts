/** Repairing a layer: lines that were altered go, pictures that are missing or altered are made again, and the file is as it was. */
import { readFile } from 'node:fs/promises';
import type { Atlas, UnitRecord } from '../../data/schema.ts';
import { type Journal, layerFile, splitLines } from '../batch/journal.ts';
import type { Progress } from '../batch/progress.ts';
import type { Store } from '../batch/store.ts';
import { type LayerWork, listTasks, missingTasks, type Task } from '../batch/work.ts';
import type { Model } from '../models/model.ts';
import { makeAgain, type Workshop } from './make-again.ts';

/** What was done to a layer. */
export interface LayerRepair {
  readonly layer: string;
  /** Pictures that were rendered again. */
  readonly rendered: number;
  /** Lines that could not be read and were left out; those of a complete atlas were written anew. */
  readonly lines: number;
  /** Pictures that came out otherwise than recorded, on another machine as a rule; the records name the new ones. */
  readonly different: readonly { readonly unit: string; readonly seed: number; readonly before: string; readonly after: string }[];
  /** Set where nothing could be done, and why. */
  readonly impossible?: string;
}

export interface LayerDamage {
  readonly atlas: Atlas;
  readonly work: LayerWork;
  readonly model: Model;
  readonly store: Store;
  /** Whether something is wrong with its file of records. */
  readonly isDamaged: boolean;
  /** Opened where a picture has to be made. */
  readonly workshop: () => Promise<Workshop>;
  readonly progress: Progress;
}

/** Repairs what is damaged; nothing where that is nothing. In an atlas that is not complete, what was never made is left to its run. */
export async function repairLayer(damage: LayerDamage): Promise<LayerRepair | undefined> {
  const { atlas, work, model, store, isDamaged, workshop, progress } = damage;
  const { slug } = work.layer;
  const file = layerFile(slug);
  const bytes = await readFile(store.folder.resolve(file)).catch(() => Buffer.alloc(0));
  const lines = splitLines(bytes);
  const good = lines.filter((line) => 'record' in line);
  const lost = lines.length - good.length;
  const parts = [work, ...(work.diverse ? [work.diverse] : [])].map((part) => ({ part, tasks: listTasks(part, model) }));
  const known = new Map(good.flatMap(({ record }) => keysOf(record)));
  const isStale = parts.some(({ tasks }) => tasks.some((task) => (known.get(nameOf(task)) ?? task.key) !== task.key));
  const nothing = { layer: slug, rendered: 0, lines: 0, different: [] };
  if (lost > 0 && !(atlas.complete && isStale)) await store.folder.replace(file, Buffer.concat(good.map(({ text }) => text)));
  const journal = lost > 0 && atlas.complete && isStale ? undefined : await store.journal(slug);
  const orders = parts.map(({ part, tasks }) => ({ part, tasks: journal ? damagedTasks(part, tasks, { atlas, journal, store }) : [] }));
  const rendered = orders.reduce((sum, { tasks }) => sum + tasks.length, 0);
  if (atlas.complete && isStale && (rendered > 0 || lost > 0)) return { ...nothing, impossible: STALE };
  if (!journal || (rendered === 0 && !isDamaged)) return undefined;
  const before = new Map(good.flatMap(({ record }) => imagesByName(record)));
  if (rendered > 0) {
    progress.note(`${slug}: ${rendered} pictures to render again`);
    progress.start(rendered, 0);
  }
  let done = 0;
  try {
    for (const { part, tasks } of orders) {
      if (tasks.length === 0) continue;
      const start = done;
      const onProgress = (pictures: number) => progress.update(start + pictures);
      await makeAgain(await workshop(), { work: part, tasks, store, journal, onProgress });
      done += tasks.length;
    }
  } finally {
    progress.stop();
  }
  if (atlas.complete) await journal.finish(work);
  const different = orders.flatMap(({ tasks }) =>
    tasks.flatMap((task) => {
      const [was, is] = [before.get(nameOf(task)), journal.find(task.unit.id, task.seed, task.series)?.image];
      return was && is && was !== is ? [{ unit: task.unit.id, seed: task.seed, before: was, after: is }] : [];
    }),
  );
  return { layer: slug, rendered, lines: lost, different };
}

const STALE =
  'its pictures were made by another renderer, or with other settings, than this version makes them: restore them from a copy, or run the plan again, which makes all of them anew';

/** The pictures to make: of a complete atlas all that are not there as recorded, of another those that were there. */
function damagedTasks(
  work: LayerWork,
  tasks: readonly Task[],
  { atlas, journal, store }: { atlas: Atlas; journal: Journal; store: Store },
): readonly Task[] {
  const missing = missingTasks(tasks, work, journal, store);
  if (atlas.complete) return missing;
  const were = ({ unit, seed, series, key }: Task) => {
    const record = journal.find(unit.id, seed, series);
    return record?.key === key && record.state !== 'failed';
  };
  const units = new Set(missing.filter(were).map(({ unit }) => unit.id));
  return missing.filter((task) => were(task) || (work.settings.group && units.has(task.unit.id)));
}

const nameOf = ({ unit, seed, series }: Task) => `${series} ${unit.id} ${seed}`;

function keysOf({ id, renders, diverse = [] }: UnitRecord): [string, string][] {
  return [
    ...renders.map(({ seed, key }): [string, string] => [`renders ${id} ${seed}`, key]),
    ...diverse.map(({ seed, key }): [string, string] => [`diverse ${id} ${seed}`, key]),
  ];
}

function imagesByName({ id, renders, diverse = [] }: UnitRecord): [string, string | undefined][] {
  return [
    ...renders.map(({ seed, image }): [string, string | undefined] => [`renders ${id} ${seed}`, image]),
    ...diverse.map(({ seed, image }): [string, string | undefined] => [`diverse ${id} ${seed}`, image]),
  ];
}
