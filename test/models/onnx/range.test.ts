/** The range of pixels that a file wants: from its metadata, its operators, the user, or by custom. */

import { describe, expect, test } from 'vitest';
import { openModel } from '../../../generator/models/open.ts';
import { picture, runLayer } from './compare.ts';
import { chain, type ModelSpec, type NodeSpec, weight, write } from './write-model.ts';

describe('the range of pixels', () => {
  const opened = async (more: Partial<ModelSpec>, nodes: NodeSpec[] = []) =>
    openModel(
      await write({
        ...chain([], []),
        nodes: [...nodes, { op: 'Conv', inputs: [nodes.at(-1)?.outputs[0] ?? 'image', 'k'], outputs: ['out'] }],
        tensors: [weight('k', [2, 3, 1, 1]), { name: 'half', shape: [], values: [127.5] }],
        ...more,
      }),
    );

  test("is ImageNet's by assumption, and says so", async () => {
    const model = await opened({});
    expect(model.preprocess.scale[0]).toBeCloseTo(1 / 0.229);
    expect(model.preprocess.offset[2]).toBeCloseTo(-0.406 / 0.225);
    expect(model.assumptions[0]).toMatch(/^pixel values are from 0 to 1, less ImageNet's mean/);
    expect(model.assumedPixels).toEqual({ range: [0, 1], mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
  });

  test('is what the metadata says', async () => {
    expect((await opened({ metadata: { 'Image.NominalPixelRange': 'Normalized_1_1' } })).preprocess).toEqual({
      scale: [2, 2, 2],
      offset: [-1, -1, -1],
    });
    const stated = await opened({ metadata: { mean: '[0.5, 0.5, 0.5]', std: '[0.25, 0.25, 0.25]' } });
    expect(stated.preprocess).toEqual({ scale: [4, 4, 4], offset: [-2, -2, -2] });
    expect(stated.assumedPixels).toBeUndefined();
    expect((await opened({ metadata: { stride: '32', task: 'detect', names: '{}', imgsz: '[64, 64]' } })).preprocess).toEqual({
      scale: [1, 1, 1],
      offset: [0, 0, 0],
    });
  });

  test('follows from what the file itself does first', async () => {
    const nodes: NodeSpec[] = [
      { op: 'Sub', inputs: ['image', 'half'], outputs: ['a'], name: 'centre' },
      { op: 'Div', inputs: ['a', 'half'], outputs: ['b'] },
    ];
    const model = await opened({}, nodes);
    expect(model.preprocess).toEqual({ scale: [255, 255, 255], offset: [0, 0, 0] });
    expect(model.assumptions[0]).toBe('pixel values are from 0 to 255: the file scales its input itself ("centre")');
    expect(model.assumedPixels).toBeUndefined();
  });

  test('is what the user says, above all', async () => {
    const file = await write(chain([], [], { metadata: { mean: '[1, 1, 1]' }, outputs: [{ name: 'x' }] }));
    const model = await openModel(file, { pixels: { range: [0, 255], mean: [100], std: [1, 2, 4] } });
    expect(model.preprocess).toEqual({ scale: [255, 127.5, 63.75], offset: [-100, -50, -25] });
    expect(model.assumptions).toEqual([]);
    expect(model.assumedPixels).toBeUndefined();
  });

  test('blue first is turned round', async () => {
    const model = await opened({ metadata: { 'Image.BitmapPixelFormat': 'Bgr8' } });
    const plain = await opened({});
    const data = picture([1, 3, 8, 8]);
    const swapped = Float32Array.from(data, (_, i) => data[(2 - Math.floor(i / 64)) * 64 + (i % 64)]);
    expect(await runLayer(model, 'out', [1, 3, 8, 8], data)).toEqual(await runLayer(plain, 'out', [1, 3, 8, 8], swapped));
  });
});
