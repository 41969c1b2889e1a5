/** Rendering the default model: it climbs, a picture depends on its own job alone, and what cannot be rendered is said. */
import { describe, expect, test } from 'vitest';
import type { RenderSettings } from '../../data/schema.ts';
import { float32 } from '../../generator/graph/tensor.ts';
import { findLayer } from '../../generator/models/layers.ts';
import { INPUT, type Model } from '../../generator/models/model.ts';
import { openRenderer } from '../../generator/render/open.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import type { Rendered, RenderJob, RenderOptions } from '../../generator/render/renderer.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { defaultModel } from '../requires.ts';
import { draws, handMadeModel, PLAIN_CONV, tinyModel } from './tiny-model.ts';

const LAYER = 'FeatureExtractor/MobilenetV2/expanded_conv_3/expand/Relu6';
const ATLAS = { ...PRESET_SETTINGS.atlas, size: 64, steps: 3 };
const runtime = openOnnxRuntime({ threads: 2 });

/** A one-hot job, or one of the direction given. */
const job = (channels: number, channel: number, seed = 1): RenderJob => {
  const direction = new Float32Array(channels);
  direction[channel] = 1;
  return { unit: `channel-${channel}`, direction, seed };
};

interface Rendering {
  model: Model;
  layer?: string;
  settings?: RenderSettings;
  batch: number;
  jobs: readonly (readonly RenderJob[])[];
  options?: RenderOptions;
}

/** Opens a renderer, renders the lists of jobs one after the other, and closes it. */
async function render({ model, layer = LAYER, settings = ATLAS, batch, jobs, options }: Rendering): Promise<Rendered[][]> {
  const renderer = await openRenderer({ model, runtime, layer, settings, batch });
  try {
    const all: Rendered[][] = [];
    for (const list of jobs) all.push(await renderer.render(list, options));
    return all;
  } finally {
    await renderer.dispose();
  }
}

describe('the default model', () => {
  test('three steps raise the objective', async (context) => {
    const model = await defaultModel(context);
    const channels = findLayer(model, LAYER, 64).shape[0];
    // Without random moves, so that the steps compare.
    const settings = { ...ATLAS, jitter: 0, final_jitter: 0, pad: 0, rotate: 0, scale: [1, 1] as [number, number], redirect_steps: 0 };
    const [rendered] = await render({ model, settings, batch: 4, jobs: [[0, 1, 2, 3].map((channel) => job(channels, channel))] });
    for (const { curve } of rendered) {
      expect(curve).toHaveLength(3);
      expect(curve[2]).toBeGreaterThan(curve[0]);
    }
  });

  test.for(['atlas', 'vivid', 'lucid'] as const)('the %s preset renders pictures that are not flat', async (preset, context) => {
    const model = await defaultModel(context);
    const channels = findLayer(model, LAYER, 64).shape[0];
    const settings = { ...PRESET_SETTINGS[preset], size: 64, steps: 12 };
    const [rendered] = await render({ model, settings, batch: 2, jobs: [[job(channels, 0), job(channels, 1)]] });
    for (const { state, pixels, curve } of rendered) {
      expect(state).toBe('ok');
      expect(pixels).toHaveLength(64 * 64 * 3);
      expect(curve).toHaveLength(12);
      expect(Math.max(...curve.slice(6))).toBeGreaterThan(curve[0]);
    }
  });

  test('a picture is the same to the byte alone, among others, at any place, again, and at any batch size', async (context) => {
    const model = await defaultModel(context);
    const channels = findLayer(model, LAYER, 64).shape[0];
    const five = [3, 8, 21, 40, 55].map((channel) => job(channels, channel));
    const [inOrder, alone, turned, again] = await render({
      model,
      batch: 8,
      jobs: [five, [five[1]], [five[4], five[3], five[1], five[0], five[2]], five],
    });
    const [single] = await render({ model, batch: 1, jobs: [[five[1]]] });
    for (const [name, other] of Object.entries({ alone: alone[0], turned: turned[2], again: again[1], single: single[0] })) {
      expect(Buffer.from(other.pixels).equals(Buffer.from(inOrder[1].pixels)), name).toBe(true);
      expect(other.curve, name).toEqual(inOrder[1].curve);
    }
    expect(inOrder[0].pixels).not.toEqual(inOrder[1].pixels);
  });
});

describe('a tiny network', () => {
  const model = tinyModel();
  const settings = { ...PRESET_SETTINGS.atlas, size: 16, steps: 6, pad: 2, jitter: 2, final_jitter: 2, redirect_steps: 0 };

  test('a direction of zeros leaves a flat picture of its start', async () => {
    const zero = { unit: 'random-0', direction: new Float32Array(6), seed: 1 };
    const [[rendered]] = await render({ model, layer: 'first', settings, batch: 1, jobs: [[zero]] });
    expect(rendered.state).toBe('flat');
    expect([...rendered.curve]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(Math.max(...rendered.pixels.map((value) => Math.abs(value - 128)))).toBeLessThan(16);
  });

  test('a direction that is not finite is told as diverged', async () => {
    const broken = { unit: 'random-0', direction: new Float32Array(6).fill(Number.NaN), seed: 1 };
    const [[rendered]] = await render({ model, layer: 'first', settings, batch: 1, jobs: [[broken]] });
    expect(rendered.state).toBe('diverged');
  });

  test('the picture’s bytes are RGB, pixel after pixel', async () => {
    const first = job(6, 2);
    const [[{ pixels }], [other]] = await render({ model, layer: 'first', settings, batch: 1, jobs: [[first], [{ ...first, seed: 2 }]] });
    expect(pixels).toHaveLength(16 * 16 * 3);
    expect(other.pixels).not.toEqual(pixels);
  });

  test('jobs of several seeds in one batch are refused', async () => {
    await expect(render({ model, layer: 'first', settings, batch: 2, jobs: [[job(6, 0, 1), job(6, 1, 2)]] })).rejects.toThrow(
      'render: expected one seed for all jobs of a batch, since they share their transformations, received several',
    );
  });

  test.each([0, 3])('%i jobs for a batch of two are refused', async (count) => {
    const jobs = Array.from({ length: count }, (_, channel) => job(6, channel));
    await expect(render({ model, layer: 'first', settings, batch: 2, jobs: [jobs] })).rejects.toThrow(
      `render: expected 1 to 2 jobs, received ${count}`,
    );
  });

  test('an abort stops between steps, with its reason, and the renderer goes on to work', async () => {
    const stop = new AbortController();
    const steps: number[] = [];
    const onStep = (step: number) => {
      steps.push(step);
      if (step === 1) stop.abort(new Error('enough'));
    };
    const renderer = await openRenderer({ model, runtime, layer: 'first', settings, batch: 1 });
    const [undisturbed] = await renderer.render([job(6, 2)]);
    await expect(renderer.render([job(6, 2)], { signal: stop.signal, onStep })).rejects.toThrow('enough');
    expect(steps).toEqual([0, 1]);
    const [after] = await renderer.render([job(6, 2)]);
    expect(after.pixels).toEqual(undisturbed.pixels);
    await renderer.dispose();
  });
});

describe('a silent unit', () => {
  const still = { ...PRESET_SETTINGS.atlas, size: 16, steps: 40, pad: 0, jitter: 0, final_jitter: 0, rotate: 0 };

  test.each([
    { redirect_steps: 0, wakes: false },
    { redirect_steps: 40, wakes: true },
  ])('behind a ReLU6 wakes with redirected gradients and not without: $redirect_steps redirected steps', async ({
    redirect_steps,
    wakes,
  }) => {
    const model = silentModel();
    const settings = { ...still, redirect_steps };
    const [[rendered]] = await render({ model, layer: 'relu6', settings, batch: 1, jobs: [[job(2, 0)]] });
    expect(rendered.curve[0]).toBe(0);
    expect(rendered.curve.some((score) => score > 0)).toBe(wakes);
    expect(rendered.state).toBe(wakes ? 'ok' : 'flat');
  });
});

/** Two channels behind a ReLU6 whose bias keeps them below zero for every grey picture. */
function silentModel(): Model {
  return handMadeModel((builder) => {
    const weights = builder.constant(float32([2, 3, 3, 3], draws('silent', 54, 0.5)));
    const conv = builder.add('Conv', [INPUT, weights, builder.constant(float32([2], [-0.5, -0.5]))], PLAIN_CONV, { outputs: ['conv'] });
    builder.add('Clip', [conv, builder.scalar(0), builder.scalar(6)], {}, { outputs: ['relu6'] });
  });
}
