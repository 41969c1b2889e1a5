/** The command line as a user meets it: what it prints, what it refuses, and how it exits. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import glob from 'fast-glob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPlan } from '../../generator/batch/plan.ts';
import { atlas, writeTinyModel, writeTinyPlan } from './command.ts';

let model: string;
let folder: string;
let store: string;

beforeAll(async () => {
  model = await writeTinyModel();
  folder = path.dirname(model);
  store = `${folder}/store`;
});
afterAll(() => rm(path.dirname(folder), { recursive: true, force: true }));

const planWith = (changes: Record<string, unknown>, name: string) => writeTinyPlan(model, changes, name);

describe('wrong usage ends with exit code 2 and says what is wrong', () => {
  it.each([
    [['fly'], "error: unknown command 'fly'"],
    [['run', '--batch', '0'], "error: option '--batch <number>' argument '0' is invalid. expected a whole number of at least 1."],
    [
      ['run', '--device', 'abacus'],
      "error: option '--device <name>' argument 'abacus' is invalid. Allowed choices are auto, cuda, directml, coreml, webgpu, cpu.",
    ],
    [['run', '--build', '--out', 'x'], "error: option '--build' cannot be used with option '--out <dir>'"],
    [['layers'], "error: missing required argument 'model'"],
    [['layers', 'nothing-such'], 'for MODEL, received "nothing-such"\n"atlas models" lists the models that need no file.\n'],
    [['run', 'no/plan.json'], 'no/plan.json: expected a readable file for the plan, received "ENOENT'],
    [['verify', 'no/store'], 'no/store: expected an atlas for atlas.json, received nothing\nGive the folder of an atlas.\n'],
  ])('%j', async (args, text) => {
    const { code, stdout, stderr } = await atlas(...args);
    expect(stderr).toContain(text);
    expect(stderr).not.toContain('    at ');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.each([
    ['field', { sed: 1 }, 'There is no such field; did you mean "seed"?'],
    [
      'layer',
      { layers: ['net/first/Conv'] },
      'tiny: expected the name or slug of one of its layers for the layer, received "net/first/Conv"\nNearest: first',
    ],
    ['twice', { layers: ['net/first/Conv2D', 'first'] }, 'expected every layer once for layers[1], received "first"'],
  ])('a plan with a wrong %s, before anything is written', async (name, changes, text) => {
    const { code, stderr } = await atlas('run', await planWith(changes, name), '--out', store);
    expect(stderr).toContain(text);
    expect(code).toBe(2);
    expect(await glob('**/*', { cwd: store })).toEqual([]);
  });
});

describe('the whole path on a tiny network', () => {
  it('renders, compares, portrays and verifies, and does nothing the second time', async () => {
    const plan = await planWith({}, 'plan');
    const first = await atlas('run', plan, '--out', store);
    expect(first.stderr).toMatch(/^(auto: .+ — using .+\n)?$/);
    expect(first.stdout).toContain('52 pictures rendered, 0 were there\n');
    expect(first.stdout).toMatch(/2 layers compared, in comparison\.json\n/);
    expect(first.stdout).toMatch(/: 40 units portrayed, 40 on the map, 40 with images \(\d+ different ones, 0\.\d MB\)\n$/);
    expect(first.code).toBe(0);
    const { layers, images } = JSON.parse(await readFile(`${store}/comparison.json`, 'utf8'));
    expect(images).toEqual([expect.objectContaining({ id: 'procset-1-at-32', kind: 'procset', n: 240, concepts: 131 })]);
    for (const { dissection, results, alpha_curve: curve } of layers) {
      expect(results.map(({ metric }: { metric: string }) => metric)).toContain('dissection');
      expect(Object.keys(dissection.arms)).toEqual(expect.arrayContaining(['basis', 'random', 'rotated-0', 'rotated-1']));
      expect(curve.map(({ detectors }: { detectors: unknown }) => typeof detectors)).toEqual(Array(6).fill('number'));
    }
    const again = await atlas('compare', plan, '--out', store, '--recompute');
    expect(again.stdout).toMatch(/ rows of comparison\.json computed again from its files, the same to the last bit\n$/);
    expect(again.code).toBe(0);
    const second = await atlas('run', plan, '--out', store);
    expect(second.stdout).toContain('0 pictures rendered, 52 were there\n');
    const portrayed = await atlas('portray', plan, '--out', store, '--json');
    const { images: shown, ...made } = JSON.parse(portrayed.stdout);
    expect(made).toMatchObject({ folder: store, units: 40, with_examples: 40, mapped: 40, published: true });
    expect(made.files.map(({ path: file }: { path: string }) => file)).toEqual([
      'portraits/first.jsonl',
      'portraits/second.jsonl',
      'map.json',
    ]);
    const verified = await atlas('verify', store);
    expect(verified).toEqual({ code: 0, stdout: `${store}: 2 layers, 40 units, ${52 + 40 + shown} images; all is well\n`, stderr: '' });
  }, 120_000);

  it('verify names what was altered, lost, torn or added, and exits with 1', async () => {
    const [altered, lost] = (await glob('images/*/*.webp', { cwd: store })).sort();
    await writeFile(`${store}/${altered}`, 'no picture');
    await rm(`${store}/${lost}`);
    await writeFile(`${store}/images/stray.webp`, '');
    await writeFile(`${store}/layers/first.jsonl`, (await readFile(`${store}/layers/first.jsonl`)).subarray(0, -9));
    await writeFile(`${store}/directions/second.f32`, new Uint8Array(9 * 5 * 4));
    const { code, stdout } = await atlas('verify', store);
    expect(code).toBe(1);
    expect(stdout).toContain(`  ${altered}: was altered: its hash is `);
    const again = '"atlas repair DIR" makes it again\n';
    expect(stdout).toContain(`  ${lost}: is missing, though a record names it; ${again}`);
    expect(stdout).toContain('  images/stray.webp: is named by no record; "atlas repair DIR" removes it\n');
    expect(stdout).toMatch(/ {2}layers\/first\.jsonl: its last line is torn \(\d+ bytes\); "atlas repair DIR" makes it again\n/);
    expect(stdout).toContain(`  directions/second.f32: the row of random-0 is not the one that its record names; ${again}`);
    const { stdout: json } = await atlas('verify', store, '--json');
    expect(JSON.parse(json)[0].findings.length).toBe(stdout.trim().split('\n').length - 1);
  });
});

describe('tables', () => {
  it('of models tell which are here', async () => {
    const { code, stdout } = await atlas('models', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)[0]).toMatchObject({ id: 'coco-ssd-mobilenet-v2', licence: 'Apache-2.0', bytes: 16_865_414 });
    expect((await atlas('models')).stdout).toMatch(/^id +licence +size +fetched/);
  });

  it('of layers give shapes at the size asked for', async () => {
    const layers = JSON.parse((await atlas('layers', model, '--size', '32', '--json')).stdout);
    expect(layers.map(({ slug, shape, tap }: { slug: string; shape: number[]; tap: string }) => [slug, shape, tap])).toEqual([
      ['first', [6, 16, 16], 'before'],
      ['first-relu6', [6, 16, 16], 'after'],
      ['second', [5, 16, 16], 'linear'],
    ]);
    expect((await atlas('layers', model, '--size', '32')).stdout).toContain('second       5×16×16  linear');
  });

  it.each([
    '',
    'run',
    'render',
    'compare',
    'models',
    'layers',
    'init',
    'build',
    'verify',
    'study',
  ])('%s --help explains itself', async (command) => {
    const { code, stdout } = await atlas(...[command, '--help'].filter(Boolean));
    expect(stdout).toMatch(/^Usage: atlas/);
    expect(code).toBe(0);
  });
});

it('init writes a plan that passes, once', async () => {
  const file = `${folder}/new/plan.json`;
  expect((await atlas('init', model, '-o', file)).stdout).toContain(`atlas run ${file}\n`);
  const { plan } = checkPlan(JSON.parse(await readFile(file, 'utf8')), file);
  expect(plan.preprocess).toEqual({ about: expect.stringMatching(/^Assumed: /), range: [-1, 1] });
  expect(plan.layers[0]).toEqual({
    layer: 'net/first/Relu6',
    about: expect.stringMatching(/^6 channels of \d+×\d+, after Relu6; a position sees 3 pixels\.$/),
  });
  const again = await atlas('init', model, '-o', file);
  expect(again.stderr).toContain(`${file}: expected a new file in a folder that can be written to for the plan, received "EEXIST`);
  expect(again.code).toBe(2);
});
