/** The files that a store consists of, and what each of them holds. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { TEMPORARY } from '../batch/disk.ts';
import { inParallel } from '../batch/in-parallel.ts';
import { LOCK } from '../batch/lock.ts';
import { imageFile } from '../batch/store.ts';
import { sha256 as hashFile } from '../models/download.ts';

const NAME = '[a-z0-9][a-z0-9._-]*';

/** Every file of a store that may be published but the images. `study-key.json` is none of them: it tells what raters must not know. */
const FILES: readonly RegExp[] = [
  '(atlas|comparison|human|map|study|released-key)\\.json',
  `layers/${NAME}\\.jsonl`,
  `directions/${NAME}\\.(f32|npy)`,
  `portraits/${NAME}\\.jsonl?`,
  'editions/[1-9][0-9]*/atlas\\.json',
  `editions/[1-9][0-9]*/layers/${NAME}\\.jsonl`,
  `study/${NAME}\\.webp`,
  `evidence/(${NAME}/)*${NAME}`,
].map((pattern) => new RegExp(`^${pattern}$`));

const IMAGE = /^images\/[0-9a-f]{2}\/([0-9a-f]{64})\.webp$/;
const READERS = 8;

/** A file of a store. */
export interface StoreFile {
  /** Within the store, with slashes: `layers/conv-1.jsonl`. */
  readonly path: string;
  readonly bytes: number;
  /** Of what is in it; of an image the one in its name, unless all are hashed. */
  readonly sha256: string;
}

/** What a folder holds. */
export interface StoreFiles {
  /** Sorted by path. */
  readonly files: readonly StoreFile[];
  /** Sorted by name. */
  readonly images: readonly StoreFile[];
  /** Files that are none of a store's, sorted. A lock and what is not finished are not mentioned. */
  readonly others: readonly string[];
}

/** Whether this is the path of a file of a store, images apart: relative, without a step up, in lower case. */
export function isStoreFile(file: string): boolean {
  return !file.endsWith(TEMPORARY) && FILES.some((pattern) => pattern.test(file));
}

/** Whether the file is part of what a comparison was computed from, which a published store may go without. */
export function isEvidence(file: string): boolean {
  return file.startsWith('evidence/');
}

/** Looks through a folder; nothing is found in one that is not there. Files are hashed; images too if `hashImages`, else their names are believed. */
export async function scanStore(folder: string, { hashImages = false }: { readonly hashImages?: boolean } = {}): Promise<StoreFiles> {
  const found = (await glob('**/*', { cwd: folder, dot: true })).sort();
  const files: StoreFile[] = [];
  const images: StoreFile[] = [];
  const others: string[] = [];
  await inParallel(found, READERS, async (file) => {
    const named = IMAGE.exec(file)?.[1];
    const isImage = named !== undefined && imageFile(named) === file;
    if (isImage || isStoreFile(file)) {
      const full = path.join(folder, file);
      const sha256 = isImage && !hashImages ? named : await hashFile(full);
      (isImage ? images : files).push({ path: file, sha256, bytes: (await stat(full)).size });
    } else if (!file.endsWith(TEMPORARY) && file !== LOCK) others.push(file);
  });
  const byPath = (a: StoreFile, b: StoreFile) => (a.path < b.path ? -1 : 1);
  return { files: files.sort(byPath), images: images.sort(byPath), others: others.sort() };
}
