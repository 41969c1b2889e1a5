/** Redirected gradients: image by image, only where nothing gets through a non-linearity. */
import { describe, expect, test } from 'vitest';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { REDIRECTED } from '../../generator/gradient/redirect.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32 } from '../../generator/graph/tensor.ts';
import { hostPrograms } from '../../generator/render/host-programs.ts';
import { resolveSettings } from '../../generator/render/presets.ts';
import { evaluate } from './evaluate.ts';
import { tinyModel } from './tiny-model.ts';

/** The gradient by x `[2,4]` of Σ slopes · f(x), with redirection. */
async function gradient(op: 'Relu' | 'Clip', x: number[], slopes: number[], bounds: [number | undefined, number | undefined] = [0, 6]) {
  const builder = new GraphBuilder();
  builder.input('x', { dtype: 'float32', shape: [2, 4] });
  const limits = bounds.map((bound) => (bound === undefined ? '' : builder.scalar(bound)));
  const y = op === 'Relu' ? builder.add('Relu', ['x'], {}) : builder.add('Clip', ['x', ...limits], {});
  const score = builder.add('Mul', [y, builder.constant(float32([2, 4], slopes))], {});
  const [values] = await evaluate(builder, [differentiate(builder, score, 'x', REDIRECTED)], { x: float32([2, 4], x) });
  return Array.from(values, (value) => value + 0);
}

describe('ReLU', () => {
  test('a silent image gets relu(dL/dy), its neighbour the plain gradient', async () => {
    const slopes = [1, -2, 3, -4, 1, -2, 3, -4];
    expect(await gradient('Relu', [-1, -2, -3, -4, 1, 1, -1, 0], slopes)).toEqual([1, 0, 3, 0, 1, -2, 0, 0]);
  });

  test('an image with open units whose gradients are all zero counts as silent', async () => {
    expect(await gradient('Relu', [1, -2, 3, -4, 1, 1, 1, 1], [0, 5, 0, -5, 1, 1, 1, 1])).toEqual([0, 5, 0, 0, 1, 1, 1, 1]);
  });

  test('gradients that cancel are not taken for silence', async () => {
    expect(await gradient('Relu', [1, 1, -1, -1, 2, 2, 2, 2], [7, -7, 5, 5, 1, 1, 1, 1])).toEqual([7, -7, 0, 0, 1, 1, 1, 1]);
  });
});

describe('ReLU6', () => {
  test('a unit stuck below keeps what would raise it, one stuck above what would lower it', async () => {
    const slopes = [1, -2, 3, -4, 1, -2, 3, -4];
    expect(await gradient('Clip', [-1, -2, 7, 8, 3, 8, -1, 5], slopes)).toEqual([1, 0, 0, -4, 1, 0, 0, -4]);
  });

  test('a bound alone blocks on its own side alone', async () => {
    const [x, slopes] = [
      [-1, -2, -3, -4, 1, 1, 1, 1],
      [1, -2, 3, -4, 1, 1, 1, 1],
    ];
    expect(await gradient('Clip', x, slopes, [0, undefined])).toEqual([1, 0, 3, 0, 1, 1, 1, 1]);
    const above = x.map((value) => 6 - value);
    expect(await gradient('Clip', above, slopes, [undefined, 6])).toEqual([0, -2, 0, -4, 1, 1, 1, 1]);
  });
});

test('a network without ReLUs has no second program, one with them has', () => {
  const settings = resolveSettings({ size: 16, pad: 2, jitter: 2, final_jitter: 2, redirect_steps: 4 });
  expect(hostPrograms({ model: tinyModel(), layer: 'first', settings }).redirected).toBeUndefined();
  expect(hostPrograms({ model: tinyModel(), layer: 'second', settings }).redirected).toBeDefined();
  expect(hostPrograms({ model: tinyModel(), layer: 'second', settings: { ...settings, redirect_steps: 0 } }).redirected).toBeUndefined();
});
