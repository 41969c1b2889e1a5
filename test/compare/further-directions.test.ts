/** Directions of one's own, added to a comparison: drawn, measured and judged from what it kept, and nothing of the others is done again. */
import { readFile, rm } from 'node:fs/promises';
import glob from 'fast-glob';
import { beforeAll, expect, it } from 'vitest';
import type { Comparison } from '../../data/schema.ts';
import { type CompareRequest, compareAtlas } from '../../generator/compare/compare.ts';
import { recompute } from '../../generator/compare/recompute.ts';
import { writeNpy } from '../../generator/graph/npy.ts';
import { float32 } from '../../generator/graph/tensor.ts';
import { draws } from '../render/tiny-model.ts';
import { CHANNELS } from './planted-network.ts';
import { copyStore, LEAST, makePlanted, type PlantedStore } from './planted-store.ts';

let planted: PlantedStore;
let before: Comparison;
/** The comparison with three directions beside the others, and with three others. */
let asked: CompareRequest;
let result: Comparison;
let evidence: Record<string, string>;
let stages: string[];

const CONCEPTS = `Concepts of ${LEAST} images in 1 layer`;

async function evidenceOf(folder: string): Promise<Record<string, string>> {
  const files = await glob('evidence/**', { cwd: folder, ignore: ['**/index.json'] });
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await readFile(`${folder}/${file}`, 'base64')])));
}

const compareWith = async (request: CompareRequest) => {
  planted.stages.length = 0;
  return compareAtlas(request);
};

beforeAll(async () => {
  planted = await makePlanted(['turned'], { frames: 19, images: { n: LEAST } });
  before = await compareAtlas(planted.request);
  evidence = await evidenceOf(planted.request.folder);
  const own = `${planted.root}/own.npy`;
  await writeNpy(own, float32([3, CHANNELS], draws('own', 3 * CHANNELS)));
  asked = await copyStore(planted, 'further');
  asked = { ...asked, compare: { ...asked.compare, directions: { turned: own } } };
  result = await compareWith(asked);
  stages = [...planted.stages];
});

it('run the network for their concepts alone: all else is matrix products of what was kept', () => {
  expect(stages).toEqual([CONCEPTS]);
});

it('add a row and their own scores, and change nothing of the others but the correction for one test more', () => {
  const [{ results, dissection, ...layer }] = result.layers;
  const [{ results: earlier, dissection: concepts, ...other }] = before.layers;
  const bare = ({ p_adjusted: _, adjust: __, ...row }: (typeof results)[number]) => row;
  expect(results.slice(0, -1).map(bare)).toEqual(earlier.map(bare));
  expect(results.at(-1)).toMatchObject({ metric: 'natural-2afc', role: 'exploratory', armA: 'file', armB: 'random', nA: 3, nB: 128 });
  expect(layer).toEqual(other);
  expect(dissection).toEqual({ ...concepts, arms: { ...concepts?.arms, file: expect.objectContaining({ units: 3 }) } });
  expect(result.directions.slice(0, -3)).toEqual(before.directions);
  expect(result.directions.slice(-3).map(({ id, vector }) => [id, vector?.file, vector?.offset])).toEqual(
    [0, 1, 2].map((row) => [`file-${row}`, 'evidence/turned/file-vectors.f32', row * CHANNELS * 4]),
  );
  for (const { scores, top } of result.directions.slice(-3)) {
    expect(scores).toMatchObject({ natural_2afc: expect.any(Number), dissection: expect.any(Number), kurtosis: expect.any(Number) });
    expect(top?.length).toBeGreaterThan(0);
  }
});

it('leave every file of the others as it is', async () => {
  const { 'evidence/turned/file-vectors.f32': vectors, ...rest } = await evidenceOf(asked.folder);
  expect(Buffer.from(vectors, 'base64').length).toBe(3 * CHANNELS * 4);
  expect(rest).toMatchObject(evidence);
  expect(Object.keys(rest).filter((file) => !(file in evidence))).toEqual([
    'evidence/turned/file-directions.json',
    'evidence/turned/file-dissection.json',
  ]);
});

it('come to the same as in a comparison that has them from the start', async () => {
  const request = { ...asked, folder: `${planted.root}/at-once` };
  await copyStore(planted, 'at-once');
  await rm(`${request.folder}/evidence`, { recursive: true });
  const once = await compareWith(request);
  expect(planted.stages).toContain(CONCEPTS);
  expect({ ...once, created: '' }).toEqual({ ...result, created: '' });
});

it('are computed again from the files alone, with the rest', async () => {
  expect(await recompute({ folder: asked.folder, threads: 1 })).toEqual({ rows: 18, different: [] });
});

it('are gone with the file: the comparison is as it was before', async () => {
  const request = { ...(await copyStore({ ...planted, request: asked }, 'gone')), compare: planted.request.compare };
  const again = await compareWith(request);
  expect(planted.stages).toEqual([]);
  expect({ ...again, created: '' }).toEqual({ ...before, created: '' });
  expect(await evidenceOf(request.folder)).toEqual(evidence);
});
