/** `atlas compare` and `verify` as a user meets them, on the planted network. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import glob from 'fast-glob';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Comparison, comparison, parseSealed } from '../../data/schema.ts';
import { plantedPlan, writeImages, writePlantedNetwork } from '../compare/planted-network.ts';
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
  await writeFile(plan, JSON.stringify(plantedPlan(model, ['turned'], compare)));
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
    expect(stdout).toMatch(/store: 1 layer compared, in comparison\.json\n$/);
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
    expect(again.stdout).toMatch(/16 rows of comparison\.json computed again from its files, the same to the last bit\n$/);
    expect(again).toMatchObject({ code: 0, stderr: '' });
  });

  it('that was changed is told row by row, with exit code 1', async () => {
    const folder = await copied('changed');
    const text = JSON.stringify(parseSealed(await readFile(`${folder}/comparison.json`, 'utf8')));
    await writeFile(`${folder}/comparison.json`, text.replace(/"cliff":-?[\d.]+/, '"cliff": 0.99'));
    const { code, stdout } = await atlas('compare', plan, '--out', folder, '--recompute');
    expect(stdout).toContain('1 figure of comparison.json came out otherwise:\n  turned: natural-2afc basis/random by lab-gabor-1\n');
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
    expect(stdout).toContain(
      '  evidence/turned/vectors.f32: is missing, though comparison.json names it; compare again: "atlas compare PLAN"\n',
    );
    expect(stdout).toContain('; 2 wrong\n');
    expect(code).toBe(1);
    await rm(`${folder}/evidence`, { recursive: true });
    expect((await atlas('verify', folder)).stdout).toContain('; all is well\n');
  });
});
