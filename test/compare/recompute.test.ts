/** `--recompute`: every figure from the files alone, and no figure taken from a file that is not what was written. */

import { readFile, rm, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { seal, unseal, withoutDigests } from '../../data/schema.ts';
import { compareAtlas } from '../../generator/compare/compare.ts';
import { recompute } from '../../generator/compare/recompute.ts';
import { copyStore, makePlanted, type PlantedStore } from './planted-store.ts';

let planted: PlantedStore;
let runs: number;
beforeAll(async () => {
  // Fewer frames than the atlas's own plan says: those of the comparison count.
  planted = await makePlanted(['turned'], { frames: 39 });
  await compareAtlas({ ...planted.request, compare: { ...planted.request.compare, frames: 19 } });
  runs = planted.runs.count;
  // No network, no images: what follows has the store alone.
  for (const name of ['net.onnx', 'images', 'cache']) await rm(`${planted.root}/${name}`, { recursive: true });
  await rm(`${planted.request.folder}/images`, { recursive: true });
});

const change = async (file: string, edit: (text: string) => string) => writeFile(file, edit(await readFile(file, 'utf8')));
/** As whoever wrote the file would have written it: with the digest of what it says. */
const sealed = (edit: (text: string) => string) => (text: string) => seal(edit(unseal(text) ?? text));

it('comes to every row, curve and direction again, to the last bit, without a network, images or pictures', async () => {
  const { folder } = planted.request;
  const before = await readFile(`${folder}/comparison.json`, 'utf8');
  const stages: string[] = [];
  const told = { begin: (title: string, total: number) => stages.push(`${title}: ${total}`), done: () => undefined };
  expect(await recompute({ folder, threads: 1, stages: told })).toEqual({ rows: 16, different: [] });
  expect(stages).toEqual(['Judging turned: 19']);
  expect(planted.runs.count).toBe(runs);
  expect(await readFile(`${folder}/comparison.json`, 'utf8')).toBe(before);
});

it('names what was changed in comparison.json: a row, a measure, a curve', async () => {
  const { folder } = await copyStore(planted, 'changed');
  await change(
    `${folder}/comparison.json`,
    sealed((text) => {
      const file = JSON.parse(text);
      file.layers[0].results[0].cliff += 1e-7;
      file.layers[0].results[1].p_adjusted = 0.001;
      file.layers[0].alpha_curve[2].natural_2afc = 0.99;
      file.layers[0].results.pop();
      file.directions[3].scores.natural_2afc = 0.5;
      file.directions[5].top[0]++;
      file.later_versions_may_say = 'more';
      return JSON.stringify(file);
    }),
  );
  expect((await recompute({ folder })).different).toEqual([
    'turned: natural-2afc basis/random by lab-gabor-1',
    'turned: other-tops-2afc basis/random by lab-gabor-1',
    'turned: natural-2afc kmeans/random by lab-gabor-1',
    'turned: alpha_curve',
    'turned/channel-3',
    'turned/channel-5',
  ]);
});

describe('refuses, and says what to do,', () => {
  const remedy = /\nRun "atlas compare"/;

  it.each([
    'turned/means.f32',
    'turned/directions.json',
    'images-32/lab-gabor-1.f32',
    'turned/pictures.f32',
  ])('a byte that was changed in %s, and the file gone', async (file) => {
    const { folder } = await copyStore(planted, file.replaceAll('/', '-'));
    const path = `${folder}/evidence/${file}`;
    const bytes = await readFile(path);
    bytes[7] ^= 4;
    await writeFile(path, bytes);
    await expect(recompute({ folder })).rejects.toThrow(/: expected the SHA-256 [0-9a-f]{64} for a file that comparison\.json names/);
    await expect(recompute({ folder })).rejects.toThrow(remedy);
    await rm(path);
    await expect(recompute({ folder })).rejects.toThrow(`${path}: expected a file that can be read`);
  });

  it.each([
    ['another major version', '"basis-comparison/1"', '"basis-comparison/2"', 'expected schema "basis-comparison/1" for the comparison'],
    ['another analysis plan', '"no difference only', '"a difference only', 'for the analysis plan, received'],
    ['a damaged file', '"layers"', '"layers', 'expected JSON for the comparison'],
    ['a file that is no comparison', '"layers"', '"players"', 'expected a file of its schema for the comparison, received "layers: '],
  ])('%s', async (name, from, to, text) => {
    const { folder } = await copyStore(planted, name);
    await change(
      `${folder}/comparison.json`,
      sealed((content) => content.replace(from, to)),
    );
    await expect(recompute({ folder })).rejects.toThrow(text);
    await expect(recompute({ folder })).rejects.toThrow(remedy);
  });

  it('a store whose pictures are others by now', async () => {
    const { folder } = await copyStore(planted, 'fewer');
    await change(`${folder}/layers/turned.jsonl`, (text) => withoutDigests(text).replace(/"image":"[0-9a-f]{64}"/, '"message":"lost"'));
    await expect(recompute({ folder })).rejects.toThrow(/expected the \d+ pictures that were compared for the records of turned/);
  });

  it('a store without evidence, as one may be published', async () => {
    const { folder } = await copyStore(planted, 'published');
    await rm(`${folder}/evidence`, { recursive: true });
    await expect(recompute({ folder })).rejects.toThrow(remedy);
  });
});
