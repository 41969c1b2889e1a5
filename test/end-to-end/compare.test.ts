/** `atlas compare`, `study` and `verify` as a user meets them, on the planted network. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, comparison, human as humanSchema, studyKey as studyKeySchema, study as studySchema } from '../../data/schema.ts';
import { plantedPlan, writeImages, writePlantedNetwork } from '../compare/planted-network.ts';
import { rate, withChecksum } from '../compare/study/rate.ts';
import { temporaryFolder } from '../temporary.ts';
import { atlas, outcome, start } from './command.ts';

let root: string;
let plan: string;
let store: string;

beforeAll(async () => {
  root = temporaryFolder('compare');
  [plan, store] = [`${root}/plan.json`, `${root}/store`];
  const model = await writePlantedNetwork(`${root}/net.onnx`);
  const compare = { images: { folder: await writeImages(`${root}/images`, 200) }, frames: 19 };
  // A sitting asks about 45 different directions: the 17 channels of one layer are too few.
  const told = plantedPlan(model, ['bank-relu', 'turned'], compare);
  await writeFile(plan, JSON.stringify({ ...told, arms: { basis: 'every', random: 24 }, seeds: { count: 3, subset: 24 } }));
  const { code, stderr } = await atlas('render', plan, '--out', store, '--threads', '1');
  expect({ code, stderr }).toMatchObject({ code: 0 });
});

const readStore = async (): Promise<Comparison> => comparison.parse(JSON.parse(await readFile(`${store}/comparison.json`, 'utf8')));
const copied = async (name: string) => {
  await cp(store, `${root}/${name}`, { recursive: true });
  return `${root}/${name}`;
};

describe('what cannot be compared is refused before any work, with what to do', () => {
  it.each([
    [
      ['--images', 'nowhere'],
      1,
      'nowhere: expected a folder for the images, received "nothing there"\nName the folder that holds the images',
    ],
    [['--observer', 'nobody'], 2, 'for MODEL, received "nobody"'],
    [['--recompute'], 1, 'comparison.json: expected a file that can be read for the comparison'],
    [['--recompute', '--images', 'x'], 2, "error: option '--recompute' cannot be used with option '--images <folder>'"],
    [['--ratings', 'x.json'], 1, 'comparison.json: expected a file that can be read for the comparison'],
    [['--key', 'x.json'], 2, '--key: expected --ratings beside it'],
  ])('%j', async (args, expected, text) => {
    const { code, stdout, stderr } = await atlas('compare', plan, '--out', store, ...args);
    expect(stderr).toContain(text);
    expect(stderr).not.toContain('    at ');
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(await glob('{comparison.json,evidence/**}', { cwd: store })).toEqual([]);
  });

  it('the network itself as the observer, and a folder that is no atlas', async () => {
    const itself = await atlas('compare', plan, '--out', store, '--observer', `${root}/net.onnx`);
    expect(itself.stderr).toContain('expected a network with other weights for the observer of net');
    expect(itself.code).toBe(2);
    const nowhere = await atlas('compare', plan, '--out', `${root}/nowhere`);
    expect(nowhere.stderr).toContain('nowhere: expected an atlas for atlas.json, received nothing');
    expect(nowhere.code).toBe(1);
    expect(await glob('nowhere', { cwd: root, onlyFiles: false })).toEqual([]);
  });
});

describe('a comparison', () => {
  it('stops at Ctrl-C, says how to go on as it was told to, and leaves nothing half written', async () => {
    const child = start('compare', plan, '--out', store, '--images', `${root}/images`);
    const ended = outcome(child);
    child.stdout?.once('data', () => child.kill('SIGINT'));
    const { code, stderr } = await ended;
    expect(stderr).toContain(`give the same command again: npx atlas compare ${plan} --out ${store} --images ${root}/images`);
    expect(code).toBe(130);
    expect(await glob('{comparison.json,run.lock,**/*.tmp}', { cwd: store, dot: true })).toEqual([]);
  });

  it('is made, with files that cannot be read left out and listed', async () => {
    await writeFile(`${root}/images/broken.png`, 'no picture');
    const { code, stdout, stderr } = await atlas('compare', plan, '--out', store);
    expect(stderr).toMatch(/^(auto: .+ — using .+\n)?$/);
    expect(stdout).toMatch(/store: 2 layers compared, in comparison\.json\n$/);
    expect(stdout).toContain('What lab-gabor-1 sees of 200 images\n');
    expect(code).toBe(0);
    const { images, layers } = await readStore();
    expect(images[0]).toMatchObject({ n: 200, skipped: [{ file: 'broken.png' }] });
    expect(layers[0].results[0].B).toBe(19);
  });

  it('is computed again from its files where the network and the images are gone', async () => {
    const folder = await copied('alone');
    const other = `${root}/other.json`;
    await writeFile(other, (await readFile(plan, 'utf8')).replaceAll(root, '/nowhere'));
    const again = await atlas('compare', other, '--out', folder, '--recompute');
    expect(again.stdout).toMatch(/33 rows of comparison\.json computed again from its files, the same to the last bit\n$/);
    expect(again).toMatchObject({ code: 0, stderr: '' });
  });

  it('that was changed is told row by row, with exit code 1', async () => {
    const folder = await copied('changed');
    const text = await readFile(`${folder}/comparison.json`, 'utf8');
    await writeFile(`${folder}/comparison.json`, text.replace(/"cliff":-?[\d.]+/, '"cliff": 0.99'));
    const { code, stdout } = await atlas('compare', plan, '--out', folder, '--recompute');
    expect(stdout).toContain('1 figure of comparison.json came out otherwise:\n  bank-relu: natural-2afc basis/random by lab-gabor-1\n');
    expect(code).toBe(1);
  });

  it('is verified with its evidence where that is there, and without it where it was left out', async () => {
    const folder = await copied('verified');
    expect((await atlas('verify', folder)).code).toBe(0);
    const file = 'evidence/turned/means.f32';
    const bytes = await readFile(`${folder}/${file}`);
    bytes[0] ^= 1;
    await writeFile(`${folder}/${file}`, bytes);
    await rm(`${folder}/evidence/turned/vectors.f32`);
    const { code, stdout } = await atlas('verify', folder);
    expect(stdout).toContain(`  ${file}: was altered: its hash is `);
    expect(stdout).toContain('  evidence/turned/vectors.f32: is missing, though comparison.json names it; compare again\n');
    expect(stdout).toContain('; 2 wrong\n');
    expect(code).toBe(1);
    await rm(`${folder}/evidence`, { recursive: true });
    expect((await atlas('verify', folder)).stdout).toContain('; all is well\n');
  });
});

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
