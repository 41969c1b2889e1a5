/** What a comparison cannot be made from, and what it is made in spite of: refused in words, or on record. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import glob from 'fast-glob';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSealed, type UnitRecord } from '../../data/schema.ts';
import { type CompareRequest, compareAtlas } from '../../generator/compare/compare.ts';
import { writeNpy } from '../../generator/graph/npy.ts';
import { float32 } from '../../generator/graph/tensor.ts';
import { temporaryFolder } from '../temporary.ts';
import { CHANNELS } from './planted-network.ts';
import { copyStore, LEAST, makePlanted, type PlantedStore } from './planted-store.ts';

let planted: PlantedStore;
beforeAll(async () => {
  planted = await makePlanted(['mute', 'turned'], { frames: 19 });
});

/** What a comparison with other settings is refused with. */
const refusal = async (compare: CompareRequest['compare']): Promise<string> => {
  const request = { ...planted.request, compare: { ...planted.request.compare, ...compare } };
  const message = await compareAtlas(request).then(
    () => 'nothing',
    (error: Error) => `${error.name}: ${error.message}`,
  );
  expect(await glob('{comparison.json,evidence/**}', { cwd: request.folder })).toEqual([]);
  return message;
};

describe('images', () => {
  it('are refused where there are none', async () => {
    const folder = temporaryFolder('none');
    expect(await refusal({ images: { folder } })).toMatch(
      /^AtlasError: .*: expected files that end in jpg, .* received "none, in no folder/,
    );
    expect(await refusal({ images: { folder: `${folder}/nowhere` } })).toContain(
      'expected a folder for the images, received "nothing there"',
    );
  });

  it('are refused where they are too few, also for those that cannot be read', async () => {
    expect(await refusal({ images: { ...planted.request.compare?.images, n: LEAST - 1 } })).toContain(
      `expected at least ${LEAST} images that can be read for the images, received "${LEAST - 1} of ${LEAST} found"`,
    );
    await writeFile(`${planted.root}/images/0007.png`, 'no picture');
    expect(await refusal({})).toContain(`received "${LEAST - 1} of ${LEAST} files, the first unreadable: 0007.png"`);
  });
});

describe('an observer', () => {
  it('is refused where it is the network itself, under any name', async () => {
    await writeFile(`${planted.root}/alias.onnx`, await readFile(`${planted.root}/net.onnx`));
    expect(await refusal({ observer: { model: `${planted.root}/alias.onnx` } })).toContain(
      'the observer: expected a network with other weights for the observer of net, received "alias, which has the same"',
    );
  });

  it('is refused where nobody knows it, before an image is decoded', async () => {
    const cache = planted.request.cache;
    await rm(cache, { recursive: true, force: true });
    expect(await refusal({ observer: { model: 'nobody' } })).toContain('for MODEL, received "nobody"');
    expect(await glob('**', { cwd: cache })).toEqual([]);
  });
});

describe('directions of one’s own', () => {
  it('are refused for a layer that the atlas lacks', async () => {
    const message = await refusal({ directions: { tuned: 'own.npy' } });
    expect(message).toContain('expected the slug of a layer of the atlas (mute, turned) for a file of directions, received "tuned"');
  });

  it.each([
    ['of other channels', [2, 3], 'expected shape [M,17] or [17] for the array, received [2,3]'],
    ['of zeros', [1, CHANNELS], 'expected finite numbers, not all zero for row 0, received "zeros"'],
  ])('are refused where they are %s', async (name, shape, text) => {
    await writeFile(`${planted.root}/images/0007.png`, await readFile(`${planted.root}/images/0008.png`));
    const file = `${planted.root}/${name}.npy`;
    await writeNpy(file, float32(shape, new Float32Array(shape[0] * shape[1])));
    expect(await refusal({ directions: { turned: file } })).toContain(text);
  });

  it('are refused where there is no file', async () => {
    expect(await refusal({ directions: { turned: `${planted.root}/no.npy` } })).toContain('no.npy: expected a file that can be read');
  });
});

describe('a store', () => {
  it('without an atlas is refused, and no folder is made of it', async () => {
    const folder = `${planted.root}/nowhere`;
    await expect(compareAtlas({ ...planted.request, folder })).rejects.toThrow(
      `${folder}: expected an atlas for atlas.json, received nothing`,
    );
    expect(await glob('nowhere', { cwd: planted.root, onlyFiles: false })).toEqual([]);
  });

  it('of another network, or of other pixels, is refused', async () => {
    const { model } = planted.request;
    const other = { ...model, weightsSha256: 'cd'.repeat(32) };
    await expect(compareAtlas({ ...planted.request, model: other })).rejects.toThrow('expected the network with weights ');
    const darker = { ...model, preprocess: { scale: [1, 1, 1], offset: [0, 0, 0] } };
    await expect(compareAtlas({ ...planted.request, model: darker })).rejects.toThrow(
      'for the preprocessing of net, received {"scale":[1,1,1]',
    );
  });

  it('whose directions are not those of its records is refused', async () => {
    const request = await copyStore(planted, 'other-directions');
    await writeFile(`${request.folder}/directions/turned.f32`, new Uint8Array(8 * CHANNELS * 4));
    await expect(compareAtlas(request)).rejects.toThrow(/directions\/turned\.f32: expected the vector with hash [0-9a-f]{64} for random-0/);
  });

  it('with a picture that is no picture is refused', async () => {
    const request = await copyStore(planted, 'torn-picture');
    const [first] = await glob('images/*/*', { cwd: request.folder });
    await writeFile(`${request.folder}/${first}`, 'torn');
    await expect(compareAtlas(request)).rejects.toThrow('expected an image that can be decoded for picture');
  });
});

it('goes on without files that cannot be read and without renders that failed, and lists them; a layer that never changes is on record as such', async () => {
  const folder = `${planted.root}/images`;
  await mkdir(`${folder}/more`);
  await writeFile(`${folder}/more/notes.jpg`, 'no picture');
  await writeFile(`${folder}/more/cut.png`, (await readFile(`${folder}/0001.png`)).subarray(0, 300));
  const records = `${planted.request.folder}/layers/turned.jsonl`;
  const [first, ...others] = (await readFile(records, 'utf8')).trim().split('\n');
  const unit = parseSealed(first) as UnitRecord;
  unit.renders = unit.renders.map(({ image: _, ...render }) => ({ ...render, state: 'failed', score: null }));
  await writeFile(records, `${[JSON.stringify(unit), ...others].join('\n')}\n`);
  const { images, layers, directions, limits } = await compareAtlas(planted.request);
  expect(images).toEqual([expect.objectContaining({ n: LEAST })]);
  expect(images[0].skipped?.map(({ file }) => file)).toEqual(['more/cut.png', 'more/notes.jpg']);
  expect(images[0].skipped?.every(({ reason }) => reason.length > 5)).toBe(true);
  const [mute, turned] = layers;
  expect([mute.n_constant, turned.n_constant]).toEqual([4, 0]);
  const failed = directions.find(({ layer, id }) => layer === 'turned' && id === unit.id);
  expect(failed?.renders?.every(({ image, score }) => image === null && score === null)).toBe(true);
  expect(failed?.scores).toMatchObject({ attainment: null, natural_2afc: expect.any(Number) });
  expect(failed?.scores).not.toHaveProperty('synthetic_2afc');
  const row = turned.results.find(({ metric }) => metric === 'synthetic-2afc');
  expect(row).toMatchObject({ nA: CHANNELS - 1, nB: 8, excluded: 1 });
  expect(turned.results[0]).toMatchObject({ nA: CHANNELS, excluded: 0 });
  // Every task is at chance in both arms, which is a tie and no difference.
  expect(mute.results[0]).toMatchObject({ metric: 'natural-2afc', meanA: 0.5, meanB: 0.5, cliff: 0, p_frame: 1 });
  expect(mute.results.filter(({ metric }) => metric === 'attainment')).toEqual([]);
  expect(directions.filter(({ layer }) => layer === 'mute').every(({ constant }) => constant)).toBe(true);
  expect(limits.length).toBeGreaterThan(5);
});
