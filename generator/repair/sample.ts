/** Holding a store's pictures to its plan: some of them, drawn at random, are rendered again and compared. A check of hashes cannot tell a wrong picture from a right one. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Atlas, RenderRecord, UnitRecord } from '../../data/schema.ts';
import type { Engine } from '../batch/engine.ts';
import { type Finding, REPAIR } from '../batch/finding.ts';
import { findRender, layerFile, splitLines } from '../batch/journal.ts';
import { scoreFile } from '../batch/make-pictures.ts';
import { pictureDistance, SAME_PICTURE, type SeenPicture, seenDistance, seePicture } from '../batch/picture-distance.ts';
import { type Progress, SILENT } from '../batch/progress.ts';
import { renderPart, type Workbench } from '../batch/render-part.ts';
import { ATLAS_FILE, imageFile, readAtlas, Store } from '../batch/store.ts';
import { type LayerWork, listTasks, partsOf, type Series, type Task } from '../batch/work.ts';
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

/** What was rendered for a picture that was drawn. */
interface Rendering {
  readonly part: LayerWork;
  readonly task: Task;
  readonly file: string;
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
  const rendered = new Map<SampledPicture, Rendering>();
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
        if (made?.image) rendered.set(picture, { part, task, file: `${scratch}/${imageFile(made.image)}` });
      }
    }
    const published = pictures.some(({ verdict }) => verdict === 'near') ? await seeAll(folder, pictures) : new Map();
    for (const [i, picture] of pictures.entries()) {
      const made = picture.verdict === 'near' ? rendered.get(picture) : undefined;
      if (made && (await isAnother(picture, made, published, bench, folder))) pictures[i] = { ...picture, verdict: 'other picture' };
    }
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

/** The published pictures of a sample, those that can be read. */
async function seeAll(folder: string, pictures: readonly SampledPicture[]): Promise<Map<SampledPicture, SeenPicture>> {
  const seen = new Map<SampledPicture, SeenPicture>();
  for (const picture of pictures) {
    const values = await seePicture(`${folder}/${imageFile(picture.image)}`).catch(() => undefined);
    if (values) seen.set(picture, values);
  }
  return seen;
}

/**
 * Whether a picture within the bound is wrong all the same: what was rendered is nearer to the published picture of another unit of the sample, and the
 * published one excites its unit no better than half-way between that other one and what was rendered. With n pictures in the sample, all but one
 * in n wrong ones are nearer to another; of 418 right ones, rendered on another kind of processor, one was, and its two renderings excite its unit
 * alike.
 */
async function isAnother(
  picture: SampledPicture,
  { part, task, file }: Rendering,
  published: ReadonlyMap<SampledPicture, SeenPicture>,
  { engine, model, runtimeOpen }: Workbench,
  folder: string,
): Promise<boolean> {
  const made = await seePicture(file).catch(() => undefined);
  const like = made && nearestOther(picture, made, published);
  if (!like || like.distance > (picture.distance ?? 0)) return false;
  const { others } = task.unit;
  const request = { model, runtime: runtimeOpen, layer: part.layer.name, settings: part.settings, batch: 1, ...(others ? { others } : {}) };
  const probe = await engine.openProbe(request);
  try {
    // A file shows three colours, whatever a network takes.
    if ((probe.colours ?? 3) > 3) return true;
    const files = [`${folder}/${imageFile(picture.image)}`, file, `${folder}/${imageFile(like.picture.image)}`];
    const scores: number[] = [];
    for (const shown of files) scores.push(await scoreFile(probe, task, shown));
    const [was, is, other] = scores;
    return !(was >= (is + other) / 2);
  } finally {
    await probe.dispose();
  }
}

/** The published picture of another unit that is nearest to one. */
function nearestOther({ layer, unit }: SampledPicture, made: SeenPicture, published: ReadonlyMap<SampledPicture, SeenPicture>) {
  return [...published]
    .filter(([other, seen]) => !(other.layer === layer && other.unit === unit) && seen.length === made.length)
    .map(([picture, seen]) => ({ picture, distance: seenDistance(seen, made) }))
    .reduce<{ picture: SampledPicture; distance: number } | undefined>((a, b) => (a && a.distance <= b.distance ? a : b), undefined);
}

/** As far as can be where one cannot be read, or is of another size. */
async function distanceOf(a: string, b: string): Promise<number> {
  return pictureDistance(a, b).catch(() => 255);
}

function findWrong({ software }: Atlas, pictures: readonly SampledPicture[]): Finding[] {
  const said: Partial<Record<SampledPicture['verdict'], (distance: number | null) => string>> = {
    'other picture': (distance) =>
      `is another picture: ${distance?.toFixed(1)} of 255 from what its plan makes, which may be ${SAME_PICTURE.largest} at most; where another unit's is nearer, it has to excite its own better than that`,
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
