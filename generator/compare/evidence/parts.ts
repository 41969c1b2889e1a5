/** The evidence of a comparison on disk: arrays, each known by what it was made from, so that none is made twice and none is taken for another. */
import { readFile, rmdir } from 'node:fs/promises';
import glob from 'fast-glob';
import { z } from 'zod';
import { parseSealed, seal } from '../../../data/schema.ts';
import { canonicalJson, sha256 } from '../../batch/canonical.ts';
import { DurableFolder } from '../../batch/disk.ts';
import { fault, reason } from '../../graph/errors.ts';

/** The folder inside a store, and its index. */
export const EVIDENCE = 'evidence';
export const INDEX = 'index.json';

/**
 * Parts that no figure is computed from: what further directions would be drawn from, and what was judged already. They are kept for the next time; a
 * comparison does not name them.
 */
const STOCK = /\/(moments|sample|judged)$/;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
/** A part's file from here: it lies in this folder, whoever wrote the index. */
const file = z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+\.(f32|f64|json)$/);
const part = z.object({ key: hash, kind: z.enum(['f32', 'f64', 'json']), file, bytes: z.int(), sha256: hash });
const index = z.object({ schema: z.literal('basis-evidence/1'), parts: z.record(z.string(), part) });
type Part = z.infer<typeof part>;

/** Arrays that a part holds, and values that JSON holds without loss. */
export interface PartKinds {
  f32: Float32Array;
  f64: Float64Array;
  json: unknown;
}

export interface PartFile {
  /** From the store's folder: `evidence/conv-1/means.f32`. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** What the index names. Throws where there is none, or none of this version, or one that was altered. */
export async function readIndex(store: string): Promise<Record<string, Part>> {
  return index.parse(parseSealed(await readFile(`${store}/${EVIDENCE}/${INDEX}`, 'utf8'), index)).parts;
}

export class Parts {
  readonly #store: string;
  readonly #folder: DurableFolder;
  #parts: Record<string, Part>;
  readonly #used = new Set<string>();

  private constructor(store: string, parts: Record<string, Part>) {
    this.#store = store;
    this.#folder = new DurableFolder(`${store}/${EVIDENCE}`);
    this.#parts = parts;
  }

  /** Opens the evidence of a store, which may have none yet. An index of another version counts as none. */
  static async open(store: string): Promise<Parts> {
    return new Parts(store, await readIndex(store).catch(() => ({})));
  }

  /** Whether the index has a part made from `key`. */
  has(name: string, key: unknown): boolean {
    return this.#parts[name]?.key === keyOf(key);
  }

  /** Keeps a part for the next time where it was made from `key`: it is not looked at. */
  keep(name: string, key: unknown): void {
    if (this.has(name, key)) this.#used.add(name);
  }

  /** The part `name`, if it was made from `key` and its file is what it was; nothing otherwise. */
  async find<K extends keyof PartKinds>(name: string, kind: K, key: unknown): Promise<PartKinds[K] | undefined> {
    if (!this.has(name, key)) return undefined;
    try {
      return await this.read(name, kind);
    } catch {
      return undefined;
    }
  }

  /** The part `name`, whatever it was made from. Throws if it is not there, or if its file is not the one that was written. */
  async read<K extends keyof PartKinds>(name: string, kind: K): Promise<PartKinds[K]> {
    const known = this.#parts[name];
    const file = `${this.#store}/${EVIDENCE}/${known?.file ?? `${name}.${kind}`}`;
    const wrong = (expected: string, received: unknown, cause?: unknown) =>
      fault({
        where: file,
        expected,
        name: `the evidence "${name}"`,
        received,
        remedy: 'Run "atlas compare" without --recompute: it makes what is missing.',
        ...(cause === undefined ? {} : { cause }),
      });
    if (known?.kind !== kind) throw wrong('a part of the comparison', undefined);
    const bytes = await readFile(file).catch((cause: unknown) => {
      throw wrong('a file that can be read', reason(cause), cause);
    });
    const found = sha256(bytes);
    if (found !== known.sha256) throw wrong(`the SHA-256 ${known.sha256}`, found);
    this.#used.add(name);
    return decode(bytes, kind);
  }

  /** Writes a part; the index names it once its file is safe. */
  async write<K extends keyof PartKinds>(name: string, kind: K, key: unknown, value: PartKinds[K]): Promise<void> {
    const bytes = encode(value, kind);
    const file = `${name}.${kind}`;
    await this.#folder.replace(file, bytes);
    this.#parts = { ...this.#parts, [name]: { key: keyOf(key), kind, file, bytes: bytes.length, sha256: sha256(bytes) } };
    this.#used.add(name);
    await this.#save();
  }

  /** Finds a part or makes it. */
  async make<K extends keyof PartKinds>(name: string, kind: K, key: unknown, make: () => Promise<PartKinds[K]>): Promise<PartKinds[K]> {
    const found = await this.find(name, kind, key);
    if (found !== undefined) return found;
    const value = await make();
    await this.write(name, kind, key, value);
    return value;
  }

  /** Removes what nobody has asked for since this was opened: evidence of layers, images or renders that are no more, and what a kill left. */
  async removeOthers(): Promise<void> {
    const kept = Object.fromEntries(Object.entries(this.#parts).filter(([name]) => this.#used.has(name)));
    const dropped = Object.keys(kept).length < Object.keys(this.#parts).length;
    this.#parts = kept;
    if (dropped) await this.#save();
    // By what lies there, not by what an index says that came with a folder: a path in it could lead anywhere.
    const files = new Set([INDEX, ...Object.values(kept).map(({ file }) => file)]);
    for (const file of await glob('**/*', { cwd: this.#folder.path, dot: true })) if (!files.has(file)) await this.#folder.remove(file);
    const folders = await glob('**/', { cwd: this.#folder.path, dot: true, onlyDirectories: true });
    // The deepest first; one that still holds something stays.
    for (const folder of folders.sort().reverse()) await rmdir(this.#folder.resolve(folder)).catch(() => undefined);
  }

  /** The files that were used and that figures are computed from, by path. */
  files(): PartFile[] {
    return [...this.#used]
      .filter((name) => !STOCK.test(name))
      .sort()
      .map((name) => this.#parts[name])
      .map(({ file, sha256: sum, bytes }) => ({ path: `${EVIDENCE}/${file}`, sha256: sum, bytes }));
  }

  /** Where the array of a part lies in the store, for references: `evidence/conv-1/vectors.f32`. */
  pathOf(name: string): string {
    return `${EVIDENCE}/${this.#parts[name].file}`;
  }

  async #save(): Promise<void> {
    // By name: the same parts have the same index, in whatever order they were made.
    const parts = Object.fromEntries(Object.entries(this.#parts).sort(([a], [b]) => (a < b ? -1 : 1)));
    await this.#folder.replace(INDEX, seal(`${JSON.stringify({ schema: 'basis-evidence/1', parts }, null, 1)}\n`));
  }
}

function keyOf(key: unknown): string {
  return sha256(canonicalJson(key));
}

function encode<K extends keyof PartKinds>(value: PartKinds[K], kind: K): Uint8Array {
  if (kind === 'json') return Buffer.from(JSON.stringify(value));
  const array = value as Float32Array | Float64Array;
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function decode<K extends keyof PartKinds>(bytes: Buffer, kind: K): PartKinds[K] {
  if (kind === 'json') return JSON.parse(bytes.toString('utf8')) as PartKinds[K];
  const own = new Uint8Array(bytes).buffer;
  return (kind === 'f32' ? new Float32Array(own) : new Float64Array(own)) as PartKinds[K];
}
