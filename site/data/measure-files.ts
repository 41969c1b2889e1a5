/** Sizes and hashes of what an atlas is published with, for pages and metadata: the files are made, and not kept. */
import { createHash } from 'node:crypto';
import type { AtlasStore } from '../store/load-atlases.ts';
import { type PublishedFile, publishedFiles } from './published-files.ts';
import { atlasFiles } from './site-files.ts';

/** A published file; one that stands for many has neither size nor hash. */
export interface MeasuredFile extends PublishedFile {
  readonly bytes?: number;
  readonly sha256?: string;
}

const known = new WeakMap<AtlasStore, Promise<MeasuredFile[]>>();

/** The files of an atlas with their sizes in bytes and SHA-256; made once a process. */
export function measureFiles(store: AtlasStore): Promise<MeasuredFile[]> {
  const found = known.get(store) ?? measure(store);
  known.set(store, found);
  return found;
}

async function measure(store: AtlasStore): Promise<MeasuredFile[]> {
  const measured = new Map<string, { bytes: number; sha256: string }>();
  for (const { path, make } of atlasFiles(store)) {
    const content = Buffer.from(await make());
    measured.set(path, { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') });
  }
  return publishedFiles(store).map((file) => ({ ...file, ...measured.get(file.path) }));
}
