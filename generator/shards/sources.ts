/** The stores that are merged: read, never written, and all of one plan, one network and one renderer. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Atlas, UnitRecord } from '../../data/schema.ts';
import { layerFile, mergeLines } from '../batch/journal.ts';
import { ATLAS_FILE, readAtlas } from '../batch/store.ts';
import { fault } from '../graph/errors.ts';
import { RENDERER_VERSION } from '../render/renderer.ts';
import { shardText } from './shard.ts';

/** A store to take pictures from. */
export interface Source {
  readonly folder: string;
  readonly atlas: Atlas;
}

/** The records of a layer, by unit. */
export type LayerRecords = ReadonlyMap<string, UnitRecord>;

/** Opens the stores, in the order of their shards. Throws for one that is none, or not of the plan, network and renderer of the first. */
export async function openSources(folders: readonly string[], target: string): Promise<Source[]> {
  const sources: Source[] = [];
  for (const folder of new Map(folders.map((folder) => [path.resolve(folder), folder])).values()) {
    if (path.resolve(folder) === path.resolve(target))
      throw fault({
        where: folder,
        expected: 'another folder than those that are merged',
        name: '--out',
        received: target,
        remedy: 'What is there already is kept: leave it out of the stores.',
        exitCode: 2,
      });
    const atlas = await readAtlas(folder);
    if (!atlas)
      throw fault({
        where: folder,
        expected: 'a store',
        name: ATLAS_FILE,
        received: undefined,
        remedy: 'Give the folders that "atlas run PLAN --shard i/n" made.',
        exitCode: 2,
      });
    sources.push({ folder, atlas });
  }
  for (const source of sources) checkAlike(sources[0], source);
  return sources.sort((a, b) => (a.atlas.shard?.index ?? 0) - (b.atlas.shard?.index ?? 0));
}

/** Whether two stores may hold pictures of one atlas. */
function checkAlike(first: Source, { folder, atlas }: Source): void {
  const other = 'Leave it out, or render its shard again with what the others were rendered with.';
  const compared: [name: string, a: unknown, b: unknown, remedy: string][] = [
    ['the atlas', first.atlas.slug, atlas.slug, other],
    ['plan_sha256', first.atlas.plan_sha256, atlas.plan_sha256, other],
    ['model.weights_sha256', first.atlas.model.weights_sha256, atlas.model.weights_sha256, other],
    ['software.renderer', first.atlas.software.renderer, atlas.software.renderer, other],
    ['software.renderer', RENDERER_VERSION, atlas.software.renderer, 'Merge with the version of Basis Atlas that rendered them.'],
  ];
  for (const [name, expected, received, remedy] of compared)
    if (expected !== received) throw fault({ where: folder, expected: `${expected}, as in ${first.folder},`, name, received, remedy });
}

/** The records of a layer in a store, as far as whole lines go: another process may be writing it. */
export async function readRecords(folder: string, layer: string): Promise<LayerRecords> {
  const file = path.join(folder, layerFile(layer));
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  return mergeLines(bytes, file).records;
}

/** `shard 2/8, data/shards/net/2-of-8` */
export function describeSource({ folder, atlas: { shard } }: Source): string {
  return shard ? `shard ${shardText(shard)}, ${folder}` : folder;
}

/** What rendered the pictures of all: each thing that differs is named with every value it had, and threads are the most. */
export function mergeSoftware(sources: readonly Source[]): Atlas['software'] {
  const all = sources.map(({ atlas }) => atlas.software);
  const every = (field: 'atlas' | 'node' | 'runtime' | 'device' | 'platform') =>
    [...new Set(all.map((one) => one[field]))].sort().join(', ');
  return {
    atlas: every('atlas'),
    renderer: all[0].renderer,
    node: every('node'),
    runtime: every('runtime'),
    device: every('device'),
    threads: Math.max(...all.map(({ threads }) => threads)),
    platform: every('platform'),
  };
}
