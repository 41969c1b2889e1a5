/** From a model that lies elsewhere to its file in the cache: the zoo's, and any at an address on the web. */
import { join } from 'node:path';
import { parseAddress } from './address.ts';
import { type FetchOptions, fetchModel } from './fetch.ts';
import { fetchRemote } from './remote.ts';
import type { ZooModel } from './zoo.ts';

/** Makes sure that a model of the zoo is in `folder`, and returns the file to open. Throws as {@link fetchModel} and {@link fetchRemote} do. */
export async function obtainZoo({ origin }: ZooModel, folder: string, options: FetchOptions): Promise<string> {
  if (origin.kind === 'npm') {
    await fetchModel(origin, folder, options);
    return join(folder, origin.main);
  }
  const address = parseAddress(origin.address);
  await fetchRemote({ ...address, bytes: origin.bytes, sha256: origin.sha256 }, folder, options);
  return join(folder, address.name);
}

/** A model at an address, once it is here. */
export interface Obtained {
  /** The file to open. */
  readonly file: string;
  /** The address, without the digest that may have stood at its end. */
  readonly source: string;
  readonly id: string;
}

/** Makes sure that the model at an address is in a folder of its own below `cache`. Throws as {@link fetchRemote} does. */
export async function obtainAddress(reference: string, cache: string, options: FetchOptions): Promise<Obtained> {
  const address = parseAddress(reference);
  const folder = join(cache, address.folder);
  await fetchRemote(address, folder, options);
  return { file: join(folder, address.name), source: address.url.href, id: address.id };
}
