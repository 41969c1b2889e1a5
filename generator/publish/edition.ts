/** An atlas as an edition: what would be published now, and what was. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Atlas,
  atlas as atlasSchema,
  type ComparedDirection,
  type CurrentEdition,
  editionContents,
  type FrozenLayer,
  freezeUnit,
  parseSealed,
} from '../../data/schema.ts';
import { editionFolder, readFrozenUnits } from '../batch/editions.ts';
import { layerFile, readLines } from '../batch/journal.ts';
import { ATLAS_FILE, readAtlas } from '../batch/store.ts';
import { COMPARISON_FILE, readComparison } from '../compare/comparison-file.ts';
import { fault } from '../graph/errors.ts';

/** An edition with all that its pages state. */
export interface Edition extends CurrentEdition {
  readonly atlas: Atlas;
  readonly layers: readonly FrozenLayer[];
}

/** What the store holds now, as it would be frozen. Throws if the folder holds no atlas. */
export async function currentEdition(store: string): Promise<Edition> {
  const atlas = await readAtlas(store);
  if (!atlas)
    throw fault({
      where: store,
      expected: 'an atlas',
      name: ATLAS_FILE,
      received: undefined,
      remedy: 'Give the name of an atlas: a folder under data/atlases/ that a run has made.',
      exitCode: 2,
    });
  const compared = new Map<string, ComparedDirection>();
  if (existsSync(path.join(store, COMPARISON_FILE)))
    for (const one of (await readComparison(store)).directions) compared.set(`${one.layer} ${one.id}`, one);
  const layers: FrozenLayer[] = [];
  for (const layer of atlas.layers) {
    const file = path.join(store, layerFile(layer.slug));
    const records = existsSync(file) ? readLines(await readFile(file), file).lines : [];
    layers.push({ layer, units: records.map((record) => freezeUnit(record, compared.get(`${layer.slug} ${record.id}`))) });
  }
  return { atlas, layers, slug: atlas.slug, edition: atlas.edition, contents: editionContents(atlas, layers) };
}

/** An edition as it was frozen. Throws where a file is missing or damaged. */
export async function frozenEdition(store: string, edition: number): Promise<Edition> {
  const folder = path.join(store, editionFolder(edition));
  const value = parseSealed(await readFile(path.join(folder, ATLAS_FILE), 'utf8'), atlasSchema) as Atlas;
  atlasSchema.parse(value);
  const layers: FrozenLayer[] = [];
  for (const layer of value.layers) layers.push({ layer, units: await readFrozenUnits(path.join(folder, layerFile(layer.slug))) });
  return { atlas: value, layers, slug: value.slug, edition, contents: editionContents(value, layers) };
}
