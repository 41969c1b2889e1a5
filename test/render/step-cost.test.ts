/** A step's cost, told from the graph: counts that can be made by hand, and layers in the proportion that was measured. */
import { expect, it } from 'vitest';
import { INPUT } from '../../generator/models/model.ts';
import { resolveSettings } from '../../generator/render/presets.ts';
import { stepCost, stepWork } from '../../generator/render/step-cost.ts';
import { defaultModel } from '../requires.ts';
import { handMadeModel, tinyModel } from './tiny-model.ts';

const settings = resolveSettings({ size: 16, steps: 4 });

it('counts a convolution forward and back', () => {
  const { products, pixels } = stepWork({ model: tinyModel(), layer: 'first', settings });
  const convolution = 16 * 16 * 6 * (3 * 3 * 3);
  // And there and back with the mask, over all positions of 6 channels, and with the direction.
  expect(products).toBe(2 * convolution + 2 * (6 * 16 * 16) + 2 * 6);
  expect(pixels).toBe(256);
});

it('counts the terms of a sum by all of its indices', () => {
  const model = handMadeModel((builder) => {
    builder.add('Einsum', [INPUT, INPUT], { equation: 'bchw,bdhw->bcdw' }, { outputs: ['gram'] });
  });
  const indices = 3 * 3 * 16 * 16;
  const { products } = stepWork({ model, layer: 'gram', settings });
  // Each of its two gradients sums over the same indices; then mask and direction.
  expect(products).toBe(3 * indices + 2 * (3 * 3 * 16) + 2 * 3);
});

it('is of one picture, whether it is made alone or in a group', () => {
  const grouped = resolveSettings({ size: 16, steps: 4, group: { pictures: 4, diversity: 0.5 } });
  const [alone, inGroup] = [settings, grouped].map((one) => stepCost({ model: tinyModel(), layer: 'third', settings: one }));
  expect(inGroup / alone).toBeGreaterThan(0.9);
  expect(inGroup / alone).toBeLessThan(1.3);
});

/** Milliseconds of processor time for a step of a picture, one thread, by `node test/bench/step-cost.ts` (test/bench/RESULTS.md). */
const MEASURED: Record<number, Record<string, number>> = {
  96: { 'expanded-conv-project': 0.651, 'expanded-conv-7-expand-relu6': 2.335, 'expanded-conv-13-expand-relu6': 4.081 },
  128: { 'expanded-conv-project': 1.393, 'expanded-conv-7-expand-relu6': 4.22, 'expanded-conv-13-expand-relu6': 5.647 },
};

it.for([96, 128])('tells the proportions of layers at %i pixels to a fifth', async (size, context) => {
  const model = await defaultModel(context);
  const ratios = Object.entries(MEASURED[size]).map(([slug, measured]) => {
    const layer = model.layers(size).find((one) => one.slug === slug);
    return stepCost({ model, layer: layer?.name ?? slug, settings: resolveSettings({ size, steps: 4 }) }) / measured;
  });
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  for (const ratio of ratios) expect(Math.abs(ratio / mean - 1)).toBeLessThan(0.2);
});
