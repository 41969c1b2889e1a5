/** layers/<layer>.jsonl: while a layer is rendered, a journal with a line per unit as it comes; when it is done, one line per unit, in order. */
import { readFile } from 'node:fs/promises';
import { parseSealed, type RenderRecord, seal, type UnitRecord, unitRecord } from '../../data/schema.ts';
import { fault, reason } from '../graph/errors.ts';
import type { Unit } from './arms.ts';
import type { DurableFolder } from './disk.ts';
import { sameSteps } from './frames.ts';

/** What a layer's file is to hold in the end. */
interface Wanted {
  readonly units: readonly Unit[];
  /** After how many steps the tiles of the first renders' filmstrips show them. */
  readonly frames: readonly number[];
  /** The units with diverse pictures, and the seeds of these. */
  readonly diverse?: { readonly units: readonly Unit[] };
}

/** The records of one layer. */
export class Journal {
  readonly #folder: DurableFolder;
  readonly #file: string;
  readonly #records: Map<string, UnitRecord>;
  #length: number;

  private constructor(folder: DurableFolder, file: string, records: Map<string, UnitRecord>, length: number) {
    this.#folder = folder;
    this.#file = file;
    this.#records = records;
    this.#length = length;
  }

  /** Reads what is there. A last line that was torn by a kill is cut off: its unit counts as not done. */
  static async open(folder: DurableFolder, layer: string): Promise<Journal> {
    const file = layerFile(layer);
    const bytes = await readFile(folder.resolve(file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    const { records, length } = mergeLines(bytes, folder.resolve(file));
    if (length < bytes.length) await folder.truncate(file, length);
    return new Journal(folder, file, records, length);
  }

  /** The render of a unit from one seed, or its diverse picture, if there is a record of it. */
  find(unit: string, seed: number, series: 'renders' | 'diverse' = 'renders'): RenderRecord | undefined {
    return findRender(this.#records, unit, seed, series);
  }

  /** The records that there are, by unit. */
  get records(): ReadonlyMap<string, UnitRecord> {
    return this.#records;
  }

  /** Adds renders, durably, in one write; they take the place of earlier ones from the same seeds. Their images must be on the disk. */
  async append(records: readonly UnitRecord[]): Promise<void> {
    if (records.length === 0) return;
    this.#length = await this.#folder.append(this.#file, this.#length, recordLines(records));
    for (const record of records) this.#records.set(record.id, merge(this.#records.get(record.id), record));
  }

  /** Writes the file anew with exactly these units, in this order, their seeds and their frames: its bytes do not depend on how the run went. */
  async finish(wanted: Wanted): Promise<readonly UnitRecord[]> {
    const records = wanted.units.map((unit) => this.#ordered(unit, wanted));
    const bytes = Buffer.from(recordLines(records));
    const before = await readFile(this.#folder.resolve(this.#file)).catch(() => undefined);
    if (!before?.equals(bytes)) await this.#folder.replace(this.#file, bytes);
    this.#length = bytes.length;
    return records;
  }

  #ordered({ id, arm, index, direction, seeds }: Unit, { frames, diverse }: Wanted): UnitRecord {
    const known = this.#records.get(id);
    const renders = seeds.flatMap((seed, i) => withFrames(this.find(id, seed), i === 0 ? frames : []) ?? []);
    const apart = diverse?.units.find((unit) => unit.id === id)?.seeds.flatMap((seed) => this.find(id, seed, 'diverse') ?? []);
    const unchanged = known?.measures && known.renders.length === renders.length;
    return { id, arm, index, direction, renders, ...(apart ? { diverse: apart } : {}), ...(unchanged ? { measures: known.measures } : {}) };
  }
}

/** A render without a filmstrip that is not asked for any more. */
function withFrames(record: RenderRecord | undefined, wanted: readonly number[]): RenderRecord | undefined {
  if (!record?.frames || sameSteps(record.frames.steps, wanted)) return record;
  const { frames: _, ...rest } = record;
  return rest;
}

/** The render of a unit from one seed, or its diverse picture, among records by unit. */
export function findRender(
  records: ReadonlyMap<string, UnitRecord>,
  unit: string,
  seed: number,
  series: 'renders' | 'diverse',
): RenderRecord | undefined {
  return records.get(unit)?.[series]?.find((render) => render.seed === seed);
}

/** The path of a layer's records inside a store. */
export function layerFile(layer: string): string {
  return `layers/${layer}.jsonl`;
}

/** The record of every unit in a layer's file by its id, later lines over earlier ones, and how many bytes they take. Throws as {@link readLines}. */
export function mergeLines(bytes: Buffer, where: string): { records: Map<string, UnitRecord>; length: number } {
  const { lines, length } = readLines(bytes, where);
  const records = new Map<string, UnitRecord>();
  for (const line of lines) records.set(line.id, merge(records.get(line.id), line));
  return { records, length };
}

/** The records of a whole file, and how many bytes they take: what follows them is a torn line. Throws for a bad line before the last. */
export function readLines(bytes: Buffer, where: string): { lines: UnitRecord[]; length: number } {
  const lines: UnitRecord[] = [];
  let length = 0;
  for (const line of splitLines(bytes)) {
    if ('mistake' in line) {
      if (line.end === bytes.length) break;
      throw fault({
        where: `${where}, line ${lines.length + 1}`,
        expected: 'the record of a unit',
        name: 'the line',
        received: line.mistake,
        remedy: 'Run "atlas repair": the unit is rendered anew.',
      });
    }
    lines.push(line.record);
    length = line.end;
  }
  return { lines, length };
}

/** A line of a file: its record or why it holds none, its bytes, and where it ends. */
export type Line = { readonly text: Buffer; readonly end: number } & ({ readonly record: UnitRecord } | { readonly mistake: string });

/** Every line of a file, good or not; not a last one that has no end. */
export function splitLines(bytes: Buffer): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    lines.push({ text: bytes.subarray(start, end + 1), end: end + 1, ...parseLine(bytes.toString('utf8', start, end)) });
    start = end + 1;
  }
  return lines;
}

function parseLine(text: string): { record: UnitRecord } | { mistake: string } {
  try {
    const parsed = unitRecord.safeParse(parseSealed(text, unitRecord));
    return parsed.success
      ? { record: parsed.data }
      : { mistake: `${parsed.error.issues[0].path.join('.')}: ${parsed.error.issues[0].message}` };
  } catch (error) {
    return { mistake: reason(error) };
  }
}

/** Records as lines, each sealed; through the schema, so that fields stand in one order. */
export function recordLines(records: readonly UnitRecord[]): string {
  return records.map((record) => `${seal(JSON.stringify(unitRecord.parse(record)))}\n`).join('');
}

/** Later renders replace earlier ones from the same seed. Measures speak of the pictures that they came with, and of no diverse ones. */
function merge(before: UnitRecord | undefined, after: UnitRecord): UnitRecord {
  const renders = replaced(before?.renders, after.renders);
  const diverse = replaced(before?.diverse, after.diverse);
  const isSame = after.renders.every(({ seed, image }) => before?.renders.some((one) => one.seed === seed && one.image === image));
  const measures = after.measures ?? (isSame ? before?.measures : undefined);
  return { ...after, renders, ...(diverse.length > 0 ? { diverse } : {}), ...(measures ? { measures } : {}) };
}

function replaced(before: readonly RenderRecord[] = [], after: readonly RenderRecord[] = []): RenderRecord[] {
  const seeds = new Set(after.map(({ seed }) => seed));
  return [...before.filter(({ seed }) => !seeds.has(seed)), ...after];
}
