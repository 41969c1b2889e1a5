/** Repairing a layer: lines that were altered go, pictures that are missing or altered are made again, and the file is as it was. */
import { readFile } from 'node:fs/promises';
import { findRender, type Journal, layerFile, splitLines } from '../batch/journal.ts';
import type { Progress } from '../batch/progress.ts';
import { renderPart, type Workbench } from '../batch/render-part.ts';
import type { Store } from '../batch/store.ts';
import { type LayerWork, missingTasks, type Task } from '../batch/work.ts';

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
  /** Whether the atlas, or the shard, was ever done. */
  readonly finished: boolean;
  /** What its file holds where all is done: of a shard a part of it. */
  readonly wanted: LayerWork;
  /** The pictures of that. */
  readonly parts: readonly { readonly part: LayerWork; readonly tasks: readonly Task[] }[];
  readonly store: Store;
  /** Whether something is wrong with its file of records. */
  readonly isDamaged: boolean;
  /** Opened where a picture has to be made. */
  readonly workbench: () => Promise<Workbench>;
  readonly progress: Progress;
}

/** Repairs what is damaged; nothing where that is nothing. In an atlas or a shard that is not finished, what was never made is left to its run. */
export async function repairLayer(damage: LayerDamage): Promise<LayerRepair | undefined> {
  const { finished, wanted, parts, store, isDamaged, workbench, progress } = damage;
  const { slug } = wanted.layer;
  const file = layerFile(slug);
  const bytes = await readFile(store.folder.resolve(file)).catch(() => Buffer.alloc(0));
  const lines = splitLines(bytes);
  const good = lines.filter((line) => 'record' in line);
  const lost = lines.length - good.length;
  const recorded = new Map(good.map(({ record }) => [record.id, record]));
  const before = (task: Task) => findRender(recorded, task.unit.id, task.seed, task.series);
  const isStale = parts.some(({ tasks }) => tasks.some((task) => (before(task)?.key ?? task.key) !== task.key));
  const stale = finished && isStale ? { layer: slug, rendered: 0, lines: 0, different: [], impossible: STALE } : undefined;
  if (lost > 0) {
    if (stale) return stale;
    await store.folder.replace(file, Buffer.concat(good.map(({ text }) => text)));
  }
  const journal = await store.journal(slug);
  const orders = parts.map(({ part, tasks }) => ({ part, tasks: damagedTasks(part, tasks, { finished, journal, store }) }));
  const rendered = orders.reduce((sum, { tasks }) => sum + tasks.length, 0);
  if (rendered > 0 && stale) return stale;
  if (rendered === 0 && !isDamaged) return undefined;
  if (rendered > 0) await renderAgain(orders, { journal, rendered, slug, bench: await workbench(), progress });
  if (finished) await journal.finish(wanted);
  const different = orders.flatMap(({ tasks }) =>
    tasks.flatMap((task) => {
      const [was, is] = [before(task)?.image, journal.find(task.unit.id, task.seed, task.series)?.image];
      return was && is && was !== is ? [{ unit: task.unit.id, seed: task.seed, before: was, after: is }] : [];
    }),
  );
  return { layer: slug, rendered, lines: lost, different };
}

async function renderAgain(
  orders: readonly { part: LayerWork; tasks: readonly Task[] }[],
  { journal, rendered, slug, bench, progress }: { journal: Journal; rendered: number; slug: string; bench: Workbench; progress: Progress },
): Promise<void> {
  progress.note(`${slug}: ${rendered} pictures to render again`);
  progress.start(rendered, 0);
  let done = 0;
  try {
    for (const { part, tasks } of orders) {
      const start = done;
      await renderPart(bench, { work: part, journal, tasks }, (pictures) => progress.update(start + pictures));
      done += tasks.length;
    }
  } finally {
    progress.stop();
  }
}

const STALE =
  'its pictures were made by another renderer, or with other settings, than this version makes them: restore them from a copy, or run the plan again, which makes all of them anew';

/** The pictures to make: of what is finished all that are not there as recorded, of what is not those that were there. */
function damagedTasks(
  work: LayerWork,
  tasks: readonly Task[],
  { finished, journal, store }: { finished: boolean; journal: Journal; store: Store },
): readonly Task[] {
  const missing = missingTasks(tasks, work, journal, store);
  if (finished) return missing;
  const were = ({ unit, seed, series, key }: Task) => {
    const record = journal.find(unit.id, seed, series);
    return record?.key === key && record.state !== 'failed';
  };
  const units = new Set(missing.filter(were).map(({ unit }) => unit.id));
  return missing.filter((task) => were(task) || (work.settings.group && units.has(task.unit.id)));
}
