/** One unit of an atlas rendered again, as its plan has it, apart from the store; and what was published of it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Atlas, AtlasLayer, RenderRecord, UnitRecord } from '../../data/schema.ts';
import type { Engine } from '../batch/engine.ts';
import { readLines } from '../batch/journal.ts';
import type { Progress } from '../batch/progress.ts';
import { renderPart } from '../batch/render-part.ts';
import { imageFile, Store } from '../batch/store.ts';
import { type LayerWork, listTasks, type Series, type Task } from '../batch/work.ts';
import { fault } from '../graph/errors.ts';
import type { Model } from '../models/model.ts';
import { openRecorded } from '../repair/recorded-work.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { unknownName } from './render-unit-address.ts';

/** A unit as its atlas and this code have it. */
export interface PublishedUnit {
  readonly folder: string;
  readonly atlas: Atlas;
  readonly layer: AtlasLayer;
  readonly model: Model;
  readonly work: LayerWork;
  /** Every picture of the unit, or of a unit whose pictures are made together, in the order of its seeds. */
  readonly tasks: readonly Task[];
  readonly task: Task;
  /** What the store has of the layer. */
  readonly records: readonly UnitRecord[];
  readonly published?: RenderRecord;
}

/**
 * Finds a unit by its id, and its picture of a seed (the first if left out), of its renders or of its diverse pictures. Throws with exit code 2 for a unit or a seed
 * that the plan does not have, and where the network is another than the atlas's.
 */
export async function findUnit(
  { folder, atlas, layer, engine }: { folder: string; atlas: Atlas; layer: AtlasLayer; engine: Engine },
  { unit, seed, series }: { unit: string; seed: number | undefined; series: Series },
): Promise<PublishedUnit> {
  const { model, work: layers } = await openRecorded(folder, atlas, engine);
  const found = layers.find((one) => one.layer.slug === layer.slug);
  if (!found) throw unknownName('layer', layer.slug, [], folder);
  const work = series === 'diverse' ? found.diverse : found;
  const units = work?.units ?? [];
  const tasks = work ? listTasks(work, model).filter((task) => task.unit.id === unit) : [];
  if (!work || tasks.length === 0)
    throw unknownName(
      'unit',
      unit,
      units.map(({ id }) => id),
      `${folder}, ${layer.slug}${series === 'diverse' ? ', diverse pictures' : ''}`,
    );
  const task = seed === undefined ? tasks[0] : tasks.find((one) => one.seed === seed);
  if (!task)
    throw fault({
      where: `${folder}, ${layer.slug}, ${unit}`,
      expected: `one of ${tasks.map((one) => one.seed).join(', ')}`,
      name: 'the seed',
      received: seed,
      remedy: 'Those are the starts that its plan renders it from.',
      exitCode: 2,
    });
  const file = `${folder}/layers/${layer.slug}.jsonl`;
  const records = readLines(await readFile(file).catch(() => Buffer.alloc(0)), file).lines;
  const published = records.find(({ id }) => id === unit)?.[work.series]?.find((render) => render.seed === task.seed);
  return { folder, atlas, layer, model, work, tasks, task, records, ...(published ? { published } : {}) };
}

/** Where a picture of the store is; nothing where it has none. */
export function publishedFile({ folder }: PublishedUnit, render: RenderRecord | undefined): string | undefined {
  return render?.image && path.join(folder, imageFile(render.image));
}

/** Renders the picture by the path that every picture of an atlas takes, into a store that is gone afterwards. Throws where it fails. */
export async function renderAgain(
  { model, work, tasks, task }: PublishedUnit,
  { engine, runtime, progress, signal }: { engine: Engine; runtime: Runtime; progress: Progress; signal: AbortSignal },
): Promise<{ record: RenderRecord; bytes: Buffer }> {
  const { layer, settings } = work;
  // Without the frames of a filmstrip, which are read off on the way and change nothing.
  const together = (settings.group ? tasks : [task]).map((one) => ({ ...one, frames: [] }));
  const folder = await mkdtemp(path.join(tmpdir(), 'atlas-unit-'));
  try {
    const store = await Store.open(folder);
    const journal = await store.journal(layer.slug);
    progress.start(together.length, 0);
    try {
      const bench = { engine, model, runtimeOpen: runtime, store, batch: together.length, signal };
      await renderPart(bench, { work, journal, tasks: together }, (done) => progress.update(done));
    } finally {
      progress.stop();
    }
    const record = journal.find(task.unit.id, task.seed, task.series);
    if (!record?.image)
      throw fault({
        where: `${layer.slug}, ${task.unit.id}, seed ${task.seed}`,
        expected: 'a picture',
        name: 'the render',
        received: record?.message ?? 'none',
        remedy: 'Try another --device, or fewer --threads.',
      });
    return { record, bytes: await readFile(store.folder.resolve(imageFile(record.image))) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
