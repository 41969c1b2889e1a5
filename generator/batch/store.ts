/** An atlas on the disk, and with it the record of what is done: images first, then the lines that name them. */
import { readFile } from 'node:fs/promises';
import glob from 'fast-glob';
import { type Atlas, atlas as atlasSchema, type Direction, parseSealed, seal, type UnitRecord } from '../../data/schema.ts';
import { fault, reason } from '../graph/errors.ts';
import type { Unit } from './arms.ts';
import { float32Bytes, sha256 } from './canonical.ts';
import { type Disk, DurableFolder, TEMPORARY } from './disk.ts';
import { editionImages } from './editions.ts';
import { Journal, layerFile } from './journal.ts';
import { LOCK } from './lock.ts';
import type { PinnedArray } from './pinned-arrays.ts';
import { portrayedImages } from './portraits.ts';
import { schemaFault } from './schema-fault.ts';

/** The file that says what an atlas is. */
export const ATLAS_FILE = 'atlas.json';

/** Clears away what a killed command left unfinished, and says which files. The caller holds the store's lock. */
export async function clearUnfinished(folder: DurableFolder): Promise<string[]> {
  // Another process's claim to the lock is its own.
  const files = await glob(`**/*${TEMPORARY}`, { cwd: folder.path, dot: true, ignore: [`${LOCK}.*`] });
  for (const file of files) await folder.remove(file);
  return files;
}

/** A store, open for writing; the caller holds its lock. */
export class Store {
  readonly folder: DurableFolder;
  readonly #images: Set<string>;

  private constructor(folder: DurableFolder, images: Set<string>) {
    this.folder = folder;
    this.#images = images;
  }

  /** Opens or makes the folder, and clears away what a killed run left unfinished. Images that are `damaged` count as not there: they are written anew. */
  static async open(path: string, disk?: Disk, damaged: ReadonlySet<string> = new Set()): Promise<Store> {
    const folder = new DurableFolder(path, disk);
    await folder.create();
    await clearUnfinished(folder);
    const images = await glob('images/*/*.webp', { cwd: path });
    return new Store(folder, new Set(images.filter((image) => !damaged.has(image))));
  }

  /** What an earlier run wrote, if there was one. */
  async readAtlas(): Promise<Atlas | undefined> {
    return readAtlas(this.folder.path);
  }

  async writeAtlas(atlas: Atlas): Promise<void> {
    await this.folder.replace(ATLAS_FILE, atlasText(atlas));
  }

  async journal(layer: string): Promise<Journal> {
    return Journal.open(this.folder, layer);
  }

  /**
   * Writes the vectors of the random arm, row after row in order of their index: float32, little-endian; and of each chosen unit that the plan has
   * from a file a copy of that. Returns the files that were not there yet.
   */
  async writeDirections(layer: string, units: readonly Unit[]): Promise<string[]> {
    const random = Buffer.concat(units.filter((unit) => unit.arm === 'random').map((unit) => float32Bytes(unit.vector)));
    const wanted = new Map<string, Buffer>([[directionsFile(layer), random]]);
    for (const { direction } of units) {
      const array = arrayOf(direction);
      if (array) wanted.set(arrayCopy(array.sha256), await readPinned(array));
    }
    const written: string[] = [];
    for (const [file, bytes] of wanted) {
      const before = await readFile(this.folder.resolve(file)).catch(() => undefined);
      if (before?.equals(bytes)) continue;
      await this.folder.replace(file, bytes);
      written.push(file);
    }
    return written;
  }

  hasImage(hash: string): boolean {
    return this.#images.has(imageFile(hash));
  }

  /** Keeps an image and returns its hash, once it is safely on the disk. */
  async putImage(bytes: Uint8Array): Promise<string> {
    const hash = sha256(bytes);
    const file = imageFile(hash);
    if (!this.#images.has(file)) await this.folder.replace(file, bytes);
    this.#images.add(file);
    return hash;
  }

  /** Removes what no layer of a complete atlas names and neither a portrait nor a published edition shows: images that were replaced, layers that left the plan. Returns how many files. */
  async prune(layers: ReadonlyMap<string, readonly UnitRecord[]>): Promise<number> {
    const keep = new Set([...(await editionImages(this.folder.path))].map(imageFile));
    for (const image of await portrayedImages(this.folder.path)) keep.add(imageFile(image));
    for (const layer of layers.keys()) keep.add(layerFile(layer)).add(directionsFile(layer));
    for (const file of [...layers.values()].flat().flatMap(hashedFiles)) keep.add(file);
    const found = await glob(['images/*/*', 'layers/*', 'directions/*'], { cwd: this.folder.path, dot: true });
    const stray = found.filter((file) => !keep.has(file));
    for (const file of stray) await this.folder.remove(file);
    return stray.length;
  }
}

/** The text of atlas.json. */
export function atlasText(atlas: Atlas): string {
  return seal(`${JSON.stringify(atlasSchema.parse(atlas), null, 2)}\n`);
}

/** Every image that a record names. */
export function imagesOf({ renders, diverse = [] }: UnitRecord): string[] {
  return [...renders, ...diverse].flatMap(({ image, frames }) => [...(image ? [image] : []), ...(frames ? [frames.image] : [])]);
}

/** Every file that a record names, each of which is called by the hash of what is in it: images, and the array that its direction is from. */
export function hashedFiles(record: UnitRecord): string[] {
  const array = arrayOf(record.direction);
  return [...imagesOf(record).map(imageFile), ...(array ? [arrayCopy(array.sha256)] : [])];
}

/** The file that a direction is from, if it is from one. */
function arrayOf(direction: Direction): PinnedArray | undefined {
  const chosen = direction.kind === 'chosen' && 'direction' in direction.unit ? direction.unit.direction : undefined;
  return typeof chosen === 'object' ? chosen : undefined;
}

async function readPinned({ file, sha256: expected }: PinnedArray): Promise<Buffer> {
  const bytes = await readFile(file);
  if (sha256(bytes) === expected) return bytes;
  const remedy = 'It was changed while the plan was at work: run it again.';
  throw fault({ where: file, expected: `content with the SHA-256 ${expected}`, name: 'the array', received: sha256(bytes), remedy });
}

/** The path inside a store of an array's copy. */
function arrayCopy(hash: string): string {
  return `directions/${hash}.npy`;
}

/** The path of an image inside a store. */
export function imageFile(hash: string): string {
  return `images/${hash.slice(0, 2)}/${hash}.webp`;
}

/** The path of a layer's random directions inside a store. */
export function directionsFile(layer: string): string {
  return `directions/${layer}.f32`;
}

/** Reads the atlas.json of a store; nothing if there is none. Throws if it is not one. */
export async function readAtlas(store: string): Promise<Atlas | undefined> {
  const file = `${store}/${ATLAS_FILE}`;
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const remedy = 'Restore it from git or another copy; or remove it and run the plan again: the pictures are kept, its edition is then 1.';
  const value = parseJson(text, file, remedy);
  const parsed = atlasSchema.safeParse(value);
  if (!parsed.success) throw schemaFault({ where: file, schema: atlasSchema, value, error: parsed.error, remedy, exitCode: 1 });
  return parsed.data;
}

function parseJson(text: string, where: string, remedy: string): unknown {
  try {
    return parseSealed(text, atlasSchema);
  } catch (error) {
    throw fault({
      where,
      expected: error instanceof SyntaxError ? 'JSON' : 'what was written',
      name: 'the atlas',
      received: reason(error),
      remedy,
      cause: error,
    });
  }
}
