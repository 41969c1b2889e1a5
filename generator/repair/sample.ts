/** Holding a store's pictures to its plan: some of them, drawn at random, are rendered again and compared. A check of hashes cannot tell a wrong picture from a right one. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Atlas, RenderRecord, UnitRecord } from '../../data/schema.ts';
import type { Engine } from '../batch/engine.ts';
import { type Finding, REPAIR } from '../batch/finding.ts';
import { findRender, layerFile, splitLines } from '../batch/journal.ts';
import { pictureDistance, SAME_PICTURE } from '../batch/picture-distance.ts';
import { type Progress, SILENT } from '../batch/progress.ts';
import { renderPart, type Workbench } from '../batch/render-part.ts';
import { ATLAS_FILE, imageFile, readAtlas, Store } from '../batch/store.ts';
import { listTasks, partsOf, type Series, type Task } from '../batch/work.ts';
import { fault } from '../graph/errors.ts';
import { RandomStream } from '../render/random.ts';
import type { RuntimeChoice } from '../runtime/open.ts';
import { openRecorded } from './recorded-work.ts';

export interface SampleRequest {
  readonly folder: string;
  /** Pictures to draw. */
  readonly size: number;
  /** Names the draw. One that is known beforehand is no check of whoever made the pictures. */
  readonly seed: number;
  readonly engine: Engine;
  readonly runtime?: RuntimeChoice;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** A picture that was drawn. */
export interface SampledPicture {
  readonly layer: string;
  readonly unit: string;
  readonly seed: number;
  readonly series: Series;
  /** `same`: to the last byte, with its filmstrip; `near`: as another machine's rounding would make it; the others are wrong. */
  readonly verdict: 'same' | 'near' | 'other picture' | 'other recipe' | 'failed';
  /** Of the published file. */
  readonly image: string;
  /** To what was rendered here, by {@link pictureDistance}; the greater of the picture's and the filmstrip's. */
  readonly distance: number | null;
}

/** What a sample found. */
export interface Sample {
  readonly seed: number;
  /** Pictures that it was drawn of: those with a file. */
  readonly of: number;
  readonly pictures: readonly SampledPicture[];
  readonly findings: readonly Finding[];
}

interface Candidate {
  readonly task: Task;
  readonly record: RenderRecord & { readonly image: string };
}

/**
 * Draws the sample and renders it. Every picture is as likely as any other to be in it, and it is spread over layers and arms: see {@link drawSample}.
 * Throws for a folder without an atlas, and for another network than the atlas's.
 */
export async function sampleAtlas(request: SampleRequest): Promise<Sample> {
  const { folder, size, seed, engine, progress = SILENT, signal } = request;
  const atlas = await readAtlas(folder);
  if (!atlas)
    throw fault({
      where: folder,
      expected: 'an atlas',
      name: ATLAS_FILE,
      received: undefined,
      remedy: 'Name the folder of one.',
      exitCode: 2,
    });
  const { model, work } = await openRecorded(folder, atlas, engine);
  const layers = await Promise.all(
    work.map(async (one) => {
      const records = await readRecords(folder, one.layer.slug);
      return partsOf(one).map((part) => {
        const tasks = listTasks(part, model);
        return { part, tasks, candidates: candidatesOf(tasks, records) };
      });
    }),
  );
  const all = layers.flat().flatMap(({ candidates }) => candidates);
  const drawn = new Set(drawSample(all.length, size, new RandomStream(seed, 'sample')).map((i) => all[i]));
  const runtimeOpen = await engine.openRuntime(request.runtime ?? {});
  const scratch = await mkdtemp(path.join(tmpdir(), 'atlas-sample-'));
  const pictures: SampledPicture[] = [];
  const rendered = new Map<SampledPicture, string>();
  try {
    const store = await Store.open(scratch);
    const bench: Workbench = { engine, model, runtimeOpen, store, ...(signal ? { signal } : {}) };
    progress.start(drawn.size, 0);
    for (const { part, tasks, candidates } of layers.flat()) {
      const chosen = candidates.filter((one) => drawn.has(one));
      if (chosen.length === 0) continue;
      const units = new Set(chosen.map(({ task }) => task.unit.id));
      const wanted = part.settings.group ? tasks.filter(({ unit }) => units.has(unit.id)) : chosen.map(({ task }) => task);
      const journal = await store.journal(part.layer.slug);
      const start = pictures.length;
      const onProgress = (done: number) => progress.update(start + (chosen.length * done) / wanted.length);
      await renderPart(bench, { work: part, journal, tasks: wanted }, onProgress);
      for (const { task, record } of chosen) {
        const made = journal.find(task.unit.id, task.seed, task.series);
        const picture = { layer: part.layer.slug, ...(await judge({ folder, scratch, task, record, made })) };
        pictures.push(picture);
        if (made?.image) rendered.set(picture, `${scratch}/${imageFile(made.image)}`);
      }
    }
    for (const [i, picture] of pictures.entries())
      if (picture.verdict === 'near' && (await isLikeAnother(folder, picture, rendered.get(picture) ?? '', pictures)))
        pictures[i] = { ...picture, verdict: 'other picture' };
  } finally {
    progress.stop();
    await rm(scratch, { recursive: true, force: true });
  }
  return { seed, of: all.length, pictures, findings: findWrong(atlas, pictures) };
}

/**
 * Numbers below `total`, `size` at most: the row is cut into `size` pieces of one length, and of each a place is drawn. So a share p of wrong pictures is
 * missed with (1 − p)^size at most, however they lie: the product of what the pieces miss is greatest where they have equal shares. Numbers are
 * not repeated, which can happen at the border of two pieces; then there are fewer.
 */
export function drawSample(total: number, size: number, random: RandomStream): number[] {
  const pieces = Math.min(size, total);
  return [...new Set(Array.from({ length: pieces }, (_, i) => Math.min(total - 1, Math.floor(((i + random.uniform()) * total) / pieces))))];
}

/** The share of wrong pictures that a sample does not miss: `chance` of finding one at least. */
export function chanceOfFinding(share: number, size: number): number {
  return 1 - (1 - share) ** size;
}

/** Records as far as they can be read: what is wrong with the others is told by a check. */
async function readRecords(folder: string, layer: string): Promise<UnitRecord[]> {
  const bytes = await readFile(`${folder}/${layerFile(layer)}`).catch(() => Buffer.alloc(0));
  return splitLines(bytes).flatMap((line) => ('record' in line ? line.record : []));
}

/** The tasks that the store has a picture of. */
function candidatesOf(tasks: readonly Task[], records: readonly UnitRecord[]): Candidate[] {
  const units = new Map(records.map((record) => [record.id, record]));
  return tasks.flatMap((task) => {
    const record = findRender(units, task.unit.id, task.seed, task.series);
    return record?.image ? [{ task, record: { ...record, image: record.image } }] : [];
  });
}

async function judge({
  folder,
  scratch,
  task,
  record,
  made,
}: Candidate & { folder: string; scratch: string; made: RenderRecord | undefined }): Promise<Omit<SampledPicture, 'layer'>> {
  const picture = { unit: task.unit.id, seed: task.seed, series: task.series, image: record.image };
  if (!made?.image) return { ...picture, verdict: 'failed', distance: null };
  const pairs = [[record.image, made.image], ...(record.frames && made.frames ? [[record.frames.image, made.frames.image]] : [])];
  const distances = await Promise.all(
    pairs.map(([was, is]) => (was === is ? 0 : distanceOf(`${folder}/${imageFile(was)}`, `${scratch}/${imageFile(is)}`))),
  );
  const distance = Math.max(...distances);
  if (record.key !== task.key) return { ...picture, verdict: 'other recipe', distance };
  if (pairs.every(([was, is]) => was === is)) return { ...picture, verdict: 'same', distance };
  return { ...picture, verdict: distance <= SAME_PICTURE.largest ? 'near' : 'other picture', distance };
}

/**
 * Whether what was rendered is nearer to the published picture of another unit of the sample. A right picture is not, whatever machine made it; a wrong
 * one that happens to lie within the bound is, with n pictures in the sample, but for one in n.
 */
async function isLikeAnother(
  folder: string,
  { layer, unit, distance }: SampledPicture,
  made: string,
  pictures: readonly SampledPicture[],
): Promise<boolean> {
  for (const other of pictures) {
    if (other.layer === layer && other.unit === unit) continue;
    if ((await distanceOf(`${folder}/${imageFile(other.image)}`, made)) < (distance ?? 0)) return true;
  }
  return false;
}

/** As far as can be where one cannot be read, or is of another size. */
async function distanceOf(a: string, b: string): Promise<number> {
  return pictureDistance(a, b).catch(() => 255);
}

function findWrong({ software }: Atlas, pictures: readonly SampledPicture[]): Finding[] {
  const said: Partial<Record<SampledPicture['verdict'], (distance: number | null) => string>> = {
    'other picture': (distance) =>
      `is another picture: ${distance?.toFixed(1)} of 255 from what its plan makes, which may be ${SAME_PICTURE.largest} at most and less than to any other unit's`,
    'other recipe': () => `its key is not that of its plan; it was made by another renderer than ${software.renderer}, or by nobody's`,
    failed: () => 'could not be rendered again',
  };
  const findings = pictures.flatMap(({ verdict, distance, image, layer, unit, seed, series }): Finding[] => {
    const problem = said[verdict]?.(distance);
    const name = `${layer} ${unit}, ${series === 'diverse' ? 'diverse, ' : ''}seed ${seed}`;
    return problem ? [{ file: imageFile(image), problem: `${name}: ${problem}`, repair: REPAIR.sample }] : [];
  });
  // One that is near is the same picture, rounded otherwise; all of them together lie nearer than that.
  const near = pictures.filter(({ verdict }) => verdict === 'near').map(({ distance }) => distance ?? 0);
  const median = near.toSorted((a, b) => a - b)[near.length >> 1];
  if (near.length > 2 && median > SAME_PICTURE.median)
    findings.push({
      file: 'images',
      problem: `${near.length} pictures of the sample lie ${median.toFixed(1)} from what their plan makes, in the median; rounding alone moves them less than ${SAME_PICTURE.median}`,
      repair: REPAIR.sample,
    });
  return findings;
}
