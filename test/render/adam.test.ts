/** Adam against its published algorithm in float64, uphill. */
import { expect, test } from 'vitest';
import type { RenderSettings } from '../../data/schema.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32, type Tensor } from '../../generator/graph/tensor.ts';
import { adamInputs, addAdam } from '../../generator/render/adam.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { evaluate, expectNear } from './evaluate.ts';
import { draws } from './tiny-model.ts';

const COUNT = 12;
const SETTINGS: RenderSettings = { ...PRESET_SETTINGS.lucid, steps: 5, learning_rate: 0.07 };
const value = (tensor: Tensor) => Number(tensor.data[0]);

/** One step of the graph from a state `[parameters, first, second]`. */
async function stepOnce(state: readonly Float32Array[], gradient: Float32Array, step: number, settings: RenderSettings) {
  const builder = new GraphBuilder();
  for (const name of ['parameters', 'first', 'second', 'gradient']) builder.input(name, { dtype: 'float32', shape: [COUNT] });
  const outputs = addAdam(builder, 'gradient', settings);
  return evaluate(builder, outputs, {
    parameters: float32([COUNT], state[0]),
    first: float32([COUNT], state[1]),
    second: float32([COUNT], state[2]),
    gradient: float32([COUNT], gradient),
    ...adamInputs(step, settings),
  });
}

/** What each schedule leaves of the rate at step `step` of five. */
const SHARES = {
  constant: () => 1,
  cosine: (step: number) => (1 + Math.cos((Math.PI * step) / 5)) / 2,
  cooldown: (step: number) => [1, 1, 1, 0.8, 0.4][step],
} as const;

test.each<{ schedule: keyof typeof SHARES; momentum?: number }>([
  { schedule: 'constant' },
  { schedule: 'cosine' },
  { schedule: 'cooldown' },
  { schedule: 'constant', momentum: 0.3 },
  { schedule: 'constant', momentum: 0 },
])('five steps follow algorithm 1 of Kingma and Ba: %o', async ({ schedule, momentum }) => {
  const settings = {
    ...SETTINGS,
    schedule,
    ...(momentum === undefined ? {} : { momentum }),
    ...(schedule === 'cooldown' ? { cooldown: 0.5 } : {}),
  };
  const kept = momentum ?? 0.9;
  let state: readonly Float32Array[] = [draws('parameters', COUNT), new Float32Array(COUNT), new Float32Array(COUNT)];
  const expected = { parameters: Float64Array.from(state[0]), first: new Float64Array(COUNT), second: new Float64Array(COUNT) };
  for (let step = 0; step < 5; step++) {
    const gradient = draws(`gradient ${step}`, COUNT, 10 ** -step);
    const rate = 0.07 * SHARES[schedule](step);
    for (let i = 0; i < COUNT; i++) {
      expected.first[i] = kept * expected.first[i] + (1 - kept) * gradient[i];
      expected.second[i] = 0.999 * expected.second[i] + 0.001 * gradient[i] ** 2;
      const first = expected.first[i] / (1 - kept ** (step + 1));
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

test('the cooldown schedule keeps the learning rate for seven tenths of the steps unless told otherwise, then falls evenly towards zero', () => {
  const rate = (step: number, cooldown?: number) => {
    const settings = { ...SETTINGS, schedule: 'cooldown', steps: 100, ...(cooldown ? { cooldown } : {}) } as const;
    return value(adamInputs(step, settings).rate) * (1 - 0.9 ** (step + 1));
  };
  for (const step of [0, 30, 70]) expect(rate(step)).toBeCloseTo(0.07, 7);
  expect(rate(85)).toBeCloseTo(0.035, 7);
  expect(rate(100)).toBeCloseTo(0, 7);
  expect(rate(50, 1)).toBeCloseTo(0.035, 7);
  expect(rate(90, 0.1)).toBeCloseTo(0.07, 7);
});
