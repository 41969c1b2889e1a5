/** Pass one: the moments of a direct computation in float64, an even sample, one run for all layers, and memory that does not grow with positions. */
import { describe, expect, test } from 'vitest';
import { float32, float32Data, type Tensor } from '../../../generator/graph/tensor.ts';
import type { ImageSet } from '../../../generator/measure/images/image-set.ts';
import { Moments } from '../../../generator/measure/passes/moments.ts';
import { emptyInput, writeInput } from '../../../generator/measure/passes/network-input.ts';
import { type ReadRequest, readActivations } from '../../../generator/measure/passes/read-activations.ts';
import { samplePlan } from '../../../generator/measure/passes/sample-positions.ts';
import { INPUT, type Model } from '../../../generator/models/model.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { handMadeModel, PLAIN_CONV, tinyModel, weights } from '../../render/tiny-model.ts';

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
    const { sample, channels } =
      (await readActivations({ model, runtime, layers: ['first'], images, batch: 2, samplePositions: 33 })).get('first') ?? fail();
    const plan = samplePlan('first', 5, 256, 33, 0);
    for (let image = 0; image < 5; image++) {
      const values = await activationsOf(model, 'first', images, image);
      for (const [k, position] of plan.positions(image).entries())
        for (let c = 0; c < channels; c++) expect(sample[(plan.start(image) + k) * channels + c]).toBe(values[c * 256 + position]);
    }
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

/** A layer's activations of one image, `[C,positions]`, by a program of its own. */
async function activationsOf(network: Model, layer: string, images: ImageSet, index: number): Promise<Float32Array> {
  const { size } = images;
  const program = await runtime.compile(network.graph({ layers: [layer], batch: 1, height: size, width: size }));
  const input = emptyInput(network.preprocess, 1, size);
  writeInput([await images.picture(index)], size, network.preprocess, input.data);
  const values = float32Data((await program.run({ [INPUT]: input }))[layer] as Tensor, layer).slice();
  await program.dispose();
  return values;
}

/** Noise of a colour and contrast of its own for every image; the first `black` of them are black. */
function noiseImages(n: number, size: number, { black = 0 } = {}): ImageSet {
  return {
    id: 'noise',
    kind: 'generated',
    n,
    size,
    sha256: '0'.repeat(64),
    picture: async (index) => {
      const stream = new RandomStream('noise-images', index);
      const [middle, contrast] = [stream.between(60, 180), stream.between(5, 60)];
      const value = () => (index < black ? 0 : middle + contrast * stream.between(-1, 1));
      return { size, pixels: Uint8Array.from({ length: 3 * size * size }, value) };
    },
  };
}

function fail(): never {
  throw new Error('nothing was read');
}
