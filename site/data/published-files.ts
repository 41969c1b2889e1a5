/** Which files for machines an atlas is published with: one list, that the emitter writes, the data page shows and metadata describe. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AtlasStore, Layer, Unit } from '../store/load-atlases.ts';
import { atlasPath, layerPath } from '../view/address.ts';
import { layerTitle } from '../view/unit.ts';

/** A file, or many of one kind. */
export interface PublishedFile {
  /** From the site's root, without a slash before it: `fixture-net/units.parquet`. With `*` for parts of an address where `many` is set. */
  readonly path: string;
  /** The media type: `application/json`. */
  readonly type: string;
  /** A sentence on what it holds, for people. */
  readonly about: string;
  /** The name of its schema, which is at `schema/<name>-1.json`. */
  readonly schema?: SchemaName;
  /** How many files the path stands for, where it has a `*`. */
  readonly many?: number;
}

/** What a schema is published for. `portrait` describes a file of the store; unit.json has what it says. */
export const SCHEMA_NAMES = ['atlas', 'layer', 'unit', 'row', 'plan', 'comparison', 'portrait', 'ledger'] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

/** Where the ledger of all published addresses is, where there is one. */
export const LEDGER_PATH = 'data/ledger.jsonl';

/** The ledger's file; undefined where nothing was published. */
export function ledgerFile(): string | undefined {
  const file = process.env.ATLAS_LEDGER ?? 'data/ledger.jsonl';
  return existsSync(file) ? file : undefined;
}

/** The path of a schema; its number goes up when a reader of the old one would fail. */
export const schemaPath = (name: SchemaName) => `schema/${name}-1.json`;

export const JSON_TYPE = 'application/json';

/** The files of one atlas, the most useful first. What the store lacks (no comparison yet, no random directions) is not listed. */
export function publishedFiles(store: AtlasStore): PublishedFile[] {
  const root = atlasPath(store);
  const units = store.layers.flatMap((layer) => layer.units);
  const dense = store.layers.flatMap((layer) => layer.units.filter((unit) => hasVector(store, layer, unit)));
  const json = { type: JSON_TYPE };
  return [
    {
      path: `${root}units.parquet`,
      type: 'application/vnd.apache.parquet',
      about:
        'All units as Apache Parquet, a row each: where it stands, how its direction is defined, score and state of its first render, every measure, its concept.',
    },
    {
      path: `${root}units.jsonl`,
      type: 'application/jsonl',
      about: 'All units as JSON lines, with the fields of units.parquet.',
      schema: 'row',
    },
    {
      path: `${root}atlas.json`,
      ...json,
      about: 'The atlas: model, plan, layers, counts, the comparison’s headline, downloads.',
      schema: 'atlas',
    },
    { path: `${root}plan.json`, ...json, about: 'The plan that it was rendered by.', schema: 'plan' },
    ...(store.comparison
      ? [
          {
            path: `${root}comparison.json`,
            ...json,
            about: 'The whole comparison: every row of every metric, every direction of every arm, controls, limits.',
            schema: 'comparison' as const,
          },
        ]
      : []),
    ...store.layers.flatMap((layer) => layerFiles(store, layer)),
    ...(units.length > 0
      ? [
          {
            path: `${root}*/*/unit.json`,
            ...json,
            about: 'A unit: pictures, direction, renders with their curves, measures and where they stand in both arms.',
            schema: 'unit' as const,
            many: units.length,
          },
        ]
      : []),
    ...(dense.length > 0
      ? [
          {
            path: `${root}*/*/direction.npy`,
            type: NPY_TYPE,
            about: 'A random direction alone: float32, [C]; or the array that a plan has a unit’s direction from.',
            many: dense.length,
          },
        ]
      : []),
  ];
}

/** NumPy's format has no registered type. */
export const NPY_TYPE = 'application/octet-stream';

function layerFiles(store: AtlasStore, layer: Layer): PublishedFile[] {
  const [path, title] = [layerPath(store, layer), layerTitle(layer.layer)];
  const vectors = {
    path: `${path}directions.npy`,
    type: NPY_TYPE,
    about: `The random directions of ${title}, a row each, as NumPy reads them: float32, [M,C]. Channel k is the k-th unit vector.`,
  };
  return [
    { path: `${path}layer.json`, type: JSON_TYPE, about: `The layer ${title} and all its units with their measures.`, schema: 'layer' },
    ...(hasVectors(store, layer) ? [vectors] : []),
  ];
}

/** Where the store keeps the random directions of a layer: float32, little-endian, a row after another by index. */
export const vectorFile = (store: Pick<AtlasStore, 'folder'>, layer: Pick<Layer, 'slug'>) =>
  join(store.folder, 'directions', `${layer.slug}.f32`);

/** Whether the store has the vectors of a layer's random directions. */
export function hasVectors(store: Pick<AtlasStore, 'folder'>, layer: Pick<Layer, 'slug' | 'units'>): boolean {
  const ofStore = withVectors.get(store) ?? new Map<string, boolean>();
  withVectors.set(store, ofStore);
  const known = ofStore.get(layer.slug) ?? (layer.units.some(({ arm }) => arm === 'random') && existsSync(vectorFile(store, layer)));
  ofStore.set(layer.slug, known);
  return known;
}

/** Whether a unit has a vector in a file of its own. */
export function hasVector(store: Pick<AtlasStore, 'folder'>, layer: Pick<Layer, 'slug' | 'units'>, unit: Unit): boolean {
  return unit.arm === 'random' ? hasVectors(store, layer) : chosenArray(store, unit) !== undefined;
}

/** Where the store keeps the array that a chosen unit's direction is from, and its SHA-256; nothing for one that is from none, or that the store lacks. */
export function chosenArray(
  { folder }: Pick<AtlasStore, 'folder'>,
  { record: { direction } }: Unit,
): { file: string; sha256: string } | undefined {
  if (direction.kind !== 'chosen' || !('direction' in direction.unit) || typeof direction.unit.direction === 'string') return undefined;
  const { sha256 } = direction.unit.direction;
  const file = join(folder, 'directions', `${sha256}.npy`);
  return existsSync(file) ? { file, sha256 } : undefined;
}

/** Asked by every unit's page: by store and layer's slug. */
const withVectors = new WeakMap<object, Map<string, boolean>>();
