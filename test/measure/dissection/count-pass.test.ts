/** Pass two as its caller sees it: progress, stopping, and what it refuses. */
import { describe, expect, test } from 'vitest';
import { type CountRequest, countConcepts } from '../../../generator/measure/dissection/count-concepts.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { openTfjsRuntime } from '../../../generator/runtime/tfjs/open.ts';
import { tinyModel } from '../../render/tiny-model.ts';
import { plantedImages, someDirections } from './planted-images.ts';

const one = openOnnxRuntime({ threads: 1 });
const model = tinyModel();
const second = { layer: 'second', ...someDirections(6, 9, 0.5) };

describe('the pass', () => {
  test('reads every image once and tells how far it is', async () => {
    const images = plantedImages(11, 16);
    const seen: number[] = [];
    await countConcepts({ model, layers: [second], images, threads: 2, batch: 3, onProgress: (done) => seen.push(done) });
    expect(seen).toEqual([3, 6, 9, 11]);
    expect(images.read.pictures).toBe(11);
  });

  test('stops when it is told to, and not only after the last image', async () => {
    const images = plantedImages(40, 16);
    for (const where of [{ threads: 2 }, { runtime: one }]) {
      const controller = new AbortController();
      const seen: number[] = [];
      const onProgress = (done: number) => {
        seen.push(done);
        if (done === 6) controller.abort(new Error('enough'));
      };
      const counting = countConcepts({ model, layers: [second], images, batch: 2, ...where, signal: controller.signal, onProgress });
      await expect(counting).rejects.toThrow('enough');
      expect(seen).toEqual([2, 4, 6]);
    }
  });

  test('fails with the reason where an image is not of the size that the set says, in a thread too', async () => {
    const images = plantedImages(8, 16);
    const wrong = { ...images, picture: async (i: number) => ({ ...(await images.picture(i)), ...(i === 5 ? { size: 12 } : {}) }) };
    for (const where of [{ threads: 2 }, { runtime: one }])
      await expect(countConcepts({ model, layers: [second], images: wrong, ...where })).rejects.toThrow(
        'the images: expected pictures of 16 pixels a side, as the set says for a picture, received 12',
      );
  });

  test('wants a set with masks, four images, and a level for every direction', async () => {
    const images = plantedImages(8, 16);
    const { concepts: _, labels: __, ...bare } = images;
    const count = (request: Partial<CountRequest>) => countConcepts({ model, layers: [second], images, runtime: one, ...request });
    await expect(count({ images: bare })).rejects.toThrow('the images "planted": expected masks of concepts for the set, received "none"');
    await expect(count({ images: plantedImages(3, 16) })).rejects.toThrow('expected four or more');
    await expect(count({ layers: [{ ...second, levels: new Float64Array(8) }] })).rejects.toThrow(
      'second: expected 8×6 values, one row or more for the directions (with a level each), received 54',
    );
    const labels = async () => ({ cell: new Uint8Array(256).fill(2), concepts: [[0], [99]] });
    await expect(count({ images: { ...images, labels } })).rejects.toThrow('the labels of image 0: expected a number below 2');
  });

  test('runs on the other runtime too, and on one that keeps its values to itself', async () => {
    const images = plantedImages(8, 16);
    const request: CountRequest = { model, layers: [second], images, batch: 3 };
    const expected = await countConcepts({ ...request, runtime: one });
    expect(await countConcepts({ ...request, runtime: { ...one, memory: 'device' } })).toEqual(expected);
    const [other] = await countConcepts({ ...request, runtime: await openTfjsRuntime({ backend: 'cpu' }) });
    // Sums in another order: a pixel may fall on the other side of a level.
    for (const [i, count] of other.intersection.entries()) expect(Math.abs(count - expected[0].intersection[i])).toBeLessThanOrEqual(2);
  });
});
