/** Rotating a layer within a network: what it computes stays, and the layer itself turns. */
import { expect, it } from 'vitest';
import { findLinearLayer } from '../../../generator/compare/controls/find-linear-layer.ts';
import { findRotated, foldRotation, rotateLayer } from '../../../generator/compare/controls/fold-rotation.ts';
import { haarRotation } from '../../../generator/compare/controls/study.ts';
import type { Model } from '../../../generator/models/model.ts';
import { activationsOf, noiseImages } from '../../measure/passes/noise-images.ts';
import { defaultModel } from '../../requires.ts';
import { linearNetwork } from './linear-network.ts';

const network = linearNetwork();
const rotation = haarRotation(5, ['test', 'bottleneck']);
const rotated = rotateLayer(network, 'bottleneck', rotation, 'rotated');
const graphOf = (model: Model, layers: readonly string[], size = 16) => model.graph({ layers, batch: 1, height: size, width: size });

const apart = (a: Float32Array, b: Float32Array) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

it.each([15, 16])('leaves the outputs as they were, at %i pixels, border and all', async (size) => {
  const images = noiseImages(2, size);
  for (const layer of ['expand', 'last', 'out']) {
    const [before, after] = [await activationsOf(network, layer, images, 1), await activationsOf(rotated, layer, images, 1)];
    expect(before.some((value) => Math.abs(value) > 0.1)).toBe(true);
    expect(apart(before, after)).toBeLessThan(1e-5);
  }
});

it('turns the layer, and the sum that a residual addition ties to it: a′ = R·a at every position', async () => {
  const images = noiseImages(2, 16);
  for (const layer of ['bottleneck', 'sum']) {
    const [before, after] = [await activationsOf(network, layer, images, 0), await activationsOf(rotated, layer, images, 0)];
    const area = before.length / 5;
    const expected = before.map((_, i) => {
      const [row, position] = [Math.floor(i / area), i % area];
      return [0, 1, 2, 3, 4].reduce((sum, k) => sum + rotation[row * 5 + k] * before[k * area + position], 0);
    });
    expect(apart(expected, before)).toBeGreaterThan(0.1);
    expect(apart(expected, after)).toBeLessThan(1e-5);
  }
});

it('names what is rotated, what makes it and what takes it up', () => {
  const found = findRotated(graphOf(network, ['out']), 'bottleneck');
  expect(found.values.toSorted()).toEqual(['again', 'bottleneck', 'sum']);
  expect(found.makers.toSorted()).toEqual(['again', 'bottleneck']);
  expect(found.readers.toSorted()).toEqual(['expand', 'last']);
});

it('refuses a layer that a non-linearity reads, naming it', () => {
  expect(() => foldRotation(graphOf(network, ['out']), 'expand', haarRotation(7, ['test', 'expand']))).toThrow(
    'expand: expected values between convolutions of all channels for "expand", which a rotation of the layer reaches, received "read by Relu expand-relu"',
  );
});

it('finds the linear layer of a network, and an output behind it', () => {
  const { layer, output, rotated } = findLinearLayer({ atlas: { layers: [] } as never, model: network }, 16) ?? {};
  expect([layer?.name, output]).toEqual(['bottleneck', 'out']);
  expect(rotated?.readers).toHaveLength(2);
});

it('rotates a bottleneck of the default network with all that a chain of residual additions ties to it', async (context) => {
  const model = await defaultModel(context);
  const layer = model.layers(64).find(({ slug }) => slug === 'expanded-conv-10-project')?.name ?? '';
  const output = model.layers(64).find(({ slug }) => slug === 'expanded-conv-13-project')?.name ?? '';
  const { values, makers, readers } = findRotated(graphOf(model, [output, layer], 64), layer);
  expect([values.length, makers.length, readers.length]).toEqual([5, 3, 3]);
  const turned = rotateLayer(model, layer, haarRotation(96, ['test', layer]), 'rotated');
  const images = noiseImages(1, 64);
  const [before, after] = [await activationsOf(model, output, images, 0), await activationsOf(turned, output, images, 0)];
  const largest = before.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeGreaterThan(0.1);
  expect(apart(before, after) / largest).toBeLessThan(1e-4);
});
