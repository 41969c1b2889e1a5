/** The real files that hostile ones are made of: torchvision's families, ONNX's own test models, TF.js graph and layers models. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readFixture, writeInstance } from '../families/instance.ts';
import { graphModels } from './graph-models.ts';

/** A real file, and the folder that holds what it names beside it. */
export interface Original {
  /** `vit-17`. */
  readonly name: string;
  readonly folder: string;
  /** What a file made of it is called there: `model.onnx`. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Of each kind several, in an order that does not change. */
export interface Material {
  readonly families: readonly Original[];
  /** Half a megabyte each, so taken less often. */
  readonly large: readonly Original[];
  readonly testdata: readonly Original[];
  readonly tfjs: readonly Original[];
}

/** Debian's libonnx-testdata. */
const TESTDATA = '/usr/share/libonnx-testdata/data';

/** Whether Debian's libonnx-testdata is installed; without it there is no material. */
export const HAVE_TESTDATA = existsSync(TESTDATA);

const SMALL = [
  ...[
    'convnext',
    'densenet',
    'efficientnet-v1',
    'efficientnet-v2',
    'mobilenet-v2',
    'mobilenet-v3',
    'regnet',
    'shufflenet-v2',
    'vgg',
    'vit',
  ],
];
const LARGE = ['maxvit', 'swin-v1', 'swin-v2'];
const FAMILIES = new URL('../fixtures/families/', import.meta.url).pathname;
const LAYERS = new URL('../fixtures/tfjs-layers/', import.meta.url).pathname;

/**
 * Writes into folders of their own below `place` what the files name beside them. There also lies `canary.bin`, which no model may read; links in
 * the folders point at it.
 */
export function layOut(place: string): void {
  writeFileSync(join(place, 'canary.bin'), Buffer.alloc(1 << 20, 'canary'));
  for (const { name, weights } of tfjsModels()) writeFileSync(join(newFolder(place, name), 'weights.bin'), weights);
  for (const name of [...SMALL, ...LARGE]) writeInstance(name, readFixture(name), newFolder(place, name));
  newFolder(place, 'testdata');
}

function newFolder(place: string, name: string): string {
  const folder = join(place, name);
  mkdirSync(folder);
  symlinkSync('../canary.bin', join(folder, 'link-file.bin'));
  symlinkSync('..', join(folder, 'link-folder'));
  symlinkSync('link-loop.bin', join(folder, 'link-loop.bin'));
  return folder;
}

/** The files, to be opened in the folders that {@link layOut} made below `place`. */
export function materialAt(place: string): Material {
  const family = (name: string) => familyAt(join(place, name), name);
  return {
    families: SMALL.flatMap(family),
    large: LARGE.flatMap(family),
    testdata: testdata(join(place, 'testdata')),
    tfjs: tfjsModels().map(({ name, json }) => ({
      name,
      folder: join(place, name),
      file: 'model.json',
      bytes: Buffer.from(JSON.stringify(json)),
    })),
  };
}

function familyAt(folder: string, name: string): Original[] {
  return readFixture(name).variants.map((variant) => ({
    name: `${name}-${variant}`,
    folder,
    file: 'model.onnx',
    bytes: gunzipSync(readFileSync(join(FAMILIES, `${name}-${variant}.onnx.gz`))),
  }));
}

/** All that are whole networks or parts of them, and one in twelve of those with one operator. */
function testdata(folder: string): Original[] {
  return ['pytorch-converted', 'pytorch-operator', 'simple', 'node'].flatMap((set) =>
    readdirSync(join(TESTDATA, set))
      .sort()
      .filter((name, i) => (set !== 'node' || i % 12 === 0) && existsSync(join(TESTDATA, set, name, 'model.onnx')))
      .map((name) => ({
        name: `${set}/${name}`,
        folder,
        file: 'model.onnx',
        bytes: readFileSync(join(TESTDATA, set, name, 'model.onnx')),
      })),
  );
}

interface TfjsModel {
  readonly name: string;
  readonly json: unknown;
  readonly weights: Uint8Array;
}

function tfjsModels(): TfjsModel[] {
  return [...layersModels(), ...graphModels()];
}

function layersModels(): TfjsModel[] {
  return readdirSync(LAYERS)
    .sort()
    .map((file) => {
      const { model, weights } = JSON.parse(readFileSync(join(LAYERS, file), 'utf8')) as { model: unknown; weights: string };
      return { name: `layers-${file.replace('.json', '')}`, json: model, weights: Buffer.from(weights, 'base64') };
    });
}
