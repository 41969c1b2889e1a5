/** The objective: one weighted sum for channels, neurons and directions, and where a neuron may be. */
import { expect, test } from 'vitest';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32 } from '../../generator/graph/tensor.ts';
import { addScore, objectiveMask } from '../../generator/render/objective.ts';
import { evaluate, expectNear } from './evaluate.ts';
import { draws } from './tiny-model.ts';

const [BATCH, CHANNELS, HEIGHT, WIDTH] = [3, 4, 5, 3];
const AREA = HEIGHT * WIDTH;
const layer = draws('layer', BATCH * CHANNELS * AREA);

/** The scores and the pooled activations of the layer under a mask and directions. */
async function score(objective: 'channel' | 'neuron', directions: Float32Array): Promise<Float32Array[]> {
  const builder = new GraphBuilder();
  builder.input('layer', { dtype: 'float32', shape: [BATCH, CHANNELS, HEIGHT, WIDTH] });
  return evaluate(builder, [addScore(builder, 'layer'), 'pooled'], {
    layer: float32([BATCH, CHANNELS, HEIGHT, WIDTH], layer),
    directions: float32([BATCH, CHANNELS], directions),
    mask: objectiveMask({ objective }, HEIGHT, WIDTH),
  });
}

const at = (b: number, c: number, i: number) => layer[(b * CHANNELS + c) * AREA + i];
const positions = Array.from({ length: AREA }, (_, i) => i);
const mean = (b: number, c: number) => positions.reduce((sum, i) => sum + at(b, c, i), 0) / AREA;

test('a channel’s score is its mean over all positions, image by image', async () => {
  const directions = new Float32Array(BATCH * CHANNELS);
  const channels = [2, 0, 3];
  for (const [b, c] of channels.entries()) directions[b * CHANNELS + c] = 1;
  const [scores, pooled] = await score('channel', directions);
  expectNear(
    scores,
    channels.map((c, b) => mean(b, c)),
    1e-6,
  );
  expectNear(
    pooled,
    Array.from({ length: BATCH * CHANNELS }, (_, i) => mean(Math.floor(i / CHANNELS), i % CHANNELS)),
    1e-6,
  );
});

test('a neuron’s score is the one position at the centre, right and below of the middle for even sides', async () => {
  const directions = new Float32Array(BATCH * CHANNELS);
  for (let b = 0; b < BATCH; b++) directions[b * CHANNELS + 1] = 1;
  const [scores] = await score('neuron', directions);
  expectNear(
    scores,
    [0, 1, 2].map((b) => at(b, 1, 2 * WIDTH + 1)),
    0,
  );
  const even = objectiveMask({ objective: 'neuron' }, 4, 6);
  expect([...even.data].flatMap((value, i) => (value === 0 ? [] : [[i, value]]))).toEqual([[2 * 6 + 3, 1]]);
});

test('a direction’s score is the sum of its channels’ scores, weighted', async () => {
  const directions = draws('directions', BATCH * CHANNELS, 0.5);
  const [scores] = await score('channel', directions);
  const expected = [0, 1, 2].map((b) => [0, 1, 2, 3].reduce((sum, c) => sum + directions[b * CHANNELS + c] * mean(b, c), 0));
  expectNear(scores, expected, 1e-6);
});

const places = (mask: ArrayLike<number>) => Array.from(mask).flatMap((value, i) => (value === 0 ? [] : [[i, value]]));

test('a neuron’s position is the centre, [y,x], or a token', () => {
  expect(places(objectiveMask({ objective: 'neuron', position: 'centre' }, 5, 3).data)).toEqual([[2 * 3 + 1, 1]]);
  expect(places(objectiveMask({ objective: 'neuron', position: [4, 0] }, 5, 3).data)).toEqual([[4 * 3, 1]]);
  expect(places(objectiveMask({ objective: 'neuron', position: 7 }, 50, 1).data)).toEqual([[7, 1]]);
});

test('positions that a layer does not have are refused, and logits of several positions', () => {
  expect(() => objectiveMask({ objective: 'neuron', position: [5, 0] }, 5, 3)).toThrow(
    'the plan: expected y below 5 and x below 3 for render.position, received [5,0]\nThe layer has no more positions at this size.',
  );
  expect(() => objectiveMask({ objective: 'neuron', position: 50 }, 50, 1)).toThrow(
    'the plan: expected a token from 0 to 49 for render.position, received 50',
  );
  expect(() => objectiveMask({ objective: 'neuron', position: 2 }, 5, 3)).toThrow(
    'the plan: expected [y,x] on a layer of 5×3 for render.position, received 2',
  );
  expect(() => objectiveMask({ objective: 'class-logit' }, 5, 3)).toThrow(
    'the plan: expected a layer with one position, as logits have, for render.objective, received "5×3"',
  );
  expect([...objectiveMask({ objective: 'class-logit' }, 1, 1).data]).toEqual([1]);
});

test.each([
  'channel',
  'neuron',
] as const)('a 1×1 convolution as the layer is not run for a %s: what it reads is pooled instead', async (objective) => {
  const outputs = 6;
  const [weights, bias] = [draws('weights', outputs * CHANNELS), draws('bias', outputs)];
  const directions = draws('directions', BATCH * outputs);
  const builder = new GraphBuilder();
  builder.input('input', { dtype: 'float32', shape: [BATCH, CHANNELS, HEIGHT, WIDTH] });
  const constants = [builder.constant(float32([outputs, CHANNELS, 1, 1], weights)), builder.constant(float32([outputs], bias))];
  const plain = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
  const tapped = builder.add('Conv', ['input', ...constants], plain, { outputs: ['tapped'] });
  const score = addScore(builder, tapped);
  const gradient = differentiate(builder, score, 'input');
  expect(builder.build([score, gradient]).nodes.filter(({ op }) => op === 'Conv')).toEqual([]);
  const mask = objectiveMask({ objective }, HEIGHT, WIDTH);
  const [scores, gradients] = await evaluate(builder, [score, gradient], {
    input: float32([BATCH, CHANNELS, HEIGHT, WIDTH], layer),
    directions: float32([BATCH, outputs], directions),
    mask,
  });
  const direction = (b: number, o: number) => directions[b * outputs + o];
  const channels = Array.from({ length: CHANNELS }, (_, c) => c);
  const units = Array.from({ length: outputs }, (_, o) => o);
  const activation = (b: number, o: number, i: number) =>
    channels.reduce((sum, c) => sum + weights[o * CHANNELS + c] * at(b, c, i), bias[o]);
  expectNear(
    scores,
    [0, 1, 2].map((b) =>
      units.reduce((sum, o) => sum + direction(b, o) * positions.reduce((part, i) => part + mask.data[i] * activation(b, o, i), 0), 0),
    ),
    1e-5,
  );
  expectNear(
    gradients,
    Array.from({ length: BATCH * CHANNELS * AREA }, (_, k) => {
      const [b, c, i] = [Math.floor(k / (CHANNELS * AREA)), Math.floor(k / AREA) % CHANNELS, k % AREA];
      return mask.data[i] * units.reduce((sum, o) => sum + direction(b, o) * weights[o * CHANNELS + c], 0);
    }),
    1e-5,
  );
});
