/** Lucid's named objectives, parameterisations and recipes as plans, each run for a few steps on the tiny network into a store that verifies. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { PlanFile, UnitRecord } from '../../data/schema.ts';
import { readLines } from '../../generator/batch/journal.ts';
import { openEngine } from '../../generator/batch/open-engine.ts';
import { decodePicture, encodePicture } from '../../generator/batch/picture.ts';
import { checkPlan } from '../../generator/batch/plan.ts';
import { runPlan } from '../../generator/batch/run.ts';
import { imageFile, readAtlas } from '../../generator/batch/store.ts';
import { verifyStore } from '../../generator/batch/verify.ts';
import { formatNpy } from '../../generator/graph/npy.ts';
import { float32 } from '../../generator/graph/tensor.ts';
import { draws, tinyModel } from '../render/tiny-model.ts';
import { temporaryFolder } from '../temporary.ts';

const SIZE = 16;
const FOLDER = temporaryFolder('recipes');
const array = async (name: string, shape: readonly number[], values: Float32Array) => {
  const file = path.join(FOLDER, `${name}.npy`);
  await writeFile(file, formatNpy(float32(shape, values)));
  return file;
};
const PICTURE = await array(
  'picture',
  [3, SIZE, SIZE],
  draws('photograph', 3 * SIZE * SIZE, 0.2).map((value) => Math.min(1, Math.max(0, value + 0.5))),
);
const DIRECTION = await array('direction', [6], draws('cell', 6));

type Layer = Extract<PlanFile['layers'][number], object>;

/** A plan of one layer, with the units that it should have and how many pictures each. */
interface Recipe {
  lucid: string;
  layer?: string;
  render?: Layer['render'];
  units?: Layer['units'];
  arms?: PlanFile['arms'];
  expected?: Record<string, number>;
}

const ONE_CHANNEL = { basis: 1, random: 0 };
const NONE = { basis: 0, random: 0 };

const RECIPES: Recipe[] = [
  { lucid: 'objectives.channel', arms: ONE_CHANNEL, expected: { 'channel-0': 1 } },
  { lucid: 'objectives.neuron at a place', arms: ONE_CHANNEL, render: { objective: 'neuron', position: [3, 5] } },
  { lucid: 'objectives.direction, cossim_pow=2', arms: { basis: 0, random: 1 }, render: { cosine_power: 2 }, expected: { 'random-0': 1 } },
  { lucid: 'objectives.direction_neuron', units: [{ id: 'cell', direction: DIRECTION }], render: { objective: 'neuron', cosine_power: 1 } },
  { lucid: 'objectives.direction_cossim', units: [{ id: 'cell', direction: DIRECTION }], render: { objective: 'cosine' } },
  { lucid: 'objectives.deepdream', units: [{ id: 'dream', whole: true }], render: { objective: 'deepdream' }, expected: { dream: 1 } },
  {
    lucid: 'objectives.class_logit',
    layer: 'logits',
    arms: { basis: 2, random: 0 },
    render: { objective: 'class-logit' },
    expected: { 'channel-0': 1, 'channel-1': 1 },
  },
  {
    lucid: 'objectives.total_variation, L1, L2, blur_input_each_step and penalize_boundary_complexity',
    arms: ONE_CHANNEL,
    render: {
      penalties: [
        { kind: 'total-variation', weight: 0.001 },
        { kind: 'l1', weight: 0.001 },
        { kind: 'l2', weight: 0.01, constant: 0 },
        { kind: 'blur', weight: 0.01 },
        { kind: 'boundary', weight: 0.01, width: 3 },
      ],
    },
  },
  { lucid: 'objectives.L1 of a layer', arms: ONE_CHANNEL, render: { penalties: [{ kind: 'l1', weight: 0.01, layer: 'third-relu' }] } },
  {
    lucid: 'recipes.image_interpolation_params: pictures on a way with parameters in common',
    units: [{ id: 'way', interpolate: { from: { channel: 1 }, to: { channel: 2 }, pictures: 5 } }],
    render: { parameterisation: 'laplacian-pyramid', group: { pictures: 5, share: 3 } },
    expected: { way: 5 },
  },
  { lucid: 'objectives.input_diff', arms: ONE_CHANNEL, render: { penalties: [{ kind: 'input-difference', weight: 1, picture: PICTURE }] } },
  {
    lucid: 'objectives.diversity',
    arms: { basis: 2, random: 0 },
    render: { group: { pictures: 4, diversity: 1 } },
    expected: { 'channel-0': 4, 'channel-1': 4 },
  },
  {
    lucid: 'objectives.channel_interpolate between two layers, with alignment',
    units: [{ id: 'way', interpolate: { from: { channel: 1 }, to: { layer: 'third', channel: 2 }, pictures: 4 } }],
    render: { group: { pictures: 4, alignment: 0.1 } },
    expected: { way: 4 },
  },
  {
    lucid: 'objectives.channel_interpolate without alignment',
    units: [{ id: 'way', interpolate: { from: { channel: 1 }, to: { channel: 2, weight: 0.5 }, pictures: 3 } }],
    expected: { way: 3 },
  },
  {
    lucid: '0.2 · channel + 0.8 · channel: objectives added (neuron interaction)',
    units: [
      {
        id: 'pair',
        joint: [
          { channel: 1, weight: 0.2 },
          { channel: 2, weight: 0.8 },
        ],
      },
      { id: 'layers', joint: [{ channel: 1 }, { layer: 'third', channel: 2, weight: -0.5 }, { layer: 'second', channel: 0 }] },
    ],
    arms: ONE_CHANNEL,
    expected: { 'channel-0': 1, pair: 1, layers: 1 },
  },
  { lucid: 'param.image(fft=False)', arms: ONE_CHANNEL, render: { parameterisation: 'pixel' } },
  { lucid: 'param.image(decorrelate=False)', arms: ONE_CHANNEL, render: { decorrelate: false } },
  { lucid: 'param.image(alpha=True) with transform.collapse_alpha', arms: ONE_CHANNEL, render: { transparency: {} } },
  { lucid: 'param.laplacian_pyramid', arms: ONE_CHANNEL, render: { parameterisation: 'laplacian-pyramid', levels: 3 } },
  { lucid: 'param.cppn (notebooks xy2rgb)', arms: ONE_CHANNEL, render: { parameterisation: 'cppn' } },
  {
    lucid: 'param.lowres_tensor with offsets, summed',
    arms: ONE_CHANNEL,
    render: { parameterisation: 'low-resolution', low_resolution: [{ factor: 2 }, { factor: 4, offset: 'half' }] },
  },
  { lucid: 'MACO with its transparency (not Lucid’s)', arms: ONE_CHANNEL, render: { parameterisation: 'maco', transparency: {} } },
  {
    lucid: 'recipes.feature_visualization: a negative neuron with alpha',
    arms: { basis: 0, 'basis-negative': 1, random: 0 },
    render: { objective: 'neuron', transparency: { mean_alpha: 1, alpha_blur: 0.1 }, learning_rate: 0.05 },
    expected: { 'channel-0-negative': 1 },
  },
  {
    lucid: 'recipes.caricature.feature_inversion',
    units: [{ id: 'photograph', whole: true }],
    render: { objective: 'caricature', reference: PICTURE, cosine_power: 1, penalties: [{ kind: 'blur', weight: 1 }] },
    expected: { photograph: 1 },
  },
  {
    lucid: 'recipes.activation_atlas.render_icons',
    units: [{ id: 'cell-0', direction: DIRECTION }],
    render: { objective: 'neuron', cosine_power: 2, penalties: [{ kind: 'boundary', weight: 1, width: 5 }] },
    expected: { 'cell-0': 1 },
  },
];

const engine = { ...openEngine(), openModel: async () => tinyModel() };
const MOVES = { size: SIZE, steps: 3, pad: 2, jitter: 2, final_jitter: 1, redirect_steps: 1 };

const run = async (plan: PlanFile, folder: string, batch = 4) => {
  const checked = checkPlan(plan, 'plan.json');
  const summary = await runPlan({ plan: checked, folder, engine, runtime: { threads: 1 }, batch });
  const [layer] = (await verifyStore(folder)).findings.length === 0 ? await readLayer(folder, plan) : [];
  return { summary, records: layer ?? [], findings: (await verifyStore(folder)).findings };
};

async function readLayer(folder: string, plan: PlanFile): Promise<UnitRecord[][]> {
  return Promise.all(
    plan.layers.map(async (entry) => {
      const name = typeof entry === 'string' ? entry : entry.layer;
      return readLines(await readFile(path.join(folder, 'layers', `${name}.jsonl`)), name).lines;
    }),
  );
}

const planOf = ({ layer = 'first', render, units, arms }: Recipe): PlanFile => ({
  atlas: 'recipes',
  model: 'tiny',
  layers: [{ layer, ...(render ? { render } : {}), ...(units ? { units } : {}) }],
  arms: arms ?? NONE,
  seeds: { count: 1, subset: 0 },
  render: MOVES,
});

test.each(RECIPES.map((recipe, i) => ({ ...recipe, i })))('$lucid', async (recipe) => {
  const folder = path.join(FOLDER, `store-${recipe.i}`);
  const plan = planOf(recipe);
  const { summary, records, findings } = await run(plan, folder);
  expect(findings).toEqual([]);
  expect(summary.failed).toEqual([]);
  expect(summary.diverged).toBe(0);
  const found = Object.fromEntries(records.map(({ id, renders }) => [id, renders.length]));
  if (recipe.expected) expect(found).toEqual(recipe.expected);
  expect(Object.keys(found).length).toBeGreaterThan(0);
  for (const { renders } of records)
    for (const { score, curve, image } of renders) {
      expect(Number.isFinite(score)).toBe(true);
      expect(curve).toHaveLength(3);
      const picture = await decodePicture(path.join(folder, imageFile(image ?? '')));
      expect(picture).toHaveLength(3 * SIZE * SIZE);
    }
  const again = await run(plan, folder);
  expect(again.summary).toMatchObject({ rendered: 0 });
});

test('the array that a unit is from is kept beside its records, under the hash of what is in it', async () => {
  const folder = path.join(FOLDER, 'kept');
  const plan = planOf({ lucid: '', units: [{ id: 'cell', direction: DIRECTION }] });
  const { findings } = await run(plan, folder);
  expect(findings).toEqual([]);
  const bytes = await readFile(DIRECTION);
  const file = `directions/${createHash('sha256').update(bytes).digest('hex')}.npy`;
  const copy = path.join(folder, file);
  expect((await readFile(copy)).equals(bytes)).toBe(true);
  const problems = async () => (await verifyStore(folder)).findings.filter((one) => one.file === file).map(({ problem }) => problem);
  await writeFile(
    copy,
    bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)),
  );
  expect(await problems()).toEqual([expect.stringMatching(/^was altered: its hash is \w{64}$/)]);
  await rm(copy);
  expect(await problems()).toEqual(['is missing, though a record names it']);
  expect((await run(plan, folder)).findings).toEqual([]);
  // A unit that leaves the plan takes its array with it.
  expect((await run(planOf({ lucid: '', arms: ONE_CHANNEL }), folder)).findings).toEqual([]);
  expect(existsSync(copy)).toBe(false);
});

test('a unit’s pictures, made together, do not depend on the units beside it, nor on how many are made at a time', async () => {
  const recipe: Recipe = { lucid: '', arms: { basis: 3, random: 0 }, render: { group: { pictures: 2, diversity: 1, alignment: 0.5 } } };
  const three = await run(planOf(recipe), path.join(FOLDER, 'three'), 4);
  const alone = await run(planOf(recipe), path.join(FOLDER, 'alone'), 2);
  expect(three.records).toHaveLength(3);
  expect(alone.records).toEqual(three.records);
  const images = three.records.flatMap(({ renders }) => renders.map(({ image }) => image));
  expect(new Set(images).size).toBe(6);
});

test('a way between two channels begins with the one and ends with the other', async () => {
  const group = { pictures: 3, alignment: 1e-9 };
  const way = await run(
    planOf({
      lucid: '',
      units: [{ id: 'way', interpolate: { from: { channel: 1 }, to: { channel: 2 }, pictures: 3 } }],
      render: { group },
    }),
    path.join(FOLDER, 'way'),
  );
  const curves = way.records[0].renders.map(({ curve }) => curve[0]);
  const job = (first: number, second: number) =>
    [
      { channel: 1, weight: first },
      { channel: 2, weight: second },
    ].filter(({ weight }) => weight > 0);
  const units = [job(1, 0), job(0.5, 0.5), job(0, 1)].map((joint, i) => ({ id: `part-${i}`, joint }));
  const parts = await run(planOf({ lucid: '', units, render: {} }), path.join(FOLDER, 'parts'));
  expect(parts.records.map(({ id }) => id)).toEqual(['part-0', 'part-1', 'part-2']);
  expect(curves).toHaveLength(3);
  // Starts differ, being named by the unit; their scores are near those of grey, which the directions decide.
  for (const [i, { renders }] of parts.records.entries())
    expect(Math.abs((renders[0].curve[0] ?? 9) - (curves[i] ?? -9))).toBeLessThan(0.05);
});

test('where one picture of a group is lost, the whole group is made again, to the same bytes', async () => {
  const folder = path.join(FOLDER, 'lost');
  const plan = planOf({ lucid: '', arms: { basis: 2, random: 0 }, render: { group: { pictures: 2, diversity: 1 } } });
  const { records } = await run(plan, folder);
  await rm(path.join(folder, imageFile(records[1].renders[1].image ?? '')));
  const again = await run(plan, folder);
  expect(again.summary).toMatchObject({ rendered: 2, reused: 2 });
  expect(again.records).toEqual(records);
});

test('chosen units that cannot be are refused', async () => {
  const refusal = (units: Layer['units'], render: Layer['render'] = {}) =>
    run(planOf({ lucid: '', units, render }), path.join(FOLDER, 'refused'));
  await expect(refusal([{ id: 'channel-3', whole: true }])).rejects.toThrow('a name that is not one of a channel or a random direction');
  await expect(
    refusal([
      { id: 'a', whole: true },
      { id: 'a', whole: true },
    ]),
  ).rejects.toThrow('an id that no other unit of the layer has');
  await expect(refusal([{ id: 'a', joint: [{ channel: 6 }] }])).rejects.toThrow(
    'expected a channel from 0 to 5 for layers[0].units[0], a term',
  );
  await expect(refusal([{ id: 'a', joint: [{ layer: 'no-such', channel: 0 }] }])).rejects.toThrow('one of its layers');
  await expect(refusal([{ id: 'a', direction: PICTURE }])).rejects.toThrow(
    'expected 6 values, not all zero for layers[0].units[0].direction',
  );
  await expect(
    refusal([{ id: 'a', interpolate: { from: { channel: 0 }, to: { channel: 1 }, pictures: 3 } }], {
      group: { pictures: 4, alignment: 1 },
    }),
  ).rejects.toThrow('expected 4, the pictures of a group for layers[0].units[0].interpolate.pictures, received 3');
});

test.each([
  [1, 'the one channel, as grey'],
  [2, 'two channels as red and green, blue at its middle'],
  [3, undefined],
  [13, 'the first three of 13 channels, as colours'],
])('an atlas of a network of %i channels says what its pictures show, and has their scores', async (colours, shown) => {
  const folder = path.join(FOLDER, `colours-${colours}`);
  const plan = checkPlan(planOf({ lucid: '', arms: { basis: 2, random: 1 } }), 'plan.json');
  const models = { ...engine, openModel: async () => tinyModel(colours) };
  const summary = await runPlan({ plan, folder, engine: models, runtime: { threads: 1 }, batch: 2 });
  expect(summary).toMatchObject({ rendered: 3, failed: [] });
  expect((await verifyStore(folder)).findings).toEqual([]);
  expect((await readAtlas(folder))?.model.shown).toBe(shown);
  const { lines } = readLines(await readFile(path.join(folder, 'layers', 'first.jsonl')), 'first');
  for (const { renders } of lines) expect(Number.isFinite(renders[0].score)).toBe(true);
});

test('a transparent picture keeps its alpha in the store, and is read over grey', async () => {
  const folder = path.join(FOLDER, 'alpha');
  const { records } = await run(planOf({ lucid: '', arms: ONE_CHANNEL, render: { transparency: {} } }), folder);
  const file = path.join(folder, imageFile(records[0].renders[0].image ?? ''));
  expect(await sharp(file).metadata()).toMatchObject({ hasAlpha: true, channels: 4 });
  const clear = await encodePicture(new Uint8Array(4 * 16), 4);
  expect([...(await decodePicture(clear))].every((value) => Math.abs(value - 128 / 255) < 1e-6)).toBe(true);
});
