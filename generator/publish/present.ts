/** Which addresses the atlases in a folder have now: names alone, so that a question about one is answered at once. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { layerFile } from '../batch/journal.ts';
import { ATLAS_FILE, readAtlas } from '../batch/store.ts';

/** A layer that is there, and its units. */
export interface PresentLayer {
  /** Its address: `net/conv/` */
  readonly address: string;
  /** In the model file. */
  readonly name: string;
  readonly channels: number;
  readonly units: ReadonlySet<string>;
}

/** What is there. */
export interface Present {
  readonly layers: readonly PresentLayer[];
  /** Of atlases, layers and units. */
  readonly addresses: ReadonlySet<string>;
}

/** Looks through a folder of atlases. Throws for an atlas.json that is none. */
export async function presentAddresses(atlases: string): Promise<Present> {
  const layers: PresentLayer[] = [];
  const addresses = new Set<string>();
  for (const file of (await glob(`*/${ATLAS_FILE}`, { cwd: atlases })).sort()) {
    const store = path.join(atlases, path.dirname(file));
    const atlas = await readAtlas(store);
    if (!atlas) continue;
    addresses.add(`${atlas.slug}/`);
    for (const { slug, name, shape } of atlas.layers) {
      const layer = {
        address: `${atlas.slug}/${slug}/`,
        name,
        channels: shape[0],
        units: await unitIds(path.join(store, layerFile(slug))),
      };
      layers.push(layer);
      addresses.add(layer.address);
      for (const id of layer.units) addresses.add(`${layer.address}${id}/`);
    }
  }
  return { layers, addresses };
}

/** The ids in a file of records; the first of a line is its own. */
async function unitIds(file: string): Promise<Set<string>> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return new Set([...text.matchAll(/^.*?"id":"([a-z0-9-]+)"/gm)].map(([, id = '']) => id));
}
