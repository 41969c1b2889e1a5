/** Pass one: the moments of a direct computation in float64, an even sample, one run for all layers, and memory that does not grow with positions. */
import { describe, expect, test } from 'vitest';
import { float32 } from '../../../generator/graph/tensor.ts';
import type { ImageSet } from '../../../generator/measure/images/image-set.ts';
import { Moments } from '../../../generator/measure/passes/moments.ts';
import { type ReadRequest, readActivations } from '../../../generator/measure/passes/read-activations.ts';
import { INPUT, type Model } from '../../../generator/models/model.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { handMadeModel, PLAIN_CONV, tinyModel, weights } from '../../render/tiny-model.ts';
import { activationsOf, noiseImages } from './noise-images.ts';

const runtime = openOnnxRuntime({ threads: 1 });
const model = tinyModel();
const layers = ['first', 'second-clip', 'third', 'logits'];

describe('what is read of a layer', () => {
  test.each([15, 16])('is what a direct computation in float64 gives, at %i pixels', async (size) => {
    const images = noiseImages(23, size);
    const read = await readActivations({ model, runtime, layers, images, batch: 4 });
    expect([...read.keys()]).toEqual(layers);
    for (const layer of layers) await expectDirect(model, layer, images, read.get(layer));
  });

  test('keeps its digits where the mean is a thousand deviations from zero, and where the first image is unlike the others', async () => {
    const far = handMadeModel((builder) => {
      const bias = builder.constant(float32([4], [300, -500, 0, 1000]));
      builder.add('Conv', [INPUT, weights(builder, 'far', [4, 3, 3, 3], 0.3), bias], PLAIN_CONV, { outputs: ['layer'] });
    });
    const images = noiseImages(30, 12, { black: 1 });
    const read = await readActivations({ model: far, runtime, layers: ['layer'], images, batch: 7 });
    await expectDirect(far, 'layer', images, read.get('layer'));
  });

  test('does not depend on the batch, and comes of one run for all layers', async () => {
    const images = noiseImages(19, 16);
    let runs = 0;
    const counted = {
      ...runtime,
      compile: async (...given: Parameters<typeof runtime.compile>) => {
        const program = await runtime.compile(...given);
        const run: typeof program.run = (inputs) => {
          runs++;
          return program.run(inputs);
        };
        return { run, dispose: () => program.dispose() };
      },
    };
    const request: ReadRequest = { model, runtime: counted, layers, images, batch: 1, samplePositions: 500 };
    const expected = await readActivations(request);
    // One more: the first image is looked at for its means.
    expect(runs).toBe(20);
    for (const batch of [4, 19, 32]) expect(await readActivations({ ...request, batch })).toEqual(expected);
    for (const layer of layers)
      expect(await readActivations({ ...request, layers: [layer] })).toEqual(new Map([[layer, expected.get(layer)]]));
  });

  test('has the moments that its sample has, where the sample is all positions', async () => {
    const images = noiseImages(6, 16);
    const { sample, mean, channels } =
      (await readActivations({ model, runtime, layers: ['second'], images, batch: 4 })).get('second') ?? fail();
    expect(sample.length / channels).toBe(6 * 8 * 8);
    for (let c = 0; c < channels; c++) {
      const values = Array.from({ length: 6 * 64 }, (_, row) => sample[row * channels + c]);
      expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(mean[c], 6);
    }
  });

  test('holds what C and the sample need, and no image’s positions', async () => {
    // A layer of 4 × 96² floats, 147 kB an image: 400 of them would be 59 MB.
    const wide = handMadeModel((builder) => {
      builder.add('Conv', [INPUT, weights(builder, 'wide', [4, 3, 1, 1], 1)], PLAIN_CONV, { outputs: ['layer'] });
    });
    const { picture, ...rest } = noiseImages(400, 96);
    const one = await picture(0);
    let most = 0;
    const images: ImageSet = {
      ...rest,
      picture: async (index) => {
        if (index % 50 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers);
        return one;
      },
    };
    const before = process.memoryUsage().arrayBuffers;
    const read = await readActivations({ model: wide, runtime, layers: ['layer'], images, batch: 4, samplePositions: 1000 });
    expect(most - before).toBeLessThan(20e6);
    const { means, mean, covariance, sample } = read.get('layer') ?? fail();
    expect([means, mean, covariance, sample].map(({ length }) => length)).toEqual([400 * 4, 4, 16, 1000 * 4]);
  });
});

describe('the pass', () => {
  test('tells how far it is, and stops when it is told to', async () => {
    const seen: number[] = [];
    const controller = new AbortController();
    const onProgress = (done: number) => {
      seen.push(done);
      if (done === 8) controller.abort(new Error('enough'));
    };
    const request: ReadRequest = { model, runtime, layers, images: noiseImages(10, 16), batch: 4, onProgress };
    await readActivations(request);
    expect(seen.splice(0)).toEqual([4, 8, 10]);
    await expect(readActivations({ ...request, signal: controller.signal })).rejects.toThrow('enough');
  });

  test('stops between batches', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const onProgress = (done: number) => {
      seen.push(done);
      if (done === 4) controller.abort(new Error('enough'));
    };
    const request: ReadRequest = { model, runtime, layers, images: noiseImages(10, 16), batch: 2, signal: controller.signal, onProgress };
    await expect(readActivations(request)).rejects.toThrow('enough');
    expect(seen).toEqual([2, 4]);
  });

  test('refuses activations that are not finite, unknown layers and an empty set', async () => {
    const broken = handMadeModel((builder) => {
      builder.add('Sqrt', [builder.add('Conv', [INPUT, weights(builder, 'w', [2, 3, 1, 1], 1)], PLAIN_CONV)], {}, { outputs: ['layer'] });
    });
    const images = noiseImages(3, 8);
    const request: ReadRequest = { model: broken, runtime, layers: ['layer'], images, batch: 2 };
    await expect(readActivations(request)).rejects.toThrow('layer: expected finite activations for the layer, received "NaN or infinity"');
    await expect(readActivations({ ...request, layers: ['nothing'] })).rejects.toThrow('the name or slug of one of its layers');
    await expect(readActivations({ ...request, images: { ...images, n: 0 } })).rejects.toThrow('the images: expected one or more');
  });

  test('moments of a channel that never changes are zero, not less', () => {
    const moments = new Moments(Float32Array.of(0.1));
    for (let i = 0; i < 9; i++) moments.add(Float32Array.of(0.3), 0, Float32Array.of(4 * 0.09), 0, 4);
    expect(moments.finish().covariance[0]).toBeGreaterThanOrEqual(0);
    expect(moments.finish().covariance[0]).toBeLessThan(1e-8);
  });
});

/** Compares with two passes in float64 over all of a layer's activations. */
async function expectDirect(
  network: Model,
  layer: string,
  images: ImageSet,
  given: Awaited<ReturnType<typeof readActivations>> extends Map<string, infer A> ? A | undefined : never,
) {
  const { n, channels, means, mean, covariance } = given ?? fail();
  expect(n).toBe(images.n);
  const all: Float32Array[] = [];
  for (let i = 0; i < n; i++) all.push(await activationsOf(network, layer, images, i));
  const area = all[0].length / channels;
  const value = (i: number, c: number, p: number) => all[i][c * area + p];
  const expected = new Float64Array(channels);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let p = 0; p < area; p++) sum += value(i, c, p);
      expect(Math.abs(means[i * channels + c] - sum / area)).toBeLessThan(1e-5 * Math.max(0.1, Math.abs(sum / area)));
      expected[c] += sum / (n * area);
    }
  const direct = new Float64Array(channels ** 2);
  for (let i = 0; i < n; i++)
    for (let a = 0; a < channels; a++)
      for (let b = 0; b < channels; b++)
        for (let p = 0; p < area; p++)
          direct[a * channels + b] += ((value(i, a, p) - expected[a]) * (value(i, b, p) - expected[b])) / (n * area);
  const deviation = (c: number) => Math.sqrt(direct[c * channels + c]);
  for (let a = 0; a < channels; a++) {
    expect(deviation(a)).toBeGreaterThan(0);
    expect(Math.abs(mean[a] - expected[a])).toBeLessThan(1e-5 * deviation(a));
    for (let b = 0; b < channels; b++) {
      expect(Math.abs(covariance[a * channels + b] - direct[a * channels + b])).toBeLessThan(1e-5 * deviation(a) * deviation(b));
      expect(covariance[a * channels + b]).toBe(covariance[b * channels + a]);
    }
  }
}

function fail(): never {
  throw new Error('nothing was read');
}
