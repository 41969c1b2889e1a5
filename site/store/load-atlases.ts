/** Reads every atlas under the data folder once, and joins its files into the records the pages show. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import {
  type Arm,
  type Atlas,
  type AtlasLayer,
  atlas as atlasSchema,
  type ComparedDirection,
  type Comparison,
  comparison as comparisonSchema,
  type Measures,
  type Portrait,
  portrait,
  type RenderRecord,
  type UnitRecord,
  unitRecord,
} from '../../data/schema.ts';
import { legible } from '../metadata/text.ts';
import { checkAddresses } from './check-addresses.ts';
import { fault } from './fault.ts';
import { readJson, readJsonLines } from './read-json.ts';

/** One direction of a layer, with what a page says of it. */
export interface Unit {
  readonly record: UnitRecord;
  readonly id: string;
  readonly arm: Arm;
  /** The render that stands for the unit: that of the first seed, never a chosen one. Absent while none is there. */
  readonly render?: RenderRecord;
  readonly state: RenderRecord['state'] | 'missing';
  readonly measures: Measures;
  /** The concept that it is scored on in dissection, if it was dissected: `grating-45-8`. */
  readonly concept?: string;
}

/** A layer with its units: each arm in turn, by index. */
export interface Layer {
  readonly layer: AtlasLayer;
  readonly slug: string;
  readonly units: readonly Unit[];
  /** What the pages show beside renders, by the unit's id; empty where none was made. */
  readonly portraits: ReadonlyMap<string, Portrait>;
}

/** An atlas as the pages see it; layers go from shallow to deep. */
export interface AtlasStore {
  /** With names that can be read; hashes are of `stated`. */
  readonly atlas: Atlas;
  /** As the file has it. */
  readonly stated: Atlas;
  readonly slug: string;
  readonly layers: readonly Layer[];
  readonly comparison?: Comparison;
  /** The folder it was read from. */
  readonly folder: string;
}

/** Measures of a unit that nothing was measured of. */
export const UNMEASURED: Measures = { attainment: null, exceeds: null, robustness: null, render_identity: null };
let loaded: Promise<AtlasStore[]> | undefined;

/** Every atlas under ATLAS_DATA (set by astro.config.mjs), by slug; read once a process. */
export function loadAtlases(): Promise<AtlasStore[]> {
  loaded ??= readAtlases(process.env.ATLAS_DATA ?? 'data/atlases');
  return loaded;
}

/** Every atlas in a folder of folders. A folder without atlas.json is not an atlas; a missing folder holds none. */
export async function readAtlases(folder: string): Promise<AtlasStore[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => existsSync(join(folder, entry.name, 'atlas.json'))).map((entry) => entry.name);
  const stores: AtlasStore[] = [];
  for (const name of names.sort()) stores.push(await readAtlas(join(folder, name)));
  checkAddresses(stores);
  return stores;
}

async function readAtlas(folder: string): Promise<AtlasStore> {
  const shown = relative(process.cwd(), folder).startsWith('..') ? folder : relative(process.cwd(), folder);
  const stated = await readJson(join(shown, 'atlas.json'), atlasSchema);
  const atlas = withLegibleNames(stated);
  const comparisonFile = join(shown, 'comparison.json');
  const comparison = existsSync(comparisonFile) ? await readJson(comparisonFile, comparisonSchema) : undefined;
  const layers: Layer[] = [];
  // One after the other: the text of one layer at a time is in memory.
  for (const layer of atlas.layers) layers.push(await readLayer(shown, layer, comparison));
  layers.sort((a, b) => a.layer.receptive_field - b.layer.receptive_field || a.layer.stride - b.layer.stride);
  return { atlas, stated, slug: atlas.slug, layers, folder: shown, ...(comparison ? { comparison } : {}) };
}

/** Titles come from model files and plans, and stand in headings, metadata and citations. */
export function withLegibleNames(atlas: Atlas): Atlas {
  const { model } = atlas;
  const [id, source, licence] = [legible(model.id, 400), legible(model.source, 400), legible(model.licence)];
  return { ...atlas, title: legible(atlas.title), model: { ...model, id, source, licence, title: legible(model.title) } };
}

async function readLayer(folder: string, layer: AtlasLayer, comparison: Comparison | undefined): Promise<Layer> {
  const file = join(folder, 'layers', `${layer.slug}.jsonl`);
  const records = existsSync(file) ? await readJsonLines(file, unitRecord) : [];
  const compared = new Map(comparison?.directions.filter((one) => one.layer === layer.slug).map((one) => [one.id, one]));
  const order: Record<Arm, number> = { basis: 0, 'basis-negative': 1, random: 2, chosen: 3 };
  const units = records.map((record) => toUnit(folder, record, compared.get(record.id)));
  units.sort((a, b) => order[a.arm] - order[b.arm] || a.record.index - b.record.index);
  return { layer, slug: layer.slug, units, portraits: await readPortraits(folder, layer.slug) };
}

async function readPortraits(folder: string, slug: string): Promise<Map<string, Portrait>> {
  const file = join(folder, 'portraits', `${slug}.jsonl`);
  const portraits = existsSync(file) ? await readJsonLines(file, portrait) : [];
  for (const { id, top, middle } of portraits) for (const { image } of [...top, ...middle]) checkPicture(folder, image, id);
  return new Map(portraits.map((one) => [one.id, one]));
}

/** Throws a fault where a picture that a unit names is not in the store. */
function checkPicture(folder: string, image: string | undefined, unit: string): void {
  if (!image || existsSync(imageFile(folder, image))) return;
  throw fault({
    where: imageFile(folder, image),
    expected: 'a picture',
    name: `unit ${unit}`,
    received: undefined,
    remedy: 'Run "npx atlas verify" to see all that is missing, then run the plan again: it renders what is not there.',
  });
}

function toUnit(folder: string, record: UnitRecord, compared: ComparedDirection | undefined): Unit {
  for (const { image, frames } of [...record.renders, ...(record.diverse ?? [])])
    for (const one of [image, frames?.image]) checkPicture(folder, one, record.id);
  return standFor(record, { ...UNMEASURED, ...compared?.scores }, compared?.concept);
}

/** A record as the pages see it; `scores` are its measures where it has none of its own. */
export function standFor(record: UnitRecord, scores: Measures, concept: string | undefined): Unit {
  const render = record.renders.toSorted((a, b) => a.seed - b.seed)[0];
  return {
    record,
    id: record.id,
    arm: record.arm,
    ...(render ? { render } : {}),
    state: render?.state ?? 'missing',
    measures: record.measures ?? scores,
    ...(concept === undefined ? {} : { concept }),
  };
}

/** Where the store keeps a picture: `<folder>/images/ab/ab12….webp`. */
export function imageFile(folder: string, sha256: string): string {
  return join(folder, 'images', sha256.slice(0, 2), `${sha256}.webp`);
}
