/** The scores that are not one layer's weighted sum, each against its formula in float64, and their gradients against central differences. */
import { describe, expect, test } from 'vitest';
import type { RenderSettings } from '../../data/schema.ts';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32, sizeOf, type Tensor } from '../../generator/graph/tensor.ts';
import { addObjective, objectiveNames } from '../../generator/render/objective/score.ts';
import { objectiveMask } from '../../generator/render/objective.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { evaluate, expectNear } from './evaluate.ts';
import { draws } from './tiny-model.ts';

const [BATCH, CHANNELS, HEIGHT, WIDTH] = [6, 4, 3, 2];
const AREA = HEIGHT * WIDTH;
const SHAPE = [BATCH, CHANNELS, HEIGHT, WIDTH];
const ITEM = CHANNELS * AREA;

interface Inputs {
  layer: Float32Array;
  other: Float32Array;
  directions: Float32Array;
  otherDirections: Float32Array;
  reference: Float32Array;
}

const INPUTS: Inputs = {
  layer: draws('layer', sizeOf(SHAPE)),
  other: draws('other', sizeOf(SHAPE)),
  directions: draws('directions', BATCH * CHANNELS),
  otherDirections: draws('other directions', BATCH * CHANNELS),
  reference: draws('reference', ITEM),
};

/** The scores `[batch]` and the gradient of their sum by the layer, of a score over the inputs. */
async function run(said: Partial<RenderSettings>, given: Inputs, two = false): Promise<Float32Array[]> {
  const settings: RenderSettings = { ...PRESET_SETTINGS.lucid, ...said };
  const builder = new GraphBuilder();
  for (const name of ['layer', 'other']) builder.input(name, { dtype: 'float32', shape: SHAPE });
  builder.input('reference', { dtype: 'float32', shape: [1, ...SHAPE.slice(1)] });
  const layers = { layer: 'layer', others: two ? ['other'] : [], group: two ? 'other' : 'layer', reference: 'reference' };
  const score = addObjective(builder, layers, settings);
  const gradient = differentiate(builder, score, 'layer');
  const inputs: Record<string, Tensor> = {
    layer: float32(SHAPE, given.layer),
    other: float32(SHAPE, given.other),
    reference: float32([1, ...SHAPE.slice(1)], given.reference),
  };
  const rows = [given.directions, given.otherDirections];
  for (const [i, data] of rows.slice(0, two ? 2 : 1).entries()) {
    if (settings.objective === 'caricature') break;
    inputs[objectiveNames(i).directions] = float32([BATCH, CHANNELS], data);
    inputs[objectiveNames(i).mask] = objectiveMask(settings, HEIGHT, WIDTH);
  }
  return evaluate(builder, [score, gradient], inputs);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const indices = (n: number) => Array.from({ length: n }, (_, i) => i);
const at = (layer: Float32Array, b: number, c: number, i: number) => layer[b * ITEM + c * AREA + i];
const directionAt = (directions: Float32Array, b: number, c: number) => directions[b * CHANNELS + c];
const mask = (objective: RenderSettings['objective'], i: number) => (objective === 'neuron' ? Number(i === WIDTH * 1 + 1) : 1 / AREA);

const linear = (layer: Float32Array, directions: Float32Array, b: number) =>
  sum(indices(CHANNELS).map((c) => directionAt(directions, b, c) * sum(indices(AREA).map((i) => at(layer, b, c, i) / AREA))));

/** Lucid's `_dot_cossim` at every position, weighted by the mask. */
function cosine(objective: RenderSettings['objective'], power: number, { layer, directions }: Inputs, b: number): number {
  return sum(
    indices(AREA).map((i) => {
      const dot = sum(indices(CHANNELS).map((c) => at(layer, b, c, i) * directionAt(directions, b, c)));
      const length = Math.sqrt(sum(indices(CHANNELS).map((c) => at(layer, b, c, i) ** 2)));
      const of = Math.sqrt(sum(indices(CHANNELS).map((c) => directionAt(directions, b, c) ** 2)));
      return mask(objective, i) * dot * Math.max(0.1, dot / (1e-4 + length) / (1e-4 + of)) ** power;
    }),
  );
}

const dream = ({ layer, directions }: Inputs, b: number) =>
  sum(indices(CHANNELS).map((c) => directionAt(directions, b, c) * sum(indices(AREA).map((i) => at(layer, b, c, i) ** 2 / AREA))));

function caricature(power: number, { layer, reference }: Inputs, b: number): number {
  const dot = sum(indices(ITEM).map((i) => layer[b * ITEM + i] * reference[i]));
  const length = Math.sqrt(sum(indices(ITEM).map((i) => layer[b * ITEM + i] ** 2)));
  return dot * Math.max(0.1, dot / (1e-6 + length)) ** power;
}

/** Lucid's `diversity` of a group: the mean over its pictures of their cosines with the others, by normalised Gram matrices. */
function diversity(layer: Float32Array, pictures: readonly number[]): number {
  const grams = pictures.map((b) => {
    const gram = indices(CHANNELS).flatMap((c) =>
      indices(CHANNELS).map((d) => sum(indices(AREA).map((i) => at(layer, b, c, i) * at(layer, b, d, i)))),
    );
    const norm = Math.sqrt(sum(gram.map((value) => value * value)));
    return gram.map((value) => value / norm);
  });
  return sum(grams.map((a, i) => sum(grams.map((b, j) => (i === j ? 0 : sum(a.map((value, k) => value * b[k]))))))) / pictures.length;
}

/** Minus Lucid's `alignment` of a group. */
function alignment(layer: Float32Array, pictures: readonly number[], ratio: number): number {
  let total = 0;
  for (const d of [1, 2, 3, 4])
    for (let i = 0; i + d < pictures.length; i++)
      total += sum(indices(ITEM).map((k) => (layer[pictures[i] * ITEM + k] - layer[pictures[i + d] * ITEM + k]) ** 2)) / ITEM / ratio ** d;
  return total;
}

const groups = (n: number) => indices(BATCH / n).map((g) => indices(n).map((i) => g * n + i));

/** What a score sums up to over the batch, in float64; `each` where it is told apart by picture. */
interface Case {
  about: string;
  settings: Partial<RenderSettings>;
  two?: boolean;
  each?: (inputs: Inputs, b: number) => number;
  total: (inputs: Inputs) => number;
}

const apart = (about: string, settings: Partial<RenderSettings>, each: NonNullable<Case['each']>, two = false): Case => ({
  about,
  settings,
  two,
  each,
  total: (inputs) => sum(indices(BATCH).map((b) => each(inputs, b))),
});

/** Groups of n: n times Lucid's objective, which is a mean over the batch. */
const coupled = (
  about: string,
  group: NonNullable<RenderSettings['group']>,
  penalty: (layer: Float32Array, pictures: readonly number[]) => number,
  two = false,
): Case => ({
  about,
  settings: { group },
  two,
  total: ({ layer, other, directions, otherDirections }) =>
    sum(
      groups(group.pictures).map((pictures) => {
        const n = pictures.length;
        const mean = sum(pictures.map((b) => linear(layer, directions, b) + (two ? linear(other, otherDirections, b) : 0))) / n;
        return n * (mean - penalty(two ? other : layer, pictures));
      }),
    ),
});

const CASES: Case[] = [
  ...[1, 2, 4].flatMap((power) =>
    (['channel', 'neuron'] as const).map((objective) =>
      apart(`dot · cosine^${power} of a ${objective}`, { objective, cosine_power: power }, (inputs, b) =>
        cosine(objective, power, inputs, b),
      ),
    ),
  ),
  apart('a dream: the squares weighted by the direction', { objective: 'deepdream' }, dream),
  apart('a caricature', { objective: 'caricature' }, (inputs, b) => caricature(0, inputs, b)),
  apart('a caricature to the second power', { objective: 'caricature', cosine_power: 2 }, (inputs, b) => caricature(2, inputs, b)),
  apart(
    'directions of two layers',
    {},
    ({ layer, other, directions, otherDirections }, b) => linear(layer, directions, b) + linear(other, otherDirections, b),
    true,
  ),
  coupled('the diversity of threes', { pictures: 3, diversity: 0.7 }, (layer, pictures) => 0.7 * diversity(layer, pictures)),
  coupled('the diversity of pairs', { pictures: 2, diversity: 1.5 }, (layer, pictures) => 1.5 * diversity(layer, pictures)),
  coupled('the alignment of six', { pictures: 6, alignment: 0.4 }, (layer, pictures) => 0.4 * alignment(layer, pictures, 2)),
  coupled(
    'diversity and alignment of threes at another layer',
    { pictures: 3, alignment: 0.4, decay_ratio: 3, diversity: 0.3, layer: 'other' },
    (layer, pictures) => 0.4 * alignment(layer, pictures, 3) + 0.3 * diversity(layer, pictures),
    true,
  ),
];

test.each(CASES)('the score is that of the formula: $about', async ({ settings, two = false, each, total }) => {
  const [scores] = await run(settings, INPUTS, two);
  expect(scores).toHaveLength(BATCH);
  const expected = total(INPUTS);
  expect(Math.abs(sum([...scores]) - expected)).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected)));
  if (each)
    expectNear(
      scores,
      indices(BATCH).map((b) => each(INPUTS, b)),
      1e-4 * Math.max(...indices(BATCH).map((b) => Math.abs(each(INPUTS, b)))),
    );
});

test.each(CASES)('its gradient by the layer is the central difference: $about', async ({ settings, two = false, total }) => {
  const [, gradient] = await run(settings, INPUTS, two);
  const largest = Math.max(...gradient.map(Math.abs));
  expect(largest).toBeGreaterThan(1e-3);
  const step = 1e-3;
  for (let i = 0; i < gradient.length; i += 5) {
    const moved = (by: number) => {
      const layer = Float32Array.from(INPUTS.layer);
      layer[i] += by;
      return { value: total({ ...INPUTS, layer }), at: layer[i] };
    };
    const [up, down] = [moved(step), moved(-step)];
    const difference = (up.value - down.value) / (up.at - down.at);
    expect(Math.abs(gradient[i] - difference), `value ${i}`).toBeLessThan(1e-2 * largest);
  }
});

describe('a layer that is silent everywhere', () => {
  test.each(CASES)('has a finite score and gradient: $about', async ({ settings, two = false }) => {
    const silent = { ...INPUTS, layer: new Float32Array(sizeOf(SHAPE)), other: new Float32Array(sizeOf(SHAPE)) };
    for (const values of await run(settings, silent, two)) expect(values.every(Number.isFinite)).toBe(true);
  });
});

test('a group’s penalties do not depend on which groups stand beside it', async () => {
  const settings = { group: { pictures: 3, diversity: 0.7, alignment: 0.2 } };
  const [before] = await run(settings, INPUTS);
  const half = (BATCH / 2) * ITEM;
  const layer = Float32Array.from(INPUTS.layer);
  layer.set(draws('others', half), half);
  const [after] = await run(settings, { ...INPUTS, layer });
  expect([...after.subarray(0, 3)]).toEqual([...before.subarray(0, 3)]);
  expect([...after.subarray(3)]).not.toEqual([...before.subarray(3)]);
});

test('a batch that groups do not fill is refused', async () => {
  await expect(run({ group: { pictures: 4, diversity: 1 } }, INPUTS)).rejects.toThrow(
    'render: expected a batch that is a multiple of 4, the pictures of a group, received 6',
  );
});
