/** The default model's numbers beside PyTorch's (test/fixtures/README.md says where those come from). */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { forProcessor } from '../../generator/compile/for-processor.ts';
import { reason } from '../../generator/graph/errors.ts';
import { float32, float32Data, type Tensor } from '../../generator/graph/tensor.ts';
import { findLayer } from '../../generator/models/layers.ts';
import { INPUT, type Model } from '../../generator/models/model.ts';
import { adamInputs, STATE } from '../../generator/render/adam.ts';
import { checkLayer, waves } from '../../generator/render/check.ts';
import { objectiveMask } from '../../generator/render/objective.ts';
import { parameterShape } from '../../generator/render/parameterisation.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { networkGraph, updateGraph } from '../../generator/render/programs.ts';
import { RandomStream } from '../../generator/render/random.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { defaultModel } from '../requires.ts';

const numbers = z.array(z.number());
const fixture = z
  .object({
    gradients: z.array(
      z.object({
        layer: z.string(),
        channel: z.int(),
        height: z.int(),
        width: z.int(),
        shape: numbers,
        channel_means: numbers,
        gradient_l2: z.number(),
        gradient_at: z.array(numbers),
      }),
    ),
    lucid_steps: z.array(
      z.object({
        layer: z.string(),
        channels: numbers,
        size: z.int(),
        steps: z.int(),
        learning_rate: z.number(),
        image_at: z.array(numbers),
        image_mean: z.number(),
        loss_gradient_l2: z.number(),
        loss_gradient_at: z.array(numbers),
        scores: z.array(numbers),
        spectrum_after_at: z.array(numbers),
      }),
    ),
  })
  .parse(JSON.parse(await readFile(new URL('../fixtures/coco-ssd-mobilenet-v2.json', import.meta.url), 'utf8')));

type LucidSteps = (typeof fixture.lucid_steps)[number];

const runtime = openOnnxRuntime({ threads: 2 });

/** |a − b| within a share of the largest of the values that b is one of. */
function expectClose(actual: number, expected: number, tolerance: number, scale = Math.abs(expected)): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * scale);
}

test('the fixture holds what the tests below go through', () => {
  expect(fixture.gradients).toHaveLength(6);
  expect(fixture.lucid_steps.length).toBeGreaterThan(0);
});

test.for(fixture.gradients)('$layer: channel means within 1e-4, input gradients within 1e-3 of PyTorch', async (expected, context) => {
  const { layer, channel, height, width } = expected;
  const model = await defaultModel(context);
  const result = await checkLayer({ model, runtime, layer, channel, input: waves(height, width) });
  expect(result.shape).toEqual(expected.shape);
  const means = result.channel_means as number[];
  const level = Math.max(...expected.channel_means.map(Math.abs));
  expected.channel_means.forEach((mean, i) => {
    expectClose(means[i], mean, 1e-4, Math.max(Math.abs(mean), 1e-2 * level));
  });
  expectClose(result.gradient_l2, expected.gradient_l2, 1e-3);
  const largest = Math.max(...expected.gradient_at.map(([, , , value]) => Math.abs(value)));
  for (const [c, y, x, value] of expected.gradient_at)
    expectClose(result.gradient.data[(c * height + y) * width + x], value, 1e-3, largest);
  expect(result.finite_difference).toBeLessThan(1e-2);
});

// Adam makes the smallest gradients as large as the largest, so that a rounding error of 1e-8 moves a picture by 1e-7. The second picture of the
// first entry lies that close to the kink of a ReLU6 after a step, and which side it falls on decides what follows: from the exact start ours
// falls on the other side than PyTorch's. The first picture must be reached from the exact start, every one from that or from a start moved by
// less than float32's rounding (6e-8 of a value).
const NUDGES = [0, 1, 2, 3];
const NUDGE = 3e-8;

test.for(fixture.lucid_steps)("$layer: Lucid's parameterisation and three Adam steps within 2e-3 of PyTorch", async (expected, context) => {
  const model = await defaultModel(context);
  await threeSteps(model, expected, 0, 1);
  const errors: string[] = [];
  for (const nudge of NUDGES) {
    try {
      await threeSteps(model, expected, nudge);
      return;
    } catch (error) {
      errors.push(reason(error));
    }
  }
  expect.fail(`no start within rounding of the given one reaches PyTorch's numbers: ${errors.join('; ')}`);
});

/** Throws where a figure is further than it may be from PyTorch's; `nudge` above 0 moves the start by up to NUDGE of itself, differently for each. */
async function threeSteps(model: Model, expected: LucidSteps, nudge: number, pictures = expected.channels.length): Promise<void> {
  const { layer, channels, size, steps, learning_rate } = expected;
  const batch = channels.length;
  const lucid = PRESET_SETTINGS.lucid;
  const settings = { ...lucid, size, steps, learning_rate, pad: 0, jitter: 0, final_jitter: 0, redirect_steps: 0 };
  const [layerChannels, height, width] = findLayer(model, layer, size).shape;
  const network = await runtime.compile(forProcessor(networkGraph({ model, layer, settings, batch })));
  const update = await runtime.compile(updateGraph({ model, settings, batch }));

  // The fixture has real and imaginary part last, `[b,c,y,x,part]`; the parameters have them before y.
  const columns = size / 2 + 1;
  const index = (b: number, c: number, y: number, x: number, part: number) => (((b * 3 + c) * 2 + part) * size + y) * columns + x;
  const shape = parameterShape(batch, settings, 3);
  const stream = new RandomStream('nudge', nudge);
  const parameters = new Float32Array(batch * 3 * 2 * size * columns);
  for (let i = 0; i < parameters.length; i++) {
    const [rest, part] = [i >> 1, i & 1];
    const x = rest % columns;
    const y = Math.floor(rest / columns) % size;
    const plane = Math.floor(rest / columns / size);
    parameters[index(Math.floor(plane / 3), plane % 3, y, x, part)] =
      0.01 * Math.sin(0.731 * i + 0.2) * (1 + (nudge > 0 ? NUDGE : 0) * stream.between(-1, 1));
  }
  const directions = new Float32Array(batch * layerChannels);
  for (const [b, channel] of channels.entries()) directions[b * layerChannels + channel] = 1;
  const objective = {
    directions: float32([batch, layerChannels], directions),
    mask: objectiveMask({ objective: 'channel' }, height, width),
  };
  const pictureShape = [batch, 3, size, size];
  const read = (outputs: Record<string, unknown>, name: string) => float32Data(outputs[name] as Tensor, name);

  const zeros = () => float32(shape, new Float32Array(parameters.length));
  const still = { rate: float32([], [0]), correction: float32([], [1]) };
  const state: Record<string, Tensor> = { parameters: float32(shape, parameters), first: zeros(), second: zeros() };
  const blank = float32(pictureShape, new Float32Array(batch * 3 * size * size));
  let image = read(await update.run({ ...state, ...still, image_gradient: blank, image_before: blank }), 'image');
  for (const [b, c, y, x, value] of expected.image_at) expectClose(image[((b * 3 + c) * size + y) * size + x], value, 1e-5);
  expectClose(image.reduce((sum, value) => sum + value, 0) / image.length, expected.image_mean, 1e-5);

  for (let step = 0; step < steps; step++) {
    const outputs = await network.run({
      ...objective,
      [INPUT]: float32(
        pictureShape,
        image.map((value) => 2 * value - 1),
      ),
    });
    const scores = read(outputs, 'score');
    expected.scores[step].forEach((score, b) => {
      expectClose(scores[b], score, 2e-3);
    });
    const gradient = float32(
      pictureShape,
      read(outputs, 'gradient').map((value) => 2 * value),
    );
    const next = await update.run({
      ...state,
      ...adamInputs(step, settings),
      image_gradient: gradient,
      image_before: float32(pictureShape, image),
    });
    if (step === 0) {
      // After one step the first moment is a tenth of the gradient; the fixture's loss is minus the score.
      const lossGradient = read(next, STATE.first).map((value) => -10 * value);
      expectClose(Math.sqrt(lossGradient.reduce((sum, value) => sum + value * value, 0)), expected.loss_gradient_l2, 2e-3);
      for (const [b, c, y, x, part, value] of expected.loss_gradient_at)
        expectClose(lossGradient[index(b, c, y, x, part)], value, 2e-3, Math.max(Math.abs(value), 1e-3));
    }
    for (const [name, output] of Object.entries(STATE)) state[name] = next[output] as Tensor;
    image = read(next, 'image');
  }
  for (const [b, c, y, x, part, value] of expected.spectrum_after_at.filter(([picture]) => picture < pictures))
    expectClose((state.parameters.data as Float32Array)[index(b, c, y, x, part)], value, 2e-3);
}
