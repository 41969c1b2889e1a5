/** `atlas study`, and the ratings that come back, as a user meets them, on the planted network. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, comparison, human as humanSchema, studyKey as studyKeySchema, study as studySchema } from '../../data/schema.ts';
import { plantedPlan, writeImages, writePlantedNetwork } from '../compare/planted-network.ts';
import { rate, withChecksum } from '../compare/study/rate.ts';
import { temporaryFolder } from '../temporary.ts';
import { atlas } from './command.ts';

let root: string;
let plan: string;
let store: string;

beforeAll(async () => {
  root = temporaryFolder('study');
  [plan, store] = [`${root}/plan.json`, `${root}/store`];
  const model = await writePlantedNetwork(`${root}/net.onnx`);
  const compare = { images: { folder: await writeImages(`${root}/images`, 200) }, frames: 19 };
  // A sitting asks about 45 different directions: the 17 channels of one layer are too few.
  const told = plantedPlan(model, ['bank-relu', 'turned'], compare);
  await writeFile(plan, JSON.stringify({ ...told, arms: { basis: 'every', random: 24 }, seeds: { count: 3, subset: 24 } }));
  for (const command of ['render', 'compare']) {
    const { code, stderr } = await atlas(command, plan, '--out', store, '--threads', '1');
    expect({ command, code, stderr }).toMatchObject({ code: 0 });
  }
});

const readStore = async (): Promise<Comparison> => comparison.parse(JSON.parse(await readFile(`${store}/comparison.json`, 'utf8')));

describe('a study', () => {
  const readJson = async (file: string) => JSON.parse(await readFile(`${store}/${file}`, 'utf8'));

  it('is refused for other images than were compared, and for layers that were not', async () => {
    const other = await writeImages(`${root}/fewer`, 201);
    const { code, stderr } = await atlas('study', plan, '--out', store, '--images', other);
    expect(stderr).toMatch(/expected the set with SHA-256 [0-9a-f]{64} for the images of the study/);
    expect(code).toBe(1);
    expect((await atlas('study', plan, '--out', store, '--layers', 'bank')).stderr).toContain('(bank-relu, turned)');
    expect(await glob('study*', { cwd: store, onlyFiles: false })).toEqual([]);
  });

  it('is made of the two arms and verified, once', async () => {
    const { code, stdout, stderr } = await atlas('study', plan, '--out', store, '--sessions', '2');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/\d+ trials in 2 sittings, in study\.json\nKeep study-key\.json to yourself/);
    expect(code).toBe(0);
    const [study, key] = [studySchema.parse(await readJson('study.json')), studyKeySchema.parse(await readJson('study-key.json'))];
    expect(study.sessions.map((session) => session.length)).toEqual([45, 45]);
    expect(new Set(key.trials.map(({ arm }) => arm))).toEqual(new Set(['basis', 'random']));
    expect(new Set(key.trials.map(({ layer }) => layer))).toEqual(new Set(['bank-relu', 'turned']));
    // What the key says of a picture is what the comparison says of its direction.
    const { directions } = await readStore();
    for (const { layer, direction, kind, explanation } of key.trials) {
      const known = directions.find((one) => one.layer === layer && one.id === direction);
      const own = kind === 'renders' ? known?.renders?.map(({ image }) => `render:${image}`) : known?.top?.map((index) => `image:${index}`);
      expect(own).toEqual(expect.arrayContaining(explanation));
    }
    expect((await atlas('verify', store)).code).toBe(0);
    const again = await atlas('study', plan, '--out', store);
    expect(again.stderr).toContain('expected a store without a study for study.json');
    expect(again.code).toBe(1);
  });

  it('is read from its raters, into human.json and the comparison, which a later comparison keeps', async () => {
    const made = {
      folder: store,
      directions: [],
      study: studySchema.parse(await readJson('study.json')),
      key: studyKeySchema.parse(await readJson('study-key.json')),
    };
    const files = await Promise.all(
      [1, 2].map(async (rater) => {
        const answers = await rate(made, rater, rater, ({ arm, catch: caught }) => ({ right: caught || arm === 'basis' }));
        const file = `${root}/ratings-${rater}.json`;
        await writeFile(file, JSON.stringify(withChecksum({ ...answers, atlas: 'planted' })));
        return file;
      }),
    );
    await cp(`${store}/study-key.json`, `${root}/released.json`);
    await rm(`${store}/study-key.json`);
    const { code, stdout, stderr } = await atlas('compare', plan, '--out', store, '--key', `${root}/released.json`, '--ratings', ...files);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `${path.relative('.', store).startsWith('..') ? store : path.relative('.', store)}: 2 raters count, of 2, in human.json\n`,
    );
    const release = await atlas('study', plan, '--out', store, '--release-key', '--key', `${root}/released.json`);
    expect(release.stdout).toContain(
      `the key is released, in released-key.json; its SHA-256 is ${made.study.key_sha256}, as study.json has it`,
    );
    expect(await readJson('released-key.json')).toEqual(made.key);
    const human = humanSchema.parse(await readJson('human.json'));
    const accuracy = (arm: string) =>
      human.accuracy.find((row) => row.layer === 'all' && row.arm === arm && row.kind === 'images')?.accuracy;
    expect([accuracy('basis'), accuracy('random')]).toEqual([1, 0]);
    const difference = human.differences.find((row) => row.layer === 'all' && row.kind === 'images' && row.measure === 'accuracy');
    expect(difference?.ci_method).toBe('pigeonhole bootstrap, 4,999 draws');
    expect(difference).toMatchObject({ armA: 'basis', armB: 'random', difference: 1, ci: [1, 1] });
    expect((await readStore()).human).toEqual({ file: 'human.json', key_sha256: made.study.key_sha256 });
    expect((await atlas('compare', plan, '--out', store)).code).toBe(0);
    expect((await readStore()).human).toEqual({ file: 'human.json', key_sha256: made.study.key_sha256 });
    expect((await atlas('verify', store)).code).toBe(0);
  });
});
