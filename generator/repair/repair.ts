/** Repairing an atlas: what is damaged is made again, what is no part of it is removed, and nothing else is touched. */
import { readFile } from 'node:fs/promises';
import { type Atlas, seal } from '../../data/schema.ts';
import { isFinished } from '../batch/atlas-record.ts';
import { type Disk, DurableFolder } from '../batch/disk.ts';
import type { Engine } from '../batch/engine.ts';
import { type Finding, REPAIR } from '../batch/finding.ts';
import { layerFile } from '../batch/journal.ts';
import { withLock } from '../batch/lock.ts';
import { type Progress, SILENT } from '../batch/progress.ts';
import type { Workbench } from '../batch/render-part.ts';
import { ATLAS_FILE, clearUnfinished, readAtlas, Store } from '../batch/store.ts';
import type { Verification } from '../batch/verify.ts';
import { listTasks, narrowWork, partsOf } from '../batch/work.ts';
import { fault } from '../graph/errors.ts';
import type { RuntimeChoice } from '../runtime/open.ts';
import { shareOf } from '../shards/share.ts';
import { checkAtlas } from './check-atlas.ts';
import { openRecorded } from './recorded-work.ts';
import { type LayerRepair, repairLayer } from './repair-layer.ts';
import { restoreMeasures } from './restore-measures.ts';

export interface RepairRequest {
  readonly folder: string;
  /** The ledger of the folder that it lies in. */
  readonly ledger: string;
  readonly engine: Engine;
  readonly runtime?: RuntimeChoice;
  /** Pictures at a time; as many as a run's if left out. */
  readonly batch?: number;
  readonly progress?: Progress;
  /** Stops; what is made stays, and the same command goes on from there. */
  readonly signal?: AbortSignal;
  /** For tests: a disk that fails. */
  readonly disk?: Disk;
}

/** What was done. */
export interface Repaired {
  readonly layers: readonly LayerRepair[];
  /** Files of vectors that were written anew. */
  readonly vectors: readonly string[];
  /** Units whose measures were taken from the comparison. */
  readonly measured: number;
  readonly removed: readonly string[];
  /** Files from before there were digests, which have them now. */
  readonly sealed: readonly string[];
  /** What there is now, with what is still wrong. */
  readonly after: Verification;
}

/**
 * Repairs what a check finds. Everything is made from atlas.json, in which the plan stands: without one that is whole nothing is done. Killed at any
 * moment, the same command goes on. Throws for a folder without an atlas, and for another network.
 */
export async function repairAtlas(request: RepairRequest): Promise<Repaired> {
  // Before the lock, which makes the folder.
  await openAtlas(request.folder);
  return withLock(request.folder, () => repairLocked(request));
}

async function repairLocked(request: RepairRequest): Promise<Repaired> {
  const { folder, ledger } = request;
  const disk = new DurableFolder(folder, request.disk);
  const unfinished = await clearUnfinished(disk);
  const atlas = await openAtlas(folder);
  const before = await checkAtlas(folder, ledger);
  const damage = before.findings.filter(({ repair }) => repair === REPAIR.again);
  const made = damage.length > 0 ? await repairDamage(request, atlas, damage) : { layers: [], vectors: [] };
  const measured = damage.length > 0 ? await restoreMeasures(disk, atlas) : 0;
  const after = damage.length > 0 ? await checkAtlas(folder, ledger) : before;
  const removed = [...unfinished, ...(await removeStrays(disk, after.findings))];
  const sealed = await sealOld(disk, after);
  const findings = after.findings.filter(({ file }) => !removed.includes(file));
  const unsealed = after.unsealed.filter((file) => !sealed.includes(file));
  return { ...made, measured, removed, sealed, after: { ...after, findings, unsealed } };
}

async function openAtlas(folder: string): Promise<Atlas> {
  const atlas = await readAtlas(folder);
  if (atlas) return atlas;
  throw fault({
    where: folder,
    expected: 'an atlas',
    name: ATLAS_FILE,
    received: undefined,
    remedy: 'Give the folder of an atlas; one that has lost this file gets it again from a run of its plan.',
    exitCode: 2,
  });
}

/** Layer after layer, each with what is damaged of it. */
async function repairDamage(
  request: RepairRequest,
  atlas: Atlas,
  damage: readonly Finding[],
): Promise<Pick<Repaired, 'layers' | 'vectors'>> {
  const { folder, engine, progress = SILENT, signal, batch } = request;
  const { model, work } = await openRecorded(folder, atlas, engine);
  const files = new Set(damage.map(({ file }) => file));
  const share = atlas.shard && shareOf({ work, model, costs: atlas.shard.costs }, atlas.shard);
  const store = await Store.open(folder, request.disk, files);
  const open = async (): Promise<Workbench> => ({
    ...{ engine, model, store, progress, runtimeOpen: await engine.openRuntime(request.runtime ?? {}) },
    ...(batch ? { batch } : {}),
    ...(signal ? { signal } : {}),
  });
  let opened: Promise<Workbench> | undefined;
  const workbench = () => {
    opened ??= open();
    return opened;
  };
  const layers: LayerRepair[] = [];
  const vectors: string[] = [];
  for (const one of work) {
    signal?.throwIfAborted();
    const parts = partsOf(one).map((part) => ({ part, tasks: listTasks(part, model).filter(({ key }) => share?.has(key) ?? true) }));
    const tasks = parts.flatMap((part) => part.tasks);
    if (share && tasks.length === 0) continue;
    vectors.push(...(await store.writeDirections(one.layer.slug, one.units)));
    const isDamaged = files.has(layerFile(one.layer.slug));
    const wanted = share ? narrowWork(one, tasks) : one;
    const done = await repairLayer({ finished: isFinished(atlas), wanted, parts, store, isDamaged, workbench, progress });
    if (done) layers.push(done);
  }
  return { layers, vectors };
}

/** Removes what nothing names, but no picture while a file that may name it is damaged. */
async function removeStrays(disk: DurableFolder, findings: readonly Finding[]): Promise<string[]> {
  const isUncertain = findings.some(({ file, repair }) => repair !== REPAIR.remove && /^(layers|portraits|editions)(\/|$)/.test(file));
  const strays = findings.flatMap(({ file, repair }) =>
    repair === REPAIR.remove && !(isUncertain && file.startsWith('images/')) ? [file] : [],
  );
  for (const file of strays) await disk.remove(file);
  return strays;
}

/** Gives digests to files that have none yet and with which nothing is wrong. Their text is not changed otherwise. */
async function sealOld(disk: DurableFolder, { unsealed, findings }: Verification): Promise<string[]> {
  const sound = unsealed.filter((file) => findings.every((one) => one.file !== file));
  for (const file of sound) {
    const text = await readFile(disk.resolve(file), 'utf8');
    const lines = () => text.replace(/.+/g, (line) => (/,"digest":"[0-9a-f]{64}"\}$/.test(line) ? line : seal(line)));
    await disk.replace(file, file.endsWith('.jsonl') ? lines() : seal(text));
  }
  return sound;
}
