/**
 * Models at an address on the web, kept in the cache: a file, or a TF.js model.json with the shards that it lists.
 *
 * What a model's files hash to is recorded when it is first fetched, in `locks/<folder>.json` of the cache, which outlives the files: fetched
 * anew, they must be the same. A digest given beforehand (`#sha256=…`, or by the zoo) comes before that record.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { fault } from '../graph/errors.ts';
import { checkFiles, recordedFiles, recordFiles } from './cache.ts';
import { type DownloadOptions, download, type Expected } from './download.ts';
import { shardsOf } from './shards.ts';
import { fillFolder, isThere } from './workplace.ts';

/** What is to be fetched, and what is known of it. */
export interface RemoteModel extends Expected {
  readonly url: URL;
  /** The file's name. */
  readonly name: string;
}

const lock = z.object({
  address: z.string(),
  /** The day it was first fetched: `2026-11-24`. */
  recorded: z.string(),
  /** Hex SHA-256 by file; the one that the address names comes first. */
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});
/** See the fields. */
export type Lock = z.infer<typeof lock>;

/**
 * Makes sure that `target` holds the model, and that its files are what they were when first seen. What is there already is only checked, never
 * fetched again. Throws where {@link download} does, and where the address has come to serve other files.
 */
export async function fetchRemote(model: RemoteModel, target: string, options: DownloadOptions = {}): Promise<void> {
  const known = await readLock(target);
  if (!(await isThere(target))) {
    await fillFolder(target, async (folder) => {
      await fill(model, folder, options);
      await recordFiles(folder);
      try {
        compare(model, target, known, await recordedFiles(folder));
      } catch (error) {
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
    });
  }
  const files = await recordedFiles(target);
  await checkFiles(target, { ...files, ...(model.sha256 ? { [model.name]: model.sha256 } : {}) });
  compare(model, target, known, files);
  if (known?.files[model.name] !== files[model.name]) await writeLock(model, target, files);
}

/** What was recorded when the model of that folder was first fetched; nothing if it never was. */
export async function readLock(target: string): Promise<Lock | undefined> {
  const text = await readFile(lockFile(target), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return lock.parse(JSON.parse(text));
  } catch (cause) {
    throw fault({
      where: lockFile(target),
      expected: 'the digests of a model',
      name: 'the file',
      received: text,
      remedy: 'It was altered: delete it, and the digests are recorded anew from what is served now.',
      cause,
    });
  }
}

function lockFile(target: string): string {
  return join(dirname(target), 'locks', `${target.slice(dirname(target).length + 1)}.json`);
}

async function writeLock({ url, name }: RemoteModel, target: string, files: Readonly<Record<string, string>>): Promise<void> {
  const file = lockFile(target);
  await mkdir(dirname(file), { recursive: true });
  const what: Lock = { address: url.href, recorded: new Date().toISOString().slice(0, 10), files: { [name]: files[name], ...files } };
  await writeFile(`${file}.${process.pid}.tmp`, `${JSON.stringify(what, null, 1)}\n`);
  await rename(`${file}.${process.pid}.tmp`, file);
}

async function fill({ url, name, sha256, bytes }: RemoteModel, folder: string, options: DownloadOptions): Promise<void> {
  let before = 0;
  const get = async (at: URL, file: string, expected: Expected) => {
    const path = join(folder, file);
    await mkdir(dirname(path), { recursive: true });
    let last = 0;
    const onProgress = (received: number, total: number | undefined) => {
      last = received;
      options.onProgress?.(before + received, before === 0 && !name.endsWith('.json') ? total : undefined);
    };
    // What an earlier run has finished has its name already.
    if (!(await isThere(path))) await download(at, path, expected, { ...options, onProgress });
    before += last;
  };
  await get(url, name, { sha256, bytes });
  for (const shard of await shardsOf(join(folder, name), url)) await get(shard.url, shard.path, {});
}

/** A model that changed since it was recorded is another model: nobody should render it under the old one's name without knowing. */
function compare(model: RemoteModel, target: string, known: Lock | undefined, files: Readonly<Record<string, string>>): void {
  if (!known) return;
  const name = Object.keys(known.files).find((file) => files[file] !== known.files[file]);
  if (name === undefined || (name === model.name && model.sha256 === files[name])) return;
  throw fault({
    where: model.url.href,
    expected: `the SHA-256 ${known.files[name]}, recorded on ${known.recorded},`,
    name,
    received: files[name] ?? 'no such file',
    remedy:
      `The address serves another file than it did. Nothing was kept. If the new one is wanted, delete ${lockFile(target)}` +
      `${files[model.name] ? `, or say so: ${model.url.href}#sha256=${files[model.name]}` : ''}.`,
  });
}
