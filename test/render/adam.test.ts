/** Adam against its published algorithm in float64, uphill. */
import { expect, test } from 'vitest';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32, type Tensor } from '../../generator/graph/tensor.ts';
import { adamInputs, addAdam } from '../../generator/render/adam.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { evaluate, expectNear } from './evaluate.ts';
import { draws } from './tiny-model.ts';

const COUNT = 12;
const SETTINGS = { ...PRESET_SETTINGS.lucid, steps: 5, learning_rate: 0.07 };
const value = (tensor: Tensor) => Number(tensor.data[0]);

/** One step of the graph from a state `[parameters, first, second]`. */
async function stepOnce(state: readonly Float32Array[], gradient: Float32Array, step: number, settings: typeof SETTINGS) {
  const builder = new GraphBuilder();
  for (const name of ['parameters', 'first', 'second', 'gradient']) builder.input(name, { dtype: 'float32', shape: [COUNT] });
  const outputs = addAdam(builder, 'gradient');
  return evaluate(builder, outputs, {
    parameters: float32([COUNT], state[0]),
    first: float32([COUNT], state[1]),
    second: float32([COUNT], state[2]),
    gradient: float32([COUNT], gradient),
    ...adamInputs(step, settings),
  });
}

test.each(['constant', 'cosine'] as const)('five steps follow algorithm 1 of Kingma and Ba, with a %s rate', async (schedule) => {
  const settings = { ...SETTINGS, schedule };
  let state: readonly Float32Array[] = [draws('parameters', COUNT), new Float32Array(COUNT), new Float32Array(COUNT)];
  const expected = { parameters: Float64Array.from(state[0]), first: new Float64Array(COUNT), second: new Float64Array(COUNT) };
  for (let step = 0; step < 5; step++) {
    const gradient = draws(`gradient ${step}`, COUNT, 10 ** -step);
    const rate = schedule === 'constant' ? 0.07 : (0.07 * (1 + Math.cos((Math.PI * step) / 5))) / 2;
    for (let i = 0; i < COUNT; i++) {
      expected.first[i] = 0.9 * expected.first[i] + 0.1 * gradient[i];
      expected.second[i] = 0.999 * expected.second[i] + 0.001 * gradient[i] ** 2;
      const first = expected.first[i] / (1 - 0.9 ** (step + 1));
      const second = expected.second[i] / (1 - 0.999 ** (step + 1));
      expected.parameters[i] += (rate * first) / (Math.sqrt(second) + 1e-8);
    }
    state = await stepOnce(state, gradient, step, settings);
    expectNear(state[0], expected.parameters, 1e-6);
    expectNear(state[1], expected.first, 1e-6);
    expectNear(state[2], expected.second, 1e-6);
  }
});

test('a gradient of zero moves nothing', async () => {
  const start = draws('parameters', COUNT);
  const [parameters] = await stepOnce([start, new Float32Array(COUNT), new Float32Array(COUNT)], new Float32Array(COUNT), 0, SETTINGS);
  expect(parameters).toEqual(start);
});

test('the cosine schedule begins at the learning rate, is half of it midway, and would be zero after the last step', () => {
  const settings = { ...SETTINGS, schedule: 'cosine', steps: 100 } as const;
  const rate = (step: number) => value(adamInputs(step, settings).rate) * (1 - 0.9 ** (step + 1));
  expect(rate(0)).toBeCloseTo(0.07, 7);
  expect(rate(50)).toBeCloseTo(0.035, 7);
  expect(rate(100)).toBeCloseTo(0, 7);
});

test('the constant schedule keeps the learning rate to the end', () => {
  const rate = (step: number) => value(adamInputs(step, { ...SETTINGS, steps: 100 }).rate) * (1 - 0.9 ** (step + 1));
  for (const step of [0, 1, 50, 99]) expect(rate(step)).toBeCloseTo(0.07, 7);
});
