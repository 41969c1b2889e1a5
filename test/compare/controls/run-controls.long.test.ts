/** All controls of a small atlas, from rendering to comparison.json. */
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import { type Comparison, type Control, comparison as comparisonSchema } from '../../../data/schema.ts';
import type { Engine } from '../../../generator/batch/engine.ts';
import { openEngine } from '../../../generator/batch/open-engine.ts';
import { checkPlan } from '../../../generator/batch/plan.ts';
import { runPlan } from '../../../generator/batch/run.ts';
import { describeControls } from '../../../generator/cli/compare.ts';
import { compareAtlas } from '../../../generator/compare/compare.ts';
import { CONTROLS, type ControlsRequest, runControls } from '../../../generator/compare/controls/run-controls.ts';
import { temporaryFolder } from '../../temporary.ts';
import { linearNetwork } from './linear-network.ts';

const PLAN = checkPlan(
  {
    atlas: 'small',
    model: 'linear',
    layers: ['stem', 'bottleneck'],
    arms: { basis: 'every', random: 6 },
    seeds: { count: 1, subset: 0 },
    render: { size: 32, steps: 4 },
    compare: { images: { n: 200 }, frames: 19 },
  },
  'test',
);

let request: ControlsRequest;
let before: Comparison;
let controls: Control[];
const titles: string[] = [];
const control = (id: string) => controls.find((one) => one.id === id) as Control;
const fileOf = async (folder: string) => comparisonSchema.parse(JSON.parse(await readFile(`${folder}/comparison.json`, 'utf8')));

beforeAll(async () => {
  const folder = temporaryFolder('controls');
  const cache = temporaryFolder('controls-images');
  const engine: Engine = { ...openEngine(), openModel: async () => linearNetwork() };
  await runPlan({ plan: PLAN, folder, engine });
  const shared = { folder, cache, engine, model: linearNetwork(), runtime: await engine.openRuntime({}), compare: PLAN.plan.compare };
  before = await compareAtlas(shared);
  request = { ...shared, plantedImages: 1500, stages: { begin: (title) => titles.push(title), done: () => undefined } };
  controls = await runControls(request);
}, 240_000);

it('runs the eight of the specification, each with its condition in words', () => {
  expect(controls.map(({ id }) => id)).toEqual(['C0', 'C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7']);
  for (const { title, passes_if } of controls) expect([title.length, passes_if.length]).toEqual([expect.any(Number), expect.any(Number)]);
  for (const { passes_if } of controls) expect(passes_if).toMatch(/\d|sign/);
  expect(CONTROLS).toHaveLength(8);
  expect(titles.join('\n')).toMatch(/C0:[\s\S]*C1:[\s\S]*C2:[\s\S]*C3:[\s\S]*C4:[\s\S]*C5:[\s\S]*C7:/);
});

it('writes them into the comparison and leaves the rest as it was', async () => {
  const file = await fileOf(request.folder);
  expect(file.controls).toEqual(controls);
  expect({ ...file, controls: undefined }).toEqual({ ...before, controls: undefined });
});

it('leaves them there when the comparison is made again and comes out the same', async () => {
  const { plantedImages: _, ...again } = request;
  await compareAtlas({ ...again, engine: openEngine() });
  expect((await fileOf(request.folder)).controls).toEqual(controls);
});

it('C1: both networks compute the same rotated, and the planted answer goes with the columns of R', () => {
  const { network, planted } = control('C1').values as Record<string, Record<string, unknown>>;
  expect(network).toMatchObject({ layer: 'bottleneck', output: 'out', undone_in: ['expand', 'last'] });
  for (const one of [network, planted]) {
    expect(one.output_difference).toBeLessThan(1e-4);
    expect(one.score_difference).toBeLessThan(1e-3);
  }
  const { before: old, new_channels, turned_back } = planted as Record<string, { delta: number; p: number }>;
  expect(old.delta).toBeGreaterThan(0.3);
  expect(Math.abs(turned_back.delta - old.delta)).toBeLessThan(0.05);
  expect(new_channels.delta).toBeLessThan(old.delta / 2);
  expect(new_channels.p).toBeGreaterThan(0.01);
});

it('C2: networks of this shape with random weights show no preference, at the layer before a non-linearity', () => {
  const { pass, values } = control('C2');
  expect(values).toMatchObject({ layer: 'stem', images: 200 });
  expect(values.networks).toHaveLength(20);
  expect(pass).toBe(Number(values.covered) >= 0.9);
  expect(values.covered).toBeGreaterThan(0.7);
});

it('C3: the bank is seen for what it is by its labels, and stands above frames as its copy does not', () => {
  const { values } = control('C3') as { values: Record<string, { delta: number; p: number } & number> };
  expect(values.labels_right).toBeGreaterThan(0.8);
  expect(values.bank.delta).toBeGreaterThan(values.rotated_copy.delta + 0.3);
  expect(control('C3').pass).toBe(values.bank.delta >= 0.6 && values.labels_right >= 0.8 && values.rotated_copy.p >= 0.01);
});

it('C6: is not run without a second observer, and says why', () => {
  expect(control('C6').pass).toBeNull();
  expect(control('C6').values.reason).toContain('one observer');
});

it('C7: fooled units keep their M1 to the last bit, and their renders lose what they said', () => {
  const { values } = control('C7');
  expect(values.m1_change).toBe(0);
  expect(Number(values.m2_after)).toBeLessThan(Number(values.m2_before));
});

it('tells a person how each came out', () => {
  const some = [control('C6'), { ...control('C3'), pass: false }, { ...control('C4'), pass: true }];
  expect(describeControls(some)).toBe(
    'C6 The second observer: no verdict (see its values)\nC3 A planted bank: 48 detectors of gratings and 16 of colours: FAILS\nC4 The explanation reused as the query: passes\n',
  );
});

it('refuses a store that has no comparison', async () => {
  const folder = temporaryFolder('controls');
  await runPlan({ plan: PLAN, folder, engine: { ...openEngine(), openModel: async () => linearNetwork() } });
  await expect(runControls({ ...request, folder })).rejects.toThrow('comparison.json: expected a file that can be read for the comparison');
});

it('stops when asked to', async () => {
  await expect(runControls({ ...request, signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  expect((await fileOf(request.folder)).controls).toEqual(controls);
});
