/** A model on its way to workers: its files by their digests on the run's side, and opened from those on the worker's. */
import { rename, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Plan } from '../../data/schema.ts';
import { fault } from '../graph/errors.ts';
import { sha256 as hashFile } from '../models/download.ts';
import type { Model } from '../models/model.ts';
import { namesBeside, pathBeside } from '../models/model-files.ts';
import { knownOf, knownOfZoo, locateModel, openLocated } from '../models/open.ts';
import { beginning, parsed } from '../models/read-file.ts';
import { fillFolder, isThere } from '../models/workplace.ts';
import { zooModel } from '../models/zoo.ts';
import { type JobMessage, MOST_MODEL_BYTES } from './messages.ts';

/** A file of the run's, and what it is called in the queue. */
export interface NamedFile {
  readonly sha256: string;
  readonly path: string;
}

/** A model as the run has it. */
export interface PackedModel {
  /** The one that is opened, then those that it names. */
  readonly files: readonly NamedFile[];
  readonly zoo?: string;
}

/** How models are found, and opened elsewhere; a test puts its own in their place. */
export interface ModelPost {
  pack(reference: string): Promise<PackedModel>;
  /** Opens a model of which `fetch` brings each file. */
  unpack(message: Pick<JobMessage, 'model' | 'preprocess'>, cache: string, fetch: Fetch): Promise<Model>;
}

/** Brings the file of that digest to a path. */
export type Fetch = (sha256: string, path: string) => Promise<void>;

/** Real models. */
export const MODEL_POST: ModelPost = { pack: packModel, unpack: unpackModel };

/** The files of a model by what a person calls it. Throws where they are too large to go through a queue. */
export async function packModel(reference: string): Promise<PackedModel> {
  const { file, shown, zoo } = await locateModel(reference);
  const beside = await Promise.all((await namesBeside(file)).map((name) => pathBeside(name, file)));
  // What lies outside its folder was never read: the model is open already.
  const paths = [file, ...beside.flatMap((found) => found ?? [])];
  const bytes = (await Promise.all(paths.map((one) => stat(one)))).reduce((sum, { size }) => sum + size, 0);
  if (bytes > MOST_MODEL_BYTES)
    throw fault({
      where: shown,
      expected: `at most ${MOST_MODEL_BYTES / 2 ** 20} MiB`,
      name: 'a model that goes to workers through Redis',
      received: `${Math.ceil(bytes / 2 ** 20)} MiB`,
      remedy: 'Run the plan in shards instead, each of which reads the model from its own disk: atlas run PLAN --shard 1/2.',
      exitCode: 2,
    });
  const files: NamedFile[] = [];
  for (const one of paths) files.push({ sha256: await hashFile(one), path: one });
  return { files, ...(zoo ? { zoo } : {}) };
}

/**
 * Opens a model from files that are in `cache`, or that `fetch` brings there. Their names come from the model itself: those that lead out of its
 * folder are refused before anything is fetched. Throws where a file is not what its digest says.
 */
export async function unpackModel(
  { model, preprocess }: Pick<JobMessage, 'model' | 'preprocess'>,
  cache: string,
  fetch: Fetch,
): Promise<Model> {
  const [main, ...beside] = model.files;
  const folder = path.join(cache, main);
  if (!(await isThere(folder)))
    await fillFolder(folder, async (work) => {
      const file = await fetchMain(work, main, fetch);
      for (const [i, target] of (await targets(file, beside)).entries()) await fetch(beside[i], target);
    });
  const file = (await isThere(path.join(folder, JSON_NAME))) ? path.join(folder, JSON_NAME) : path.join(folder, ONNX_NAME);
  const paths = [file, ...(await targets(file, beside))];
  for (const [i, one] of paths.entries()) if ((await hashFile(one).catch(() => '')) !== model.files[i]) throw altered(folder, one);
  const zoo = model.zoo === undefined ? undefined : zooModel(model.zoo);
  if (model.zoo !== undefined && !zoo) throw wrong('a model of this version’s zoo', model.zoo);
  return openLocated({ file, shown: file, known: zoo ? knownOfZoo(zoo) : knownOf('model', 'queue', { pixels: pixelsOf(preprocess) }) });
}

const JSON_NAME = 'model.json';
const ONNX_NAME = 'model.onnx';

const pixelsOf = (preprocess: JobMessage['preprocess']): Plan['preprocess'] => preprocess;

/** TF.js's formats are JSON; the name is what ties are broken by. */
async function fetchMain(folder: string, sha256: string, fetch: Fetch): Promise<string> {
  const fetched = path.join(folder, 'model');
  await fetch(sha256, fetched);
  const isJson = parsed(await beginning(fetched)) !== undefined;
  const file = path.join(folder, isJson ? JSON_NAME : ONNX_NAME);
  await rename(fetched, file);
  return file;
}

/** Where the files that a model names belong. */
async function targets(file: string, digests: readonly string[]): Promise<string[]> {
  const names = await namesBeside(file);
  const paths = await Promise.all(names.map((name) => pathBeside(name, file)));
  const inside = paths.flatMap((found) => found ?? []);
  if (inside.length !== paths.length) throw wrong('files beside the model', names[paths.indexOf(undefined)]);
  if (inside.length !== digests.length) throw wrong(`${inside.length} files beside the model, which it names`, digests.length);
  return inside;
}

function altered(folder: string, file: string): Error {
  return fault({
    where: folder,
    expected: 'the bytes that its digest says',
    name: path.basename(file),
    received: 'others',
    remedy: 'The worker’s copy was altered: remove the folder, and it is fetched again.',
  });
}

function wrong(expected: string, received: unknown): Error {
  return fault({
    where: 'the queue',
    expected,
    name: 'the model',
    received,
    remedy: 'The run and this worker are of different versions, or something else writes to the queue.',
  });
}
