/** A unit's address on the site, and the unit in a folder of atlases that it is of. */
import path from 'node:path';
import glob from 'fast-glob';
import type { Atlas, AtlasLayer } from '../../data/schema.ts';
import { ATLAS_FILE, readAtlas } from '../batch/store.ts';
import { fault } from '../graph/errors.ts';
import { editDistance } from '../models/layers.ts';
import { shownPath } from './options.ts';

/** The parts of an address. */
export interface UnitAddress {
  readonly atlas: string;
  readonly layer: string;
  readonly unit: string;
  /** Where the address has one: `?seed=1`. */
  readonly seed?: number;
}

/**
 * Reads `atlas/layer/unit`, with or without an origin, a base, a slash at the end, an edition, a file of the unit's page and `?seed=1`. Throws with
 * exit code 2 where there are fewer than three parts.
 */
export function parseAddress(text: string): UnitAddress {
  const [whole, query = ''] = text.split('#')[0].split('?');
  const parts = whole
    .replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  while (/\.[a-z]+$|^edition-\d+$|^embed$/.test(parts.at(-1) ?? '')) parts.pop();
  const [atlas, layer, unit] = parts.slice(-3);
  if (unit === undefined)
    throw fault({
      where: 'atlas render',
      expected: 'an address <atlas>/<layer>/<unit>',
      name: '--unit',
      received: text,
      remedy: 'For instance coco-ssd-mobilenet-v2/expanded-conv-6-expand/channel-42, as a page of the site has it.',
      exitCode: 2,
    });
  const seed = /(?:^|&)seed=(\d+)(?:&|$)/.exec(query)?.[1];
  return { atlas, layer, unit, ...(seed === undefined ? {} : { seed: Number(seed) }) };
}

/** The atlas of an address among those of a folder, and its layer. Throws with exit code 2, offering the nearest names, where there is none. */
export async function findAtlasLayer(data: string, address: UnitAddress): Promise<{ folder: string; atlas: Atlas; layer: AtlasLayer }> {
  const folder = shownPath(path.join(data, address.atlas));
  const atlas = await readAtlas(folder);
  if (!atlas) {
    const files = await glob(`*/${ATLAS_FILE}`, { cwd: data });
    throw unknownName('atlas', address.atlas, files.map((file) => path.dirname(file)).sort(), shownPath(data));
  }
  const layer = atlas.layers.find(({ slug }) => slug === address.layer);
  if (layer) return { folder, atlas, layer };
  throw unknownName(
    'layer',
    address.layer,
    atlas.layers.map(({ slug }) => slug),
    folder,
  );
}

/** The error for a part of an address that is not there. */
export function unknownName(kind: 'atlas' | 'layer' | 'unit', received: string, known: readonly string[], where: string): Error {
  const near = known
    .map((name) => ({ name, distance: editDistance(name, received) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
  return fault({
    where,
    expected: `the name of one of its ${kind === 'atlas' ? 'atlases' : `${kind}s`}`,
    name: `the ${kind}`,
    received,
    remedy: near.length > 0 ? `Nearest: ${near.join(', ')}.` : 'There is none there; --data names another folder of atlases.',
    exitCode: 2,
  });
}
