/** What `atlas models` shows: the zoo, and what was fetched from addresses besides, with the digests that hold. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readLock } from './remote.ts';
import { isThere } from './workplace.ts';
import { sourceOf, ZOO, type ZooModel } from './zoo.ts';

/** A model that can be asked for, by its id or its source. */
export interface CatalogueEntry {
  /** `resnet50-v2`; a folder's name for what is not in the zoo. */
  readonly id: string;
  readonly title: string;
  /** `npm:package@version/path`, or an address. */
  readonly source: string;
  /** SPDX name, or `unknown`. */
  readonly licence: string;
  /** Bytes to download, where that is known. */
  readonly bytes?: number;
  /** `sha512-…` or `sha256-…` in hexadecimal digits; nothing where it is recorded at first use and was not yet used. */
  readonly digest?: string;
  /** Whether the digest was known beforehand, or is what was first fetched. */
  readonly pinned: boolean;
  readonly fetched: boolean;
}

/** Every model of `zoo`, then every other that was ever fetched from an address into the folder `cache`. */
export async function listModels(cache: string, zoo: readonly ZooModel[] = ZOO): Promise<readonly CatalogueEntry[]> {
  const known = new Set(zoo.map(({ id }) => id));
  const locks = (await readdir(join(cache, 'locks')).catch(() => []))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .filter((id) => !known.has(id))
    .sort();
  return Promise.all([...zoo.map((model) => describeZoo(model, cache)), ...locks.map((id) => describeLock(id, cache))]);
}

async function describeZoo(model: ZooModel, cache: string): Promise<CatalogueEntry> {
  const { id, title, licence, origin } = model;
  const folder = join(cache, id);
  const recorded = Object.values((await readLock(folder))?.files ?? {})[0];
  const digest = origin.kind === 'npm' ? origin.integrity : (origin.sha256 ?? recorded);
  return {
    id,
    title,
    source: sourceOf(model),
    licence,
    bytes: origin.kind === 'npm' ? origin.tarballBytes : origin.bytes,
    ...(digest ? { digest: origin.kind === 'npm' ? digest : `sha256-${digest}` } : {}),
    pinned: origin.kind === 'npm' || origin.sha256 !== undefined,
    fetched: await isThere(folder),
  };
}

async function describeLock(id: string, cache: string): Promise<CatalogueEntry> {
  const lock = await readLock(join(cache, id));
  const [digest] = Object.values(lock?.files ?? {});
  return {
    id,
    title: id,
    source: lock?.address ?? '',
    licence: 'unknown',
    ...(digest ? { digest: `sha256-${digest}` } : {}),
    pinned: false,
    fetched: await isThere(join(cache, id)),
  };
}
