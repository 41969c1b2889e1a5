/** Whether an atlas is portrayed already, and putting on disk what says so: the key last, after all that it stands for. */
import { readFile } from 'node:fs/promises';
import glob from 'fast-glob';
import {
  type Atlas,
  type AtlasMap,
  type Comparison,
  type Portrait,
  type PortraitKey,
  parseSealed,
  portraitKey,
  seal,
  withoutDigests,
} from '../../data/schema.ts';
import { canonicalJson, sha256 } from '../batch/canonical.ts';
import { DurableFolder } from '../batch/disk.ts';
import { layerFile } from '../batch/journal.ts';
import { PORTRAITS, portraitsFile, portrayedImages } from '../batch/portraits.ts';
import { imageFile } from '../batch/store.ts';

/** To be raised with every change of what is written. */
const VERSION = 1;

export const KEY_FILE = `${PORTRAITS}/key.json`;
export const MAP_FILE = 'map.json';

/**
 * The hash of all that portraits depend on: the network, the units and what the comparison found of them. Controls and people's judgements, which are
 * added to a comparison later, change none of it, and nor does its date.
 */
export async function keyOf(folder: string, atlas: Atlas, comparison: Comparison, isPublished: boolean): Promise<string> {
  const records = await Promise.all(
    atlas.layers.map(async ({ slug }) => sha256(withoutDigests(await readFile(`${folder}/${layerFile(slug)}`, 'utf8')))),
  );
  const { run_id, images, observers, directions, files = [] } = comparison;
  return sha256(
    canonicalJson({
      version: VERSION,
      weights: atlas.model.weights_sha256,
      layers: atlas.layers,
      seed: atlas.plan.seed,
      records,
      comparison: { run_id, images, observers, files, directions: sha256(canonicalJson(directions)) },
      isPublished,
    }),
  );
}

/** What portraits/key.json says; nothing where there is none, or none of this version. */
export async function readKey(folder: string): Promise<PortraitKey | undefined> {
  const text = await readFile(`${folder}/${KEY_FILE}`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return portraitKey.parse(parseSealed(text, portraitKey));
  } catch {
    return undefined;
  }
}

/** What was made from `key`, if it is all there as it was made; nothing otherwise. */
export async function findPortraits(folder: string, key: string): Promise<PortraitKey | undefined> {
  const known = await readKey(folder);
  if (known?.key !== key) return undefined;
  for (const { path, sha256: expected } of known.files) {
    const bytes = await readFile(`${folder}/${path}`).catch(() => undefined);
    if (!bytes || sha256(bytes) !== expected) return undefined;
  }
  const there = new Set(await glob('images/*/*.webp', { cwd: folder }));
  for (const image of await portrayedImages(folder)) if (!there.has(imageFile(image))) return undefined;
  return known;
}

/** What is to be written; images are there already. */
export interface MadePortraits {
  readonly key: string;
  /** By layer. */
  readonly portraits: ReadonlyMap<string, readonly Portrait[]>;
  readonly map: AtlasMap;
  readonly made: PortraitKey['made'];
}

/** Writes portraits, map and key, and removes portraits of layers that are no more and images that earlier portraits named alone; `others` are those of records and editions. */
export async function writePortraits(
  folder: string,
  { key, portraits, map, made }: MadePortraits,
  others: ReadonlySet<string>,
): Promise<PortraitKey> {
  const disk = new DurableFolder(folder);
  const before = await portrayedImages(folder);
  const files: PortraitKey['files'] = [];
  const write = async (path: string, text: string) => {
    await disk.replace(path, text);
    files.push({ path, sha256: sha256(text) });
  };
  for (const [layer, lines] of portraits) await write(portraitsFile(layer), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const { units, ...head } = map;
  const places = units.map((unit) => JSON.stringify(unit)).join(',\n');
  await write(MAP_FILE, `${JSON.stringify(head, null, 1).replace(/\n\}$/, '')},\n "units": [\n${places}\n]}\n`);
  const known = portraitKey.parse({ schema: 'basis-portraits/1', key, files, made });
  await disk.replace(KEY_FILE, seal(`${JSON.stringify(known, null, 1)}\n`));
  const kept = new Set([KEY_FILE, ...files.map(({ path }) => path)]);
  for (const file of await glob(`${PORTRAITS}/**`, { cwd: folder, dot: true })) if (!kept.has(file)) await disk.remove(file);
  const after = await portrayedImages(folder);
  for (const image of before) if (!after.has(image) && !others.has(image)) await disk.remove(imageFile(image));
  return known;
}
