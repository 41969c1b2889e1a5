/** Checking a store against itself: every record, every image, every vector, and nothing beside them. */
import { readFile } from 'node:fs/promises';
import glob from 'fast-glob';
import pLimit from 'p-limit';
import { type Atlas, type AtlasLayer, type Comparison, comparison as comparisonSchema, type UnitRecord } from '../../data/schema.ts';
import { fault, reason } from '../graph/errors.ts';
import { sha256 } from './canonical.ts';
import { TEMPORARY } from './disk.ts';
import { editionImages } from './editions.ts';
import { layerFile, readLines } from './journal.ts';
import { planHash } from './plan.ts';
import { ATLAS_FILE, directionsFile, imageFile, readAtlas } from './store.ts';

/** One thing wrong. */
export interface Finding {
  /** Relative to the store: `layers/conv-1.jsonl`. */
  readonly file: string;
  readonly problem: string;
}

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
  let units = 0;
  for (const layer of atlas.layers) {
    const records = await checkRecords(folder, layer, atlas, findings);
    units += records.length;
    await checkDirections(folder, layer, records, findings);
    named.add(layerFile(layer.slug)).add(directionsFile(layer.slug));
    for (const record of records) for (const { image } of record.renders) if (image) named.add(imageFile(image));
  }
  for (const image of await frozenImages(folder, findings)) named.add(imageFile(image));
  const images = [...named].filter((file) => file.startsWith('images/'));
  await Promise.all(images.map((file) => readers(() => checkImage(folder, file, findings))));
  await checkComparison(folder, atlas, findings);
  await checkStrays(folder, atlas, named, findings);
  return { folder, layers: atlas.layers.length, units, images: images.length, findings };
}

async function frozenImages(folder: string, findings: Finding[]): Promise<ReadonlySet<string>> {
  return editionImages(folder).catch((error: unknown) => {
    findings.push({ file: 'editions', problem: reason(error) });
    return new Set();
  });
}

async function checkRecords(folder: string, layer: AtlasLayer, atlas: Atlas, findings: Finding[]): Promise<readonly UnitRecord[]> {
  const file = layerFile(layer.slug);
  const add = (problem: string) => findings.push({ file, problem });
  const bytes = await readFile(`${folder}/${file}`).catch(() => undefined);
  if (!bytes) {
    if (atlas.complete) add('is missing');
    return [];
  }
  try {
    const { lines, length } = readLines(bytes, file);
    if (length < bytes.length) add(`its last line is torn (${bytes.length - length} bytes); run the plan again`);
    if (atlas.complete) checkOrder(lines, layer, add);
    for (const { id, renders } of lines)
      for (const { seed, state, image } of renders) {
        if (state !== 'failed' && !image) add(`${id}, seed ${seed}: has no image`);
        if (state === 'failed' && atlas.complete) add(`${id}, seed ${seed}: failed, in an atlas that calls itself complete`);
      }
    return lines;
  } catch (error) {
    add(reason(error));
    return [];
  }
}

/** A complete layer has a line per unit, in the order of the arms. */
function checkOrder(lines: readonly UnitRecord[], { units }: AtlasLayer, add: (problem: string) => void): void {
  const found = lines.map(({ id }) => id);
  const expected = NUMBERED_ARMS.flatMap((arm) => Array.from({ length: units[arm] ?? 0 }, (_, index) => unitId(arm, index)));
  // What a plan calls its own units stands nowhere but in their records, after the others.
  const chosen = lines.slice(expected.length, expected.length + (units.chosen ?? 0));
  expected.push(...Array.from({ length: units.chosen ?? 0 }, (_, i) => (chosen[i]?.arm === 'chosen' ? chosen[i].id : 'a chosen unit')));
  const different = expected.findIndex((id, i) => found[i] !== id);
  if (different >= 0) add(`line ${different + 1}: expected ${expected[different]}, received ${found[different] ?? 'nothing'}`);
  else if (found.length > expected.length) add(`line ${expected.length + 1}: expected nothing, received ${found[expected.length]}`);
}

const NUMBERED_ARMS = ['basis', 'basis-negative', 'random'] as const;

function unitId(arm: (typeof NUMBERED_ARMS)[number], index: number): string {
  return arm === 'random' ? `random-${index}` : `channel-${index}${arm === 'basis-negative' ? '-negative' : ''}`;
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
    else if (atlas.complete && !named.has(file)) findings.push({ file, problem: 'is named by no record' });
  }
}
