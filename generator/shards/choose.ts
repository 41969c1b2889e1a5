/** Which store's record of a picture is taken, where any has one: decided for all pictures before a byte is written. */
import type { RenderRecord } from '../../data/schema.ts';
import { findRender } from '../batch/journal.ts';
import type { Task } from '../batch/work.ts';
import { type AtlasError, fault } from '../graph/errors.ts';
import type { LayerRecords } from './sources.ts';

/** What a store has of a layer. */
export interface LayerSource {
  readonly folder: string;
  readonly records: LayerRecords;
  /** The store that is merged into: what it has of an earlier plan counts for nothing. */
  readonly target?: boolean;
}

/** A picture, and the records that say the same of it, each with its store. */
export interface Choice {
  readonly task: Task;
  readonly records: readonly { readonly folder: string; readonly record: RenderRecord }[];
}

/** One picture that two stores have different images of, under the same key. */
export interface Conflict {
  readonly layer: string;
  readonly task: Task;
  readonly records: Choice['records'];
}

/** What there is of a layer's pictures. A picture that failed everywhere has its failures; one that no store has is missing. */
export interface Choices {
  readonly chosen: readonly Choice[];
  readonly missing: readonly Task[];
  readonly conflicts: readonly Conflict[];
}

/** Chooses for every picture of a layer. Throws for a record under another key. `prefer` is the store that is believed. */
export function chooseRecords(layer: string, tasks: readonly Task[], sources: readonly LayerSource[], prefer?: string): Choices {
  const chosen: Choice[] = [];
  const missing: Task[] = [];
  const conflicts: Conflict[] = [];
  for (const task of tasks) {
    const found = sources.flatMap(({ folder, records, target }) => {
      const record = findRender(records, task.unit.id, task.seed, task.series);
      if (!record || (record.key !== task.key && target)) return [];
      if (record.key !== task.key) throw keyFault(layer, task, folder, record);
      return { folder, record };
    });
    const made = found.filter(({ record }) => record.state !== 'failed');
    const believed = made.find(({ folder }) => folder === prefer) ?? made[0] ?? found[0];
    if (!believed) {
      missing.push(task);
      continue;
    }
    const same = made.filter(({ record }) => imagesOf(record) === imagesOf(believed.record));
    if (same.length < made.length && believed.folder !== prefer) conflicts.push({ layer, task, records: made });
    chosen.push({ task, records: same.length > 0 ? same : [believed] });
  }
  return { chosen, missing, conflicts };
}

function imagesOf({ image, frames }: RenderRecord): string {
  return `${image} ${frames?.image}`;
}

/** `early channel-3, diverse, seed 0` */
export function pictureName(layer: string, { unit, seed, series }: Task): string {
  return `${layer} ${unit.id}${series === 'diverse' ? ', diverse' : ''}, seed ${seed}`;
}

function keyFault(layer: string, task: Task, folder: string, record: RenderRecord): AtlasError {
  return fault({
    where: `${folder}, ${pictureName(layer, task)}`,
    expected: `the key ${task.key}`,
    name: 'its record',
    received: record.key,
    remedy:
      'It was rendered from other files, or by another version of Basis Atlas. Give the store’s command again: it renders what is not of this plan.',
  });
}

/** Names the first conflict with both stores and hashes, and how many there are. */
export function conflictFault(conflicts: readonly Conflict[]): AtlasError {
  const [{ layer, task, records }] = conflicts;
  const other = records.find(({ record }) => imagesOf(record) !== imagesOf(records[0].record)) ?? records[0];
  // The image where it differs, else the filmstrip.
  const differing = other.record.image === records[0].record.image ? 'frames' : 'image';
  const hash = ({ record }: (typeof records)[number]) => (differing === 'image' ? record.image : record.frames?.image) ?? 'none';
  return fault({
    where: pictureName(layer, task),
    expected: `one ${differing === 'image' ? 'image' : 'filmstrip'} under one key`,
    name: `${records[0].folder} (${hash(records[0])}) and ${other.folder} (${hash(other)})`,
    received: `two${conflicts.length > 1 ? `; so have ${conflicts.length - 1} pictures more` : ''}`,
    remedy:
      'Nothing was written. Machines that round differently render different images; an altered one "atlas verify STORE" finds. Name the store to believe with --prefer, or leave one out.',
  });
}
