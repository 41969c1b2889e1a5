/** Checking portraits and map against the store: they are of its units, and what was written. Their images are checked with the records'. */
import { readFile } from 'node:fs/promises';
import glob from 'fast-glob';
import { type Atlas, atlasMap, portrait } from '../../data/schema.ts';
import { sha256 } from '../batch/canonical.ts';
import { TEMPORARY } from '../batch/disk.ts';
import { type Finding, REPAIR } from '../batch/finding.ts';
import { layerFile, splitLines } from '../batch/journal.ts';
import { PORTRAITS, portraitsFile } from '../batch/portraits.ts';
import { readAtlas } from '../batch/store.ts';
import { reason } from '../graph/errors.ts';
import { KEY_FILE, MAP_FILE, readKey } from './known-portraits.ts';

/** What is wrong; nothing where an atlas is not portrayed. */
export async function checkPortraits(folder: string): Promise<Finding[]> {
  const found = await glob([`${PORTRAITS}/**`, MAP_FILE], { cwd: folder, dot: true, ignore: [`**/*${TEMPORARY}`] });
  const atlas = await readAtlas(folder).catch(() => undefined);
  if (found.length === 0 || !atlas) return [];
  const findings: Finding[] = [];
  const add = (file: string, problem: string, repair: string = REPAIR.portray) => findings.push({ file, problem, repair });
  const known = await readKey(folder);
  if (!known) add(KEY_FILE, 'is missing or none');
  const named = new Set([KEY_FILE, ...(known?.files ?? []).map(({ path }) => path)]);
  for (const { path, sha256: expected } of known?.files ?? []) {
    const bytes = await readFile(`${folder}/${path}`).catch(() => undefined);
    if (!bytes) add(path, `is missing, though ${KEY_FILE} names it`);
    else if (sha256(bytes) !== expected) add(path, `was altered: its hash is ${sha256(bytes)}`);
  }
  for (const file of found.sort()) if (known && !named.has(file)) add(file, `is not named by ${KEY_FILE}`, REPAIR.remove);
  const units = await readIds(folder, atlas);
  for (const [layer, ids] of units) await checkLayer(folder, layer, ids, add);
  await checkMap(folder, units, add);
  return findings;
}

type Add = (file: string, problem: string) => void;

/** The ids of every layer's units, in order. */
async function readIds(folder: string, { layers }: Atlas): Promise<Map<string, readonly string[]>> {
  const ids = new Map<string, readonly string[]>();
  for (const { slug } of layers) {
    const file = `${folder}/${layerFile(slug)}`;
    // What is wrong with records is said elsewhere.
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    const lines = splitLines(bytes);
    if (lines.every((line) => 'record' in line)) ids.set(slug, [...new Set(lines.map(({ record }) => record.id))]);
  }
  return ids;
}

async function checkLayer(folder: string, layer: string, ids: readonly string[], add: Add): Promise<void> {
  const file = portraitsFile(layer);
  const text = await readFile(`${folder}/${file}`, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const lines = text.split('\n').slice(0, -1);
  for (const i of Array.from({ length: Math.max(lines.length, ids.length) }).keys()) {
    try {
      const id = lines[i] === undefined ? undefined : portrait.parse(JSON.parse(lines[i])).id;
      if (id === ids[i]) continue;
      add(file, `line ${i + 1}: expected ${ids[i] ?? 'nothing'}, received ${id ?? 'nothing'}`);
    } catch (error) {
      add(file, `line ${i + 1}: ${reason(error)}`);
    }
    return;
  }
}

async function checkMap(folder: string, units: ReadonlyMap<string, readonly string[]>, add: Add): Promise<void> {
  const text = await readFile(`${folder}/${MAP_FILE}`, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  try {
    const known = new Set([...units].flatMap(([layer, ids]) => ids.map((id) => `${layer}/${id}`)));
    const stray = atlasMap.parse(JSON.parse(text)).units.find(({ layer, id }) => !known.has(`${layer}/${id}`));
    if (stray) add(MAP_FILE, `has a place for ${stray.layer}/${stray.id}, which is no unit`);
  } catch (error) {
    add(MAP_FILE, reason(error));
  }
}
