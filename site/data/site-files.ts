/** The files of the machine interface, one after another: each with its path and a way to make it, so that none waits in memory. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allPictures } from '../images/pictures.ts';
import type { AtlasStore, Layer } from '../store/load-atlases.ts';
import { atlasPath, layerPath, unitPath } from '../view/address.ts';
import { describeAtlas, describePlan } from './describe-atlas.ts';
import { describeLayer } from './describe-layer.ts';
import { describeUnit, type LayerContext, openLayer } from './describe-unit.ts';
import { embedPage, embedPath } from './embed.ts';
import { chosenArray, hasVectors, JSON_TYPE, LEDGER_PATH, ledgerFile, NPY_TYPE, SCHEMA_NAMES, schemaPath } from './published-files.ts';
import { jsonSchema } from './schemas.ts';
import { writeJsonLines, writeParquet } from './unit-rows.ts';
import { readChosen, readVectors, writeNpy } from './vectors.ts';

/** A file to be written or served. */
export interface SiteFile {
  /** From the site's root: `fixture-net/atlas.json`. */
  readonly path: string;
  /** The media type. */
  readonly type: string;
  readonly make: () => Promise<string | Uint8Array> | string | Uint8Array;
}

/** Every file of the machine interface, embeds among them. */
export async function* siteFiles(stores: readonly AtlasStore[]): AsyncGenerator<SiteFile> {
  const ledger = ledgerFile();
  if (ledger) yield { path: LEDGER_PATH, type: 'application/jsonl', make: () => readFile(ledger) };
  for (const name of SCHEMA_NAMES)
    yield { path: schemaPath(name), type: 'application/schema+json', make: () => writeJson(jsonSchema(name)) };
  const pictures = allPictures(stores);
  for (const store of stores) {
    yield* atlasFiles(store);
    for (const layer of store.layers) yield* unitFiles(openLayer(store, layer, (name) => pictures.has(name)));
  }
}

/** Those of an atlas and of its layers, without its units'. */
export function* atlasFiles(store: AtlasStore): Generator<SiteFile> {
  const root = atlasPath(store);
  yield { path: `${root}units.parquet`, type: 'application/vnd.apache.parquet', make: () => writeParquet(store) };
  yield { path: `${root}units.jsonl`, type: 'application/jsonl', make: () => writeJsonLines(store) };
  yield { path: `${root}atlas.json`, type: JSON_TYPE, make: () => writeJson(describeAtlas(store)) };
  yield { path: `${root}plan.json`, type: JSON_TYPE, make: () => writeJson(describePlan(store)) };
  if (store.comparison)
    yield { path: `${root}comparison.json`, type: JSON_TYPE, make: () => readFile(join(store.folder, 'comparison.json')) };
  for (const layer of store.layers) yield* layerFiles(store, layer);
}

function* layerFiles(store: AtlasStore, layer: Layer): Generator<SiteFile> {
  const path = layerPath(store, layer);
  yield { path: `${path}layer.json`, type: JSON_TYPE, make: () => writeJson(describeLayer(store, layer)) };
  if (hasVectors(store, layer))
    yield { path: `${path}directions.npy`, type: NPY_TYPE, make: async () => writeNpy(await readVectors(store, layer)) };
}

async function* unitFiles(context: LayerContext): AsyncGenerator<SiteFile> {
  const { store, layer, vectorRows } = context;
  const vectors = vectorRows.size > 0 ? await readVectors(store, layer) : undefined;
  const channels = layer.layer.shape[0];
  for (const [at, unit] of layer.units.entries()) {
    const [path, row] = [unitPath(store, layer, unit), vectorRows.get(unit.id)];
    for (const blind of [true, false])
      yield {
        path: `${embedPath(store, layer, unit, { blind })}index.html`,
        type: 'text/html; charset=utf-8',
        make: () => embedPage(store, layer, unit, { blind }),
      };
    yield { path: `${path}unit.json`, type: JSON_TYPE, make: () => writeJson(describeUnit(context, unit, at)) };
    if (vectors && row !== undefined) {
      const values = vectors.values.subarray(row * channels * 4, (row + 1) * channels * 4);
      yield { path: `${path}direction.npy`, type: NPY_TYPE, make: () => writeNpy({ shape: [channels], values }) };
    }
    const array = chosenArray(store, unit);
    if (array) yield { path: `${path}direction.npy`, type: NPY_TYPE, make: () => readChosen(array, unit) };
  }
}

const writeJson = (value: unknown) => `${JSON.stringify(value)}\n`;
