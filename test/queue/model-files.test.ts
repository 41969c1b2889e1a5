/** A model's way to a worker: files by digest, names from the model itself, and nothing outside its folder. */
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import { packModel, unpackModel } from '../../generator/queue/model-files.ts';
import { writeTinyModel } from '../end-to-end/command.ts';
import { rawBytes, weight, write } from '../models/onnx/write-model.ts';
import { defaultModel } from '../requires.ts';
import { temporaryFolder } from '../temporary.ts';

/** Files as a queue has them: by digest alone. */
async function post(reference: string) {
  const packed = await packModel(reference);
  const paths = new Map(packed.files.map(({ sha256, path }) => [sha256, path]));
  const fetched: string[] = [];
  const fetch = async (sha256: string, to: string) => {
    fetched.push(sha256);
    await mkdir(path.dirname(to), { recursive: true });
    await copyFile(paths.get(sha256) ?? '', to);
  };
  const cache = temporaryFolder('cache');
  const files = packed.files.map(({ sha256 }) => sha256);
  const model = { weights: 'ab'.repeat(32), files, ...(packed.zoo ? { zoo: packed.zoo } : {}) };
  return { packed, fetched, cache, model, open: () => unpackModel({ model }, cache, fetch), fetch };
}

/** An ONNX file whose kernel lies in a file of that name. */
const outside = (location: string) => ({
  nodes: [{ op: 'Conv', inputs: ['image', 'k'], outputs: ['out'] }],
  tensors: [{ ...weight('k', [2, 3, 1, 1]), stored: { location } }],
  inputs: [{ name: 'image', shape: ['n', 3, 8, 8] }],
  outputs: [{ name: 'out' }],
});

it('brings the default model with its shards, and what the zoo says of it', async (context) => {
  const here = await defaultModel(context);
  const { open, packed, fetched } = await post('coco-ssd-mobilenet-v2');
  const there = await open();
  expect(packed.files).toHaveLength(6);
  expect(there.weightsSha256).toBe(here.weightsSha256);
  expect(there.preprocess).toEqual(here.preprocess);
  expect(there.layers().map(({ name }) => name)).toEqual(here.layers().map(({ name }) => name));
  await open();
  expect(fetched, 'fetched once').toHaveLength(6);
}, 120_000);

it('brings an ONNX file with its weights in a file of their own, and a TF.js model of anyone’s', async () => {
  const onnx = await write(outside('k.bin'), { 'k.bin': rawBytes(weight('k', [2, 3, 1, 1])) });
  const tfjs = await writeTinyModel();
  for (const file of [onnx, tfjs]) {
    const { open, packed } = await post(file);
    expect(packed.files.length, file).toBeGreaterThan(1);
    expect((await open()).weightsSha256).toBe((await openModel(file)).weightsSha256);
  }
});

it('refuses a model that names a file outside its folder before it asks for it', async () => {
  const file = await write(outside('../../secret'));
  const { fetch, fetched, cache, model } = await post(await write(outside('k.bin'), { 'k.bin': rawBytes(weight('k', [2, 3, 1, 1])) }));
  const forged = async (sha256: string, to: string) => {
    if (fetched.length > 0) return fetch(sha256, to);
    fetched.push(sha256);
    return copyFile(file, to);
  };
  await expect(unpackModel({ model }, cache, forged)).rejects.toThrow(
    /expected files beside the model for the model, received "\.\.\/\.\.\/secret"/,
  );
  expect(fetched).toHaveLength(1);
});

it('does not open a copy that was altered', async () => {
  const { open, cache } = await post(await writeTinyModel());
  await open();
  const [folder] = await readdir(cache);
  const weights = (await readdir(path.join(cache, folder))).find((name) => name !== 'model.json') ?? '';
  await writeFile(path.join(cache, folder, weights), 'other');
  await expect(open()).rejects.toThrow(`expected the bytes that its digest says for ${weights}, received "others"`);
});
