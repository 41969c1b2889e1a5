/** Networks with one, two, four and thirteen channels of input: the picture's shape, what is shown of it, and what it is scored by. */
import { describe, expect, test } from 'vitest';
import type { RenderSettings } from '../../data/schema.ts';
import { checkLayer } from '../../generator/render/check.ts';
import { openRenderer } from '../../generator/render/open.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { openProbe } from '../../generator/render/probe.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { expectNear } from './evaluate.ts';
import { tinyModel } from './tiny-model.ts';

const runtime = openOnnxRuntime({ threads: 1 });
const SIZE = 16;
const SETTINGS: RenderSettings = { ...PRESET_SETTINGS.atlas, size: SIZE, steps: 8, pad: 2, jitter: 2, final_jitter: 1, redirect_steps: 2 };

const job = (channel: number, seed = 1) => {
  const direction = new Float32Array(6);
  direction[channel] = 1;
  return { unit: `channel-${channel}`, direction, seed };
};

describe.each([1, 2, 4, 13])('a network of %i channels', (colours) => {
  const model = tinyModel(colours);

  test('renders pictures that climb, each shown as it should be', async () => {
    const still = { ...SETTINGS, pad: 0, jitter: 0, final_jitter: 0, rotate: 0, scale: [1, 1] as [number, number] };
    const renderer = await openRenderer({ model, runtime, layer: 'first', settings: still, batch: 2 });
    const [{ pixels, values, curve, state }] = await renderer.render([job(1), job(3)]);
    await renderer.dispose();
    expect(state).toBe('ok');
    expect(curve.at(-1)).toBeGreaterThan(curve[0]);
    expect(pixels).toHaveLength(SIZE * SIZE * 3);
    const plane = (k: number) => pixels.filter((_, i) => i % 3 === k);
    if (colours === 1) {
      expect(values).toBeUndefined();
      expect(plane(1)).toEqual(plane(0));
      expect(plane(2)).toEqual(plane(0));
      return;
    }
    expect(values).toHaveLength(colours * SIZE * SIZE);
    for (let k = 0; k < Math.min(3, colours); k++)
      expect([...plane(k)]).toEqual(
        [...(values ?? []).slice(k * SIZE * SIZE, (k + 1) * SIZE * SIZE)].map((value) => Math.round(255 * value)),
      );
    if (colours === 2) expect(new Set(plane(2))).toEqual(new Set([128]));
  });

  test('is read and checked by pictures of as many', async () => {
    const probe = await openProbe({ model, runtime, layer: 'first', settings: SETTINGS, batch: 1 });
    expect(probe.colours).toBe(colours);
    const pooled = await probe.pooled(new Float32Array(2 * colours * SIZE * SIZE).fill(0.5), 2);
    await probe.dispose();
    expect(pooled).toHaveLength(12);
    expect(pooled.subarray(6)).toEqual(pooled.subarray(0, 6));
    const { gradient, finite_difference } = await checkLayer({ model, runtime, layer: 'first' });
    expect(gradient.shape).toEqual([colours, SIZE, SIZE]);
    expect(finite_difference).toBeLessThan(1e-2);
  });
});

describe('on a device, whose whole step is one program', () => {
  const cases: [string, Partial<RenderSettings>, number][] = [
    ['pixels', { parameterisation: 'pixel' }, 3],
    ['a pyramid of four channels', { parameterisation: 'laplacian-pyramid', levels: 2 }, 4],
    ['MACO with its alpha', { parameterisation: 'maco', transparency: {} }, 3],
    ['a transparent picture', { transparency: {} }, 3],
    ['a network from coordinates', { parameterisation: 'cppn', cppn: { layers: 3, hidden: 6 } }, 3],
    ['grey', { grey_scale: true }, 3],
    ['a cosine', { cosine_power: 2 }, 3],
    ['diversity and alignment', { group: { pictures: 2, diversity: 0.5, alignment: 0.5, layer: 'third' } }, 3],
    [
      'penalties',
      {
        penalties: [
          { kind: 'blur', weight: 0.1 },
          { kind: 'boundary', weight: 0.1, width: 2 },
        ],
      },
      3,
    ],
  ];
  test.each(cases)('the pictures are those of the host: %s', async (_, said, colours) => {
    // Few steps: Adam makes rounding errors grow.
    const settings = { ...SETTINGS, steps: 5, ...said };
    const rendered = [];
    for (const memory of ['host', 'device'] as const) {
      // The runtime is the same: a resident value of the host is a tensor to the device's program.
      const renderer = await openRenderer({
        model: tinyModel(colours),
        runtime: { ...runtime, memory },
        layer: 'first',
        settings,
        batch: 2,
      });
      rendered.push(await renderer.render(settings.group ? [job(1, 1), job(1, 2)] : [job(1), job(3)]));
      await renderer.dispose();
    }
    const [host, device] = rendered;
    for (const [i, { pixels, curve, state }] of device.entries()) {
      expect(state).toBe(host[i].state);
      expect(pixels).toHaveLength(host[i].pixels.length);
      expect(Math.max(...pixels.map((value, k) => Math.abs(value - host[i].pixels[k])))).toBeLessThanOrEqual(1);
      expectNear(curve, host[i].curve, 2e-3 * Math.max(1, ...host[i].curve.map(Math.abs)));
    }
  });
});
