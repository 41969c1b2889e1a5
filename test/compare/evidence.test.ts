/** The evidence of a comparison: gathered once, found again, made anew where it is not what it was, the same however it is gathered. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import glob from 'fast-glob';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, comparison as comparisonSchema, parseSealed } from '../../data/schema.ts';
import { sha256 } from '../../generator/batch/canonical.ts';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { type CompareRequest, compareAtlas } from '../../generator/compare/compare.ts';
import { CHANNELS, writePlantedNetwork } from './planted-network.ts';
import { copyStore, LEAST, makePlanted, noRuntime, type PlantedStore } from './planted-store.ts';

let planted: PlantedStore;
let before: Record<string, string>;

/** Stages of a comparison from nothing, with the images decoded. */
const GATHERING = [
  `What lab-gabor-1 sees of ${LEAST} images`,
  `${LEAST} images through the network`,
  'Pictures of turned, moved and not',
  'What lab-gabor-1 sees of the pictures of turned',
];
const JUDGING = 'Judging turned';

beforeAll(async () => {
  planted = await makePlanted(['turned'], { frames: 39 });
  await copyStore(planted, 'rendered');
  await compareAtlas(planted.request);
  before = await bytesOf(planted.request.folder);
});

/** Everything that a comparison writes, by path. */
async function bytesOf(folder: string): Promise<Record<string, string>> {
  const files = await glob(['comparison.json', 'evidence/**', 'layers/*'], { cwd: folder });
  return Object.fromEntries(await Promise.all(files.sort().map(async (file) => [file, await readFile(`${folder}/${file}`, 'base64')])));
}

/** But for its date, of which there may be two. */
const dateless = ({ 'comparison.json': comparison, ...rest }: Record<string, string>) => ({
  ...rest,
  comparison: Buffer.from(comparison, 'base64')
    .toString()
    .replace(/"(created|digest)": ".*"/g, ''),
});

const comparisonOf = ({ 'comparison.json': text }: Record<string, string>): Comparison =>
  comparisonSchema.parse(JSON.parse(Buffer.from(text, 'base64').toString()));

const stagesOf = async (request: CompareRequest) => {
  planted.stages.length = 0;
  await compareAtlas(request);
  return [...planted.stages];
};

it('is gathered stage by stage, and the images are decoded first', () => {
  expect(planted.stages).toEqual(['Images of 32 pixels, kept for the next time', ...GATHERING, JUDGING]);
  expect(planted.runs.count).toBeGreaterThan(LEAST / 8);
});

it('is the same for another batch and other threads, and so is all that follows', async () => {
  const runtime = await openEngine().openRuntime({ device: 'cpu', threads: 2 });
  const request = { ...planted.request, folder: `${planted.root}/rendered`, batch: 3, runtime };
  expect(await stagesOf(request)).toEqual([...GATHERING, JUDGING]);
  expect(dateless(await bytesOf(request.folder))).toEqual(dateless(before));
});

describe('a comparison that was stopped', () => {
  it('goes on from the parts that are there, to the same end', async () => {
    const request = await copyStore(planted, 'stopped');
    await rm(`${request.folder}/evidence`, { recursive: true });
    await rm(`${request.folder}/comparison.json`);
    const stop = new AbortController();
    const stages = {
      begin: (title: string) => {
        if (title.startsWith('Pictures of')) stop.abort(new Error('enough'));
      },
      done: () => undefined,
    };
    await expect(compareAtlas({ ...request, stages, signal: stop.signal })).rejects.toThrow('enough');
    expect(await glob('comparison.json', { cwd: request.folder })).toEqual([]);
    expect(await stagesOf(request)).toEqual([...GATHERING.slice(2), JUDGING]);
    expect(dateless(await bytesOf(request.folder))).toEqual(dateless(before));
  });

  it('has decoded no image where it is stopped before', async () => {
    const request = { ...(await copyStore(planted, 'early')), cache: `${planted.root}/other-cache` };
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(compareAtlas({ ...request, signal })).rejects.toThrow('enough');
    expect(await glob('**', { cwd: request.cache, dot: true })).toEqual([]);
  });
});

describe('a part that is not what was written', () => {
  const damage = async (folder: string, file: string) => {
    const path = `${folder}/evidence/${file}`;
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] ^= 1;
    await writeFile(path, bytes);
  };

  it.each([
    ['turned/means.f32', [GATHERING[1]]],
    ['turned/directions.json', []],
    ['turned/vectors.f32', []],
    ['turned/pictures.f32', [GATHERING[2]]],
    ['turned/transformed.f32', [GATHERING[2]]],
    ['turned/pictures-lab-gabor-1.f32', [GATHERING[3]]],
    ['images-32/lab-gabor-1.f32', [GATHERING[0]]],
    ['turned/judged.json', [JUDGING]],
  ])('%s: it is made anew, and nothing else is', async (file, stages) => {
    const request = await copyStore(planted, file.replaceAll('/', '-'));
    await damage(request.folder, file);
    expect(await stagesOf(request)).toEqual(stages);
    expect(await bytesOf(request.folder)).toEqual(before);
  });

  it.each(['turned/sample.f32', 'turned/moments.f64'])('%s, with directions to draw from it: the network is run again', async (file) => {
    const request = await copyStore(planted, file.replaceAll('/', '-'));
    for (const one of [file, 'turned/directions.json']) await damage(request.folder, one);
    expect(await stagesOf(request)).toEqual([GATHERING[1]]);
    expect(await bytesOf(request.folder)).toEqual(before);
  });
});

it('is not gathered twice: a second comparison runs no network, judges nothing and changes no byte, but removes what no layer has and what a kill left', async () => {
  const request = await copyStore(planted, 'strays');
  const index = parseSealed(await readFile(`${request.folder}/evidence/index.json`, 'utf8')) as { parts: Record<string, object> };
  const gone = { ...index.parts['turned/means'], file: 'gone/means.f32' };
  await writeFile(`${request.folder}/evidence/index.json`, JSON.stringify({ ...index, parts: { ...index.parts, 'gone/means': gone } }));
  await mkdir(`${request.folder}/evidence/gone`);
  await writeFile(`${request.folder}/evidence/gone/means.f32`, 'old');
  await writeFile(`${request.folder}/evidence/turned/means.f32.123.tmp`, 'torn');
  expect(await stagesOf({ ...request, runtime: noRuntime(request) })).toEqual([]);
  expect(await bytesOf(request.folder)).toEqual(before);
  expect(await glob('evidence/*', { cwd: request.folder, onlyDirectories: true })).toEqual(['evidence/images-32', 'evidence/turned']);
});

it('is never looked for outside its folder, wherever an index says it is', async () => {
  const request = await copyStore(planted, 'outside');
  const file = `${request.folder}/evidence/index.json`;
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll('"turned/means.f32"', '"../atlas.json"'));
  expect(await stagesOf(request)).toEqual([...GATHERING, JUDGING]);
  expect(dateless(await bytesOf(request.folder))).toEqual(dateless(before));
});

it('names the file of every image, which is what top images are numbers of', async () => {
  const { images, directions } = comparisonOf(before);
  expect(images).toHaveLength(1);
  expect(images[0].files).toHaveLength(LEAST);
  for (const image of directions[0].top ?? []) {
    const { path, sha256: hash } = images[0].files?.[image] ?? {};
    expect(path).toBe(`${String(image).padStart(4, '0')}.png`);
    expect(hash).toBe(sha256(await readFile(`${planted.root}/images/${path}`)));
  }
});

describe('a second observer', () => {
  it('adds a row, and takes nothing but what it needs; another network under the same name is another', async () => {
    const request = await copyStore(planted, 'more');
    const observer = { model: await writePlantedNetwork(`${planted.root}/other.onnx`, 2), layers: ['bank', 'bank-relu'] };
    const asked = { ...request, compare: { ...request.compare, observer } };
    const seeing = [`What other:bank+bank-relu@32 sees of ${LEAST} images`, 'What other:bank+bank-relu@32 sees of the pictures of turned'];
    expect(await stagesOf(asked)).toEqual([...seeing, JUDGING]);
    const { observers, layers } = comparisonOf(await bytesOf(request.folder));
    expect(observers.map(({ id }) => id)).toEqual(['lab-gabor-1', 'other:bank+bank-relu@32']);
    expect(layers[0].results.filter((row) => row.observer === 'other:bank+bank-relu@32')).toEqual([
      expect.objectContaining({ metric: 'natural-2afc', role: 'secondary', armA: 'basis', armB: 'random', nA: CHANNELS, nB: 128 }),
    ]);
    // The headline is the one without it.
    expect(layers[0].results[0]).toEqual(comparisonOf(before).layers[0].results[0]);
    await writePlantedNetwork(observer.model, 3);
    expect(await stagesOf(asked)).toEqual([...seeing, JUDGING]);
  });
});
