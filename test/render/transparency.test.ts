/** Transparency: the composite, its gradient with the penalties on alpha, the backgrounds' draws, and MACO's alpha from its gradients. */
import { describe, expect, test } from 'vitest';
import type { RenderSettings } from '../../data/schema.ts';
import { float32, float32Data, sizeOf, type Tensor } from '../../generator/graph/tensor.ts';
import { STATE } from '../../generator/render/adam.ts';
import { openRenderer } from '../../generator/render/open.ts';
import { parameterShape } from '../../generator/render/parameterisation.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { updateGraph } from '../../generator/render/programs.ts';
import { appendGradientAlpha, drawBackground } from '../../generator/render/transparency.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { expectNear } from './evaluate.ts';
import { draws, tinyModel } from './tiny-model.ts';

const SIZE = 6;
const AREA = SIZE * SIZE;
const BATCH = 2;
const SETTINGS: RenderSettings = {
  ...PRESET_SETTINGS.lucid,
  size: SIZE,
  parameterisation: 'pixel',
  transparency: { mean_alpha: 0.7, alpha_blur: 0.3 },
};

/** ½ Σ (x − blurred)² by a 3×3 window, 1 at its centre and ½ on its rim, over the weight that lies inside. */
function blurred(plane: ArrayLike<number>): number[] {
  return Array.from({ length: AREA }, (_, i) => {
    let [sum, weight] = [0, 0];
    for (let j = -1; j <= 1; j++)
      for (let k = -1; k <= 1; k++) {
        const [y, x] = [Math.floor(i / SIZE) + j, (i % SIZE) + k];
        if (y < 0 || y >= SIZE || x < 0 || x >= SIZE) continue;
        const entry = j === 0 && k === 0 ? 1 : 0.5;
        sum += entry * plane[y * SIZE + x];
        weight += entry;
      }
    return sum / weight;
  });
}

test('the network sees alpha · colour + (1 − alpha) · background, and the gradient is that of score · (1 − k · mean alpha) less the blur', async () => {
  const shape = parameterShape(BATCH, SETTINGS, 3);
  const program = await openOnnxRuntime({ threads: 1 }).compile(updateGraph({ model: tinyModel(), settings: SETTINGS, batch: BATCH }));
  const parameters = draws('parameters', sizeOf(shape));
  // A score linear in what the network sees: its gradient is this, and its value their product.
  const viewGradient = draws('view gradient', BATCH * 3 * AREA);
  const zeros = float32(shape, new Float32Array(parameters.length));
  const background = drawBackground(4, 2, SETTINGS, 3);
  const run = (values: Float32Array, before: Float32Array, scores: readonly number[]) =>
    program.run({
      parameters: float32(shape, values),
      first: zeros,
      second: zeros,
      image_gradient: float32([BATCH, 3, SIZE, SIZE], viewGradient),
      image_before: float32([BATCH, 4, SIZE, SIZE], before),
      score_before: float32([BATCH], [...scores]),
      background,
      background_next: background,
      rate: float32([], [0]),
      correction: float32([], [1]),
    });
  const read = (outputs: Record<string, unknown>, name: string) => float32Data(outputs[name] as Tensor, name);
  const shown = async (values: Float32Array) => {
    const outputs = await run(values, new Float32Array(BATCH * 4 * AREA), [0, 0]);
    return { image: read(outputs, 'image'), view: read(outputs, 'view') };
  };
  const { image, view } = await shown(parameters);
  const alphaOf = (picture: Float32Array, b: number) => picture.subarray((4 * b + 3) * AREA, (4 * b + 4) * AREA);
  const scoresOf = (seen: Float32Array) =>
    [0, 1].map((b) => seen.subarray(b * 3 * AREA, (b + 1) * 3 * AREA).reduce((sum, x, i) => sum + x * viewGradient[b * 3 * AREA + i], 0));

  // One background for both pictures: what is behind can be read off one of them, and must be what the other is over.
  const behind = (b: number, i: number) => {
    const alpha = alphaOf(image, b)[i % AREA];
    return (view[b * 3 * AREA + i] - alpha * image[b * 4 * AREA + i]) / (1 - alpha);
  };
  const backgrounds = [0, 1].map((b) => Array.from({ length: 3 * AREA }, (_, i) => behind(b, i)));
  expectNear(backgrounds[0], backgrounds[1], 1e-4);
  expect(Math.min(...backgrounds[0])).toBeGreaterThan(0);
  expect(Math.max(...backgrounds[0]) - Math.min(...backgrounds[0])).toBeGreaterThan(0.2);

  const fixed = [0, 1].map((b) => blurred(alphaOf(image, b)));
  const value = async (values: Float32Array) => {
    const now = await shown(values);
    return scoresOf(now.view).reduce((sum, score, b) => {
      const alpha = [...alphaOf(now.image, b)];
      const mean = alpha.reduce((total, x) => total + x, 0) / AREA;
      const blur = alpha.reduce((total, x, i) => total + (x - fixed[b][i]) ** 2 / 2, 0);
      return sum + score * (1 - 0.7 * mean) - 0.3 * blur;
    }, 0);
  };
  const gradient = read(await run(parameters, image, scoresOf(view)), STATE.first).map((moment) => 10 * moment);
  const largest = Math.max(...gradient.map(Math.abs));
  const step = 1 / 64;
  for (let i = 0; i < parameters.length; i += 5) {
    const [up, down] = [parameters.slice(), parameters.slice()];
    up[i] += step;
    down[i] -= step;
    const difference = ((await value(up)) - (await value(down))) / (2 * step);
    expect(Math.abs(gradient[i] - difference), `parameter ${i}`).toBeLessThan(1e-2 * largest);
  }
  await program.dispose();
});

test('backgrounds are named by seed and step', () => {
  expect(drawBackground(1, 2, SETTINGS, 3)).toEqual(drawBackground(1, 2, { ...SETTINGS, steps: 7 }, 3));
  expect(drawBackground(1, 3, SETTINGS, 3)).not.toEqual(drawBackground(1, 2, SETTINGS, 3));
  expect(drawBackground(2, 2, SETTINGS, 3)).not.toEqual(drawBackground(1, 2, SETTINGS, 3));
});

describe('rendered', () => {
  const runtime = openOnnxRuntime({ threads: 1 });
  const moves = { size: 16, steps: 5, pad: 2, jitter: 2, final_jitter: 1, redirect_steps: 0 };
  const job = (channel: number) => {
    const direction = new Float32Array(6);
    direction[channel] = 1;
    return { unit: `channel-${channel}`, direction, seed: 3 };
  };

  test.each([
    {},
    { parameterisation: 'maco' },
    { parameterisation: 'pixel', grey_scale: true },
  ] as Partial<RenderSettings>[])('pictures have four bytes a pixel and do not depend on their neighbours, with %o', async (said) => {
    const settings = { ...PRESET_SETTINGS.atlas, ...moves, transparency: {}, ...said };
    const renderer = await openRenderer({ model: tinyModel(), runtime, layer: 'first', settings, batch: 2 });
    const both = await renderer.render([job(1), job(4)]);
    const [alone] = await renderer.render([job(4)]);
    await renderer.dispose();
    expect(both[1].pixels).toHaveLength(16 * 16 * 4);
    expect(alone).toEqual(both[1]);
    const alphas = both[0].pixels.filter((_, i) => i % 4 === 3);
    expect(new Set(alphas).size).toBeGreaterThan(8);
  });
});

test('MACO’s alpha is the gradients’ sum over colours, cut at its 80th percentile', () => {
  const images = Float32Array.from({ length: 2 * 2 * 5 }, (_, i) => i / 20);
  const accumulated = Float32Array.from([1, 2, 3, 4, 5, 1, 2, 3, 4, 15, ...Array.from({ length: 10 }, () => 0)]);
  const result = appendGradientAlpha(images, accumulated, 2, 2);
  expect(result).toHaveLength(2 * 3 * 5);
  expect([...result.subarray(0, 10)]).toEqual([...images.subarray(0, 10)]);
  // Sums 2 4 6 8 20: of five values the one at 80% is the largest.
  expectNear(result.subarray(10, 15), [0.1, 0.2, 0.3, 0.4, 1], 1e-6);
  expect([...result.subarray(25, 30)]).toEqual([1, 1, 1, 1, 1]);
});
