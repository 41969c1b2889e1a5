/** Checking a store against itself: every record, every image, every vector, and nothing beside them. */
import { readFile } from 'node:fs/promises';
import glob from 'fast-glob';
import pLimit from 'p-limit';
import {
  type Atlas,
  type AtlasLayer,
  type ComparedDirection,
  type Comparison,
  comparison as comparisonSchema,
  isSealed,
  parseSealed,
  type UnitRecord,
} from '../../data/schema.ts';
import { fault, reason } from '../graph/errors.ts';
import { isFinished } from './atlas-record.ts';
import { sha256 } from './canonical.ts';
import { TEMPORARY } from './disk.ts';
import { editionImages } from './editions.ts';
import { type Finding, REPAIR } from './finding.ts';
import { layerFile } from './journal.ts';
import { LOCK } from './lock.ts';
import { planHash } from './plan.ts';
import { portrayedImages } from './portraits.ts';
import { ATLAS_FILE, directionsFile, hashedFiles, imageFile, readAtlas } from './store.ts';
import { checkRecords, checkShard } from './verify-records.ts';

export type { Finding } from './finding.ts';

/** What a check found. */
export interface Verification {
  readonly folder: string;
  readonly layers: number;
  readonly units: number;
  readonly images: number;
  /** Files that may have a digest and have none, being from before there were any: what is altered in them is not seen. */
  readonly unsealed: readonly string[];
  readonly findings: readonly Finding[];
}

const COMPARISON = 'comparison.json';
/** What else may lie in a store's folder. */
const OTHERS = ['evidence', 'editions', 'portraits', 'study'];
const OTHER_FILES = ['human.json', 'map.json', 'study.json', 'study-key.json', 'released-key.json', LOCK];

const readers = pLimit(4);

/** Checks a store. Throws only if the folder holds none. */
export async function verifyStore(folder: string): Promise<Verification> {
  const findings: Finding[] = [];
  const unsealed: string[] = [];
  const atlas = await readAtlas(folder).catch((error: unknown) => {
    findings.push({ file: ATLAS_FILE, problem: reason(error).split('\n')[0], repair: REPAIR.atlas });
    return undefined;
  });
  if (!atlas && findings.length === 0) {
    if ((await glob('layers/*.jsonl', { cwd: folder })).length === 0)
      throw fault({
        where: folder,
        expected: 'an atlas',
        name: ATLAS_FILE,
        received: undefined,
        remedy: 'Give the folder of an atlas.',
        exitCode: 2,
      });
    findings.push({ file: ATLAS_FILE, problem: 'is missing, though there are records', repair: REPAIR.atlas });
  }
  if (!atlas) return { folder, layers: 0, units: 0, images: 0, unsealed, findings };
  if (planHash(atlas.plan) !== atlas.plan_sha256)
    findings.push({ file: ATLAS_FILE, problem: 'plan_sha256 is not the hash of its plan', repair: REPAIR.atlas });
  if (!isSealed(await readFile(`${folder}/${ATLAS_FILE}`, 'utf8'))) unsealed.push(ATLAS_FILE);
  const named = new Set<string>();
  const layers = new Map<string, readonly UnitRecord[]>();
  for (const layer of atlas.layers) {
    const { records, unsealed: lines } = await checkRecords(folder, layer, atlas, findings);
    if (lines > 0) unsealed.push(layerFile(layer.slug));
    layers.set(layer.slug, records);
    await checkDirections(folder, layer, records, findings);
    named.add(layerFile(layer.slug)).add(directionsFile(layer.slug));
    for (const file of records.flatMap(hashedFiles)) named.add(file);
  }
  checkShard(atlas, [...layers.values()].flat(), findings);
  for (const image of await frozenImages(folder, findings)) named.add(imageFile(image));
  for (const image of await portrayedImages(folder)) named.add(imageFile(image));
  const images = [...named].filter((file) => file.startsWith('images/'));
  const arrays = [...named].filter((file) => file.endsWith('.npy'));
  await Promise.all([...images, ...arrays].map((file) => readers(() => checkHashed(folder, file, findings))));
  await checkComparison(folder, atlas, layers, { findings, unsealed });
  await checkStrays(folder, atlas, named, findings);
  const units = [...layers.values()].reduce((sum, records) => sum + records.length, 0);
  return { folder, layers: atlas.layers.length, units, images: images.length, unsealed, findings };
}

async function frozenImages(folder: string, findings: Finding[]): Promise<ReadonlySet<string>> {
  return editionImages(folder).catch((error: unknown) => {
    findings.push({ file: 'editions', problem: reason(error).split('\n')[0], repair: REPAIR.restore });
    return new Set();
  });
}

async function checkDirections(folder: string, layer: AtlasLayer, records: readonly UnitRecord[], findings: Finding[]): Promise<void> {
  const random = records.filter(({ arm }) => arm === 'random');
  const file = directionsFile(layer.slug);
  const bytes = await readFile(`${folder}/${file}`).catch(() => undefined);
  if (!bytes) {
    if (random.length > 0) findings.push({ file, problem: 'is missing', repair: REPAIR.again });
    return;
  }
  const row = layer.shape[0] * 4;
  const expected = (layer.units.random ?? 0) * row;
  if (bytes.length !== expected)
    findings.push({ file, problem: `expected ${expected} bytes, received ${bytes.length}`, repair: REPAIR.again });
  for (const { id, index, direction } of random)
    if (direction.kind === 'haar' && sha256(bytes.subarray(index * row, (index + 1) * row)) !== direction.sha256)
      findings.push({ file, problem: `the row of ${id} is not the one that its record names`, repair: REPAIR.again });
}

/** A file that is called by its hash. */
async function checkHashed(folder: string, file: string, findings: Finding[]): Promise<void> {
  const bytes = await readFile(`${folder}/${file}`).catch(() => undefined);
  if (!bytes) findings.push({ file, problem: 'is missing, though a record names it', repair: REPAIR.again });
  else if (!file.includes(`/${sha256(bytes)}.`))
    findings.push({ file, problem: `was altered: its hash is ${sha256(bytes)}`, repair: REPAIR.again });
}

/** The comparison is of this plan, of these pictures, and all that was measured stands in it. */
async function checkComparison(
  folder: string,
  atlas: Atlas,
  layers: ReadonlyMap<string, readonly UnitRecord[]>,
  { findings, unsealed }: { findings: Finding[]; unsealed: string[] },
): Promise<void> {
  const add = (problem: string) => findings.push({ file: COMPARISON, problem, repair: REPAIR.compare });
  const text = await readFile(`${folder}/${COMPARISON}`, 'utf8').catch(() => undefined);
  if (text === undefined) {
    if ([...layers.values()].flat().some(({ measures }) => measures)) add('is missing, though records have its measures');
    return;
  }
  try {
    const parsed = comparisonSchema.safeParse(parseSealed(text, comparisonSchema));
    if (!parsed.success) return void add(`${parsed.error.issues[0].path.join('.')}: ${parsed.error.issues[0].message}`);
    if (!isSealed(text)) unsealed.push(COMPARISON);
    if (parsed.data.plan_sha256 !== atlas.plan_sha256) add('compares the renders of another plan');
    else if (parsed.data.model.weights_sha256 !== atlas.model.weights_sha256) add('is of another network');
    else if (atlas.complete) checkCompared(parsed.data, layers, findings);
    await checkEvidence(folder, parsed.data, findings);
  } catch (error) {
    add(reason(error));
  }
}

/** Every picture that was judged is the one that is there, and its unit has its measures. A unit that cannot be read is told elsewhere. */
function checkCompared({ directions }: Comparison, layers: ReadonlyMap<string, readonly UnitRecord[]>, findings: Finding[]): void {
  const records = new Map([...layers].flatMap(([layer, units]) => units.map((unit) => [`${layer} ${unit.id}`, unit] as const)));
  const judged = directions.flatMap((direction) => {
    const unit = records.get(`${direction.layer} ${direction.id}`);
    return unit && direction.renders ? { direction, unit } : [];
  });
  const [others, same] = [judged.filter((one) => !isOf(one.direction, one.unit)), judged.filter((one) => isOf(one.direction, one.unit))];
  if (others.length > 0) {
    const { layer, id } = others[0].direction;
    findings.push({
      file: COMPARISON,
      problem: `judged other pictures of ${others.length} units, first ${layer} ${id}`,
      repair: REPAIR.compare,
    });
  }
  for (const [layer, without] of Map.groupBy(
    same.filter(({ unit }) => !unit.measures),
    ({ direction }) => direction.layer,
  ))
    findings.push({
      file: layerFile(layer),
      problem: `${without.length} units have no measures, though ${COMPARISON} judged them, first ${without[0].unit.id}`,
      repair: REPAIR.again,
    });
}

/** Whether a comparison judged the pictures that a record names. */
export function isOf({ renders = [] }: ComparedDirection, unit: UnitRecord): boolean {
  return renders.every(({ seed, image }) => unit.renders.find((render) => render.seed === seed)?.image === image);
}

/** What the figures were computed from. It may be left out of a published store, as a whole: `compare --recompute` is what needs it. */
async function checkEvidence(folder: string, { files = [], human }: Comparison, findings: Finding[]): Promise<void> {
  const there = new Set(await glob('{evidence/**,human.json}', { cwd: folder, dot: true }));
  if (human && !there.has(human.file))
    findings.push({ file: human.file, problem: `is missing, though ${COMPARISON} names it`, repair: REPAIR.ratings });
  if (![...there].some((file) => file.startsWith('evidence/'))) return;
  const check = async ({ path, sha256: expected }: (typeof files)[number]) => {
    const add = (problem: string) => findings.push({ file: path, problem, repair: REPAIR.compare });
    if (!there.has(path)) return add(`is missing, though ${COMPARISON} names it`);
    const found = sha256(await readFile(`${folder}/${path}`));
    return found === expected ? 0 : add(`was altered: its hash is ${found}`);
  };
  await Promise.all(files.map((file) => readers(() => check(file))));
}

/** Files that are no part of a store, and files of its own folders that nothing names. While an atlas is not complete, its older images are still there by right. */
async function checkStrays(folder: string, atlas: Atlas, named: ReadonlySet<string>, findings: Finding[]): Promise<void> {
  const found = await glob('**/*', { cwd: folder, dot: true });
  for (const file of found.sort()) {
    const [top] = file.split('/');
    if (file.endsWith(TEMPORARY)) findings.push({ file, problem: 'was left by a command that was killed', repair: REPAIR.remove });
    else if (['images', 'layers', 'directions'].includes(top)) {
      if (isFinished(atlas) && !named.has(file)) findings.push({ file, problem: 'is named by no record', repair: REPAIR.remove });
    } else if (!OTHERS.includes(top) && ![ATLAS_FILE, COMPARISON, ...OTHER_FILES].includes(file))
      findings.push({ file, problem: 'is no part of an atlas', repair: REPAIR.yours });
  }
}
