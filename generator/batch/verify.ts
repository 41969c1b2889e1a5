/** Checking a store against itself: every record, every image, every vector, and nothing beside them. */
import { readFile } from 'node:fs/promises';
import glob from 'fast-glob';
import pLimit from 'p-limit';
import { type Atlas, type AtlasLayer, type Comparison, comparison as comparisonSchema, type UnitRecord } from '../../data/schema.ts';
import { fault, reason } from '../graph/errors.ts';
import { isFinished } from './atlas-record.ts';
import { sha256 } from './canonical.ts';
import { TEMPORARY } from './disk.ts';
import { editionImages } from './editions.ts';
import { layerFile } from './journal.ts';
import { planHash } from './plan.ts';
import { portrayedImages } from './portraits.ts';
import { ATLAS_FILE, directionsFile, imageFile, imagesOf, readAtlas } from './store.ts';
import { checkRecords, checkShard, type Finding } from './verify-records.ts';

export type { Finding } from './verify-records.ts';

/** What a check found. */
export interface Verification {
  readonly folder: string;
  readonly layers: number;
  readonly units: number;
  readonly images: number;
  readonly findings: readonly Finding[];
}

const readers = pLimit(4);

/** Checks a store. Throws only if the folder holds none. */
export async function verifyStore(folder: string): Promise<Verification> {
  const findings: Finding[] = [];
  const atlas = await readAtlas(folder).catch((error: unknown) => {
    findings.push({ file: ATLAS_FILE, problem: reason(error) });
    return undefined;
  });
  if (!atlas && findings.length === 0)
    throw fault({
      where: folder,
      expected: 'an atlas',
      name: ATLAS_FILE,
      received: undefined,
      remedy: 'Give the folder of an atlas.',
      exitCode: 2,
    });
  if (!atlas) return { folder, layers: 0, units: 0, images: 0, findings };
  if (planHash(atlas.plan) !== atlas.plan_sha256) findings.push({ file: ATLAS_FILE, problem: 'plan_sha256 is not the hash of its plan' });
  const named = new Set<string>();
  const all: UnitRecord[] = [];
  for (const layer of atlas.layers) {
    const records = await checkRecords(folder, layer, atlas, findings);
    all.push(...records);
    await checkDirections(folder, layer, records, findings);
    named.add(layerFile(layer.slug)).add(directionsFile(layer.slug));
    for (const record of records) for (const image of imagesOf(record)) named.add(imageFile(image));
  }
  checkShard(atlas, all, findings);
  for (const image of await frozenImages(folder, findings)) named.add(imageFile(image));
  for (const image of await portrayedImages(folder)) named.add(imageFile(image));
  const images = [...named].filter((file) => file.startsWith('images/'));
  await Promise.all(images.map((file) => readers(() => checkImage(folder, file, findings))));
  await checkComparison(folder, atlas, findings);
  await checkStrays(folder, atlas, named, findings);
  return { folder, layers: atlas.layers.length, units: all.length, images: images.length, findings };
}

async function frozenImages(folder: string, findings: Finding[]): Promise<ReadonlySet<string>> {
  return editionImages(folder).catch((error: unknown) => {
    findings.push({ file: 'editions', problem: reason(error) });
    return new Set();
  });
}

async function checkDirections(folder: string, layer: AtlasLayer, records: readonly UnitRecord[], findings: Finding[]): Promise<void> {
  const random = records.filter(({ arm }) => arm === 'random');
  const file = directionsFile(layer.slug);
  const bytes = await readFile(`${folder}/${file}`).catch(() => undefined);
  if (!bytes) {
    if (random.length > 0) findings.push({ file, problem: 'is missing' });
    return;
  }
  const row = layer.shape[0] * 4;
  const expected = (layer.units.random ?? 0) * row;
  if (bytes.length !== expected) findings.push({ file, problem: `expected ${expected} bytes, received ${bytes.length}` });
  for (const { id, index, direction } of random)
    if (direction.kind === 'haar' && sha256(bytes.subarray(index * row, (index + 1) * row)) !== direction.sha256)
      findings.push({ file, problem: `the row of ${id} is not the one that its record names` });
}

async function checkImage(folder: string, file: string, findings: Finding[]): Promise<void> {
  const bytes = await readFile(`${folder}/${file}`).catch(() => undefined);
  if (!bytes) findings.push({ file, problem: 'is missing, though a record names it' });
  else if (!file.endsWith(`/${sha256(bytes)}.webp`))
    findings.push({ file, problem: `was altered: its hash is ${sha256(bytes)}; remove it and run the plan again` });
}

async function checkComparison(folder: string, atlas: Atlas, findings: Finding[]): Promise<void> {
  const file = 'comparison.json';
  const text = await readFile(`${folder}/${file}`, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  try {
    const parsed = comparisonSchema.safeParse(JSON.parse(text));
    if (!parsed.success) findings.push({ file, problem: `${parsed.error.issues[0].path.join('.')}: ${parsed.error.issues[0].message}` });
    else if (parsed.data.plan_sha256 !== atlas.plan_sha256)
      findings.push({ file, problem: 'compares the renders of another plan; compare again' });
    else if (parsed.data.model.weights_sha256 !== atlas.model.weights_sha256) findings.push({ file, problem: 'is of another network' });
    if (parsed.success) await checkEvidence(folder, parsed.data, findings);
  } catch (error) {
    findings.push({ file, problem: reason(error) });
  }
}

/** What the figures were computed from. It may be left out of a published store, as a whole: `compare --recompute` is what needs it. */
async function checkEvidence(folder: string, { files = [], human }: Comparison, findings: Finding[]): Promise<void> {
  const there = new Set(await glob('{evidence/**,human.json}', { cwd: folder, dot: true }));
  if (human && !there.has(human.file)) findings.push({ file: human.file, problem: 'is missing, though comparison.json names it' });
  if (![...there].some((file) => file.startsWith('evidence/'))) return;
  const check = async ({ path, sha256: expected }: (typeof files)[number]) => {
    if (!there.has(path)) return findings.push({ file: path, problem: 'is missing, though comparison.json names it; compare again' });
    const found = sha256(await readFile(`${folder}/${path}`));
    if (found !== expected) findings.push({ file: path, problem: `was altered: its hash is ${found}; compare again` });
    return;
  };
  await Promise.all(files.map((file) => readers(() => check(file))));
}

/** Files of a store's own folders that nothing names. While an atlas is not complete, its older images are still there by right. */
async function checkStrays(folder: string, atlas: Atlas, named: ReadonlySet<string>, findings: Finding[]): Promise<void> {
  const found = await glob(['images/**/*', 'layers/**/*', 'directions/**/*', `*${TEMPORARY}`], { cwd: folder, dot: true });
  for (const file of found.sort()) {
    if (file.endsWith(TEMPORARY)) findings.push({ file, problem: 'was left by a run that was killed; run the plan again' });
    else if (isFinished(atlas) && !named.has(file)) findings.push({ file, problem: 'is named by no record' });
  }
}
