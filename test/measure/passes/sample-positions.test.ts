/** The sample of positions: even over the images, without one twice, and the network's own values. */
import { describe, expect, test } from 'vitest';
import { readActivations } from '../../../generator/measure/passes/read-activations.ts';
import { samplePlan } from '../../../generator/measure/passes/sample-positions.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { tinyModel } from '../../render/tiny-model.ts';
import { activationsOf, noiseImages } from './noise-images.ts';

const runtime = openOnnxRuntime({ threads: 1 });
const model = tinyModel();

describe('the sample', () => {
  test.each([
    [10, 64, 100],
    [7, 9, 1000],
    [100, 64, 32],
    [3, 1, 8],
  ])('of %i images of %i positions, %i wanted, takes equally of each and none twice', (n, area, wanted) => {
    const plan = samplePlan('layer', n, area, wanted, 0);
    const drawn = Array.from({ length: n }, (_, image) => plan.positions(image));
    expect(plan.total).toBe(Math.min(wanted, n * area));
    expect(drawn.reduce((sum, { length }) => sum + length, 0)).toBe(plan.total);
    const sizes = drawn.map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(plan.most);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    let row = 0;
    for (const [image, positions] of drawn.entries()) {
      expect(plan.start(image)).toBe(row);
      row += positions.length;
      expect(new Set(positions).size).toBe(positions.length);
      for (const position of positions) expect(position).toBeLessThan(area);
    }
  });

  test('takes every position of an image as often as another', () => {
    const times = new Float64Array(16);
    const plan = samplePlan('layer', 4000, 16, 8000, 1);
    for (let image = 0; image < 4000; image++) for (const position of plan.positions(image)) times[position]++;
    // 500 expected, with a deviation of 21.
    for (const count of times) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  test('is rows of the network’s own values, those that the plan says', async () => {
    const images = noiseImages(5, 16);
    const read = await readActivations({ model, runtime, layers: ['first'], images, batch: 2, samplePositions: 33 });
    const { sample, channels } = read.get('first') ?? { sample: [], channels: 0 };
    expect(sample.length).toBe(33 * 6);
    const plan = samplePlan('first', 5, 256, 33, 0);
    for (let image = 0; image < 5; image++) {
      const values = await activationsOf(model, 'first', images, image);
      for (const [k, position] of plan.positions(image).entries())
        for (let c = 0; c < channels; c++) expect(sample[(plan.start(image) + k) * channels + c]).toBe(values[c * 256 + position]);
    }
  });
});
