/** Checking a layer of a network small enough to reckon by hand. */
import { describe, expect, test } from 'vitest';
import { float32 } from '../../generator/graph/tensor.ts';
import { INPUT } from '../../generator/models/model.ts';
import { checkLayer, waves } from '../../generator/render/check.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { handMadeModel, PLAIN_CONV, TINY_SIZE, tinyModel } from './tiny-model.ts';

const runtime = openOnnxRuntime({ threads: 1 });

/** `mix`: two channels, 2·red − green and 3·blue + 1, of an input that is 4·picture − 1. */
const model = handMadeModel(
  (builder) => {
    const weights = builder.constant(float32([2, 3, 1, 1], [2, -1, 0, 0, 0, 3]));
    builder.add('Conv', [INPUT, weights, builder.constant(float32([2], [0, 1]))], PLAIN_CONV, { outputs: ['mix'] });
  },
  { scale: [4, 4, 4], offset: [-1, -1, -1] },
);

/** `[3,1,2]`: red 0.5 and 1, green 0 and 0.25, blue 0.75 and 0.5. In the network's range: 1, 3, −1, 0, 2, 1. */
const picture = float32([3, 1, 2], [0.5, 1, 0, 0.25, 0.75, 0.5]);
const inRange = float32([3, 1, 2], [1, 3, -1, 0, 2, 1]);

describe('values by hand', () => {
  test('a channel: means, score, and the gradient by the picture, which the range’s scale multiplies', async () => {
    const result = await checkLayer({ model, runtime, layer: 'mix', input: picture, channel: 0 });
    // 2·1 + 1 and 2·3 − 0 average to 4.5; 3·2 + 1 and 3·1 + 1 to 5.5.
    expect(result.layer).toBe('mix');
    expect(result.shape).toEqual([2, 1, 2]);
    expect(result.channel_means).toEqual([4.5, 5.5]);
    expect(result.score).toBe(4.5);
    // Half of each weight, times 4.
    expect(result.gradient.shape).toEqual([3, 1, 2]);
    expect([...result.gradient.data]).toEqual([4, 4, -2, -2, 0, 0]);
    expect(result.gradient_l2).toBeCloseTo(Math.sqrt(40), 6);
    expect(result.finite_difference).toBeLessThan(1e-4);
  });

  test('an input in the network’s own range gives the same values, its gradient without the scale', async () => {
    const result = await checkLayer({ model, runtime, layer: 'mix', input: inRange, raw: true, channel: 1 });
    expect(result.channel_means).toEqual([4.5, 5.5]);
    expect(result.score).toBe(5.5);
    expect([...result.gradient.data]).toEqual([0, 0, 0, 0, 1.5, 1.5]);
  });

  test('a direction is used as it is: the score is its dot product with the means', async () => {
    const direction = float32([2], [0.5, -2]);
    const result = await checkLayer({ model, runtime, layer: 'mix', input: picture, direction });
    expect(result.score).toBe(0.5 * 4.5 - 2 * 5.5);
    expect([...result.gradient.data]).toEqual([2, 2, -1, -1, -12, -12]);
  });

  test('a batch has a list of means and scores, and a gradient of its own shape', async () => {
    const batch = float32([2, 3, 1, 2], [...inRange.data, 0, 0, 0, 0, 0, 0]);
    const result = await checkLayer({ model, runtime, layer: 'mix', input: batch, raw: true });
    expect(result.channel_means).toEqual([
      [4.5, 5.5],
      [0, 1],
    ]);
    expect(result.score).toEqual([4.5, 0]);
    expect(result.gradient.shape).toEqual([2, 3, 1, 2]);
    expect(result.gradient_l2).toBeCloseTo(Math.sqrt(2 * 2.5), 6);
  });

  test('without an input it is the waves at the model’s size', async () => {
    const { data, shape } = waves(TINY_SIZE, TINY_SIZE);
    expect(shape).toEqual([3, TINY_SIZE, TINY_SIZE]);
    expect(data[(2 * TINY_SIZE + 5) * TINY_SIZE + 3]).toBeCloseTo(0.5 + 0.5 * Math.sin(0.37 * 3 + 0.11 * 5 + 0.07 * 3 * 3), 6);
    const result = await checkLayer({ model, runtime, layer: 'mix' });
    const mean = (colour: number) => {
      const plane = data.subarray(colour * TINY_SIZE ** 2, (colour + 1) * TINY_SIZE ** 2);
      return 4 * (plane.reduce((sum, value) => sum + value, 0) / plane.length) - 1;
    };
    expect(result.score).toBeCloseTo(2 * mean(0) - mean(1), 4);
  });

  test('finite differences agree through kinks, pooling and strides too', async () => {
    for (const layer of ['first-relu', 'second-clip', 'third']) {
      const result = await checkLayer({ model: tinyModel(), runtime, layer, channel: 2 });
      expect(result.gradient_l2, layer).toBeGreaterThan(0);
      // Every step crosses kinks of many of the 256 positions at once, here.
      expect(result.finite_difference, layer).toBeLessThan(5e-2);
    }
  });
});

describe('errors', () => {
  const check = (request: object) => checkLayer({ model, runtime, layer: 'mix', input: picture, ...request });

  test.each([2, -1, 0.5])('channel %d of a layer of two', async (channel) => {
    await expect(check({ channel })).rejects.toThrow(
      `atlas check: expected a whole number from 0 to 1 for the channel of mix, received ${channel}\n"atlas layers MODEL" lists how many channels each layer has.`,
    );
  });

  test('a direction of another length', async () => {
    await expect(check({ direction: float32([3], [1, 0, 0]) })).rejects.toThrow(
      'atlas check: expected 2 values, one a channel of mix for the direction, received "shape (3)"\nA direction has the length of the layer\'s channels; "atlas layers MODEL" lists them.',
    );
  });

  test.each([{ shape: [1, 2, 3] }, { shape: [6] }, { shape: [1, 1, 3, 1, 2] }])('an input of shape $shape', async ({ shape }) => {
    await expect(check({ input: float32(shape, new Float32Array(6)) })).rejects.toThrow(
      `atlas check: expected shape (3,H,W) or (N,3,H,W) for the input, received "(${shape})"\nPut the colours before height and width: array.transpose(2, 0, 1).`,
    );
  });

  test('a layer that the model does not have', async () => {
    await expect(check({ layer: 'mux' })).rejects.toThrow(
      'tiny: expected the name or slug of one of its layers for the layer, received "mux"\nNearest: mix. "atlas layers MODEL" lists them all.',
    );
  });
});
