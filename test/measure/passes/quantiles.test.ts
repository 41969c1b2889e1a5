/** Levels of directions: the order statistic of their sampled scores, and an error that is the one promised. */
import { describe, expect, test } from 'vitest';
import { ACTIVE_SHARE, quantileError, quantiles } from '../../../generator/measure/passes/quantiles.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { draws } from '../../render/tiny-model.ts';

const runtime = openOnnxRuntime({ threads: 1 });

describe('the levels', () => {
  test('leave the share of the sample above them, and the next sampled score is not above', async () => {
    const [channels, rows, count] = [5, 1200, 131];
    const sample = draws('sample', rows * channels);
    const directions = draws('rows', count * channels);
    const levels = await quantiles({ runtime, activations: { channels, sample }, directions });
    expect(levels.length).toBe(count);
    for (let d = 0; d < count; d++) {
      const scores = Array.from({ length: rows }, (_, row) => {
        let sum = 0;
        for (let c = 0; c < channels; c++) sum += directions[d * channels + c] * sample[row * channels + c];
        return sum;
      }).sort((a, b) => b - a);
      // ⌊.005·1200⌋ = 6 above.
      expect(Math.abs(levels[d] - scores[6])).toBeLessThan(1e-5);
    }
  });

  test('have as little above them as can be where scores are equal', async () => {
    // Nothing but zeros and, in one position of a hundred, one: more than the share is above zero, so that the level is one.
    const often = Float32Array.from({ length: 1000 }, (_, i) => (i % 100 === 0 ? 1 : 0));
    const rarely = Float32Array.from({ length: 1000 }, (_, i) => (i % 500 === 0 ? 1 : 0));
    const level = async (sample: Float32Array) =>
      (await quantiles({ runtime, activations: { channels: 1, sample }, directions: Float32Array.of(1) }))[0];
    expect(await level(often)).toBe(1);
    expect(await level(rarely)).toBe(0);
  });

  test('have about the share of all positions above them, as nearly as the standard error says', async () => {
    // 400 directions of independent normal channels: above a level lie .005 of what is to come, with the error of 4,000 draws.
    const [channels, rows] = [400, 4000];
    const directions = Float32Array.from({ length: channels ** 2 }, (_, at) => (at % (channels + 1) === 0 ? 1 : 0));
    const levels = await quantiles({ runtime, activations: { channels, sample: draws('one', rows * channels) }, directions });
    // The normal's upper tail, by the integral of its density.
    const above = Array.from(levels, (level) => {
      let sum = 0;
      for (let x = level; x < level + 8; x += 1e-3) sum += (1e-3 * Math.exp(-((x + 5e-4) ** 2) / 2)) / Math.sqrt(2 * Math.PI);
      return sum;
    });
    const mean = above.reduce((sum, share) => sum + share, 0) / channels;
    const deviation = Math.sqrt(above.reduce((sum, share) => sum + (share - ACTIVE_SHARE) ** 2, 0) / channels);
    const error = quantileError(ACTIVE_SHARE, rows);
    expect(error).toBeCloseTo(0.001115, 6);
    expect(Math.abs(mean - ACTIVE_SHARE)).toBeLessThan(0.0003);
    expect(deviation / error).toBeGreaterThan(0.85);
    expect(deviation / error).toBeLessThan(1.15);
  });

  test('need a sample of two hundred, and stop when told to', async () => {
    const activations = { channels: 1, sample: new Float32Array(199) };
    await expect(quantiles({ runtime, activations, directions: Float32Array.of(1) })).rejects.toThrow(
      'quantiles: expected 200 positions or more for the sample, received 199',
    );
    const signal = AbortSignal.abort(new Error('enough'));
    const stream = new RandomStream('stop');
    const sample = Float32Array.from({ length: 400 }, () => stream.uniform());
    await expect(quantiles({ runtime, activations: { channels: 1, sample }, directions: Float32Array.of(1), signal })).rejects.toThrow(
      'enough',
    );
  });
});
