/** Permuted masks: everybody gets another image's of the same half, each once, whatever the number of images. */
import { expect, test } from 'vitest';
import { countConcepts } from '../../../generator/measure/dissection/count-concepts.ts';
import { permutationRuns, permuteRun } from '../../../generator/measure/dissection/permutation.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { pixels, plantedImages } from './planted-images.ts';

test.each([4, 5, 255, 256, 257, 511, 513, 1000])('%i images: each has another’s masks, of its half', (n) => {
  const runs = permutationRuns(n);
  expect(runs[0][0]).toBe(0);
  expect(runs.at(-1)?.[1]).toBe(n);
  const given = runs.flatMap((run) => [...permuteRun(run, 7)]);
  expect(given.length).toBe(n);
  expect(new Set(given).size).toBe(n);
  for (const [image, other] of given.entries()) {
    expect(other).not.toBe(image);
    expect(other % 2).toBe(image % 2);
  }
});

test('another seed gives others', () => {
  expect(permuteRun([0, 100], 1)).not.toEqual(permuteRun([0, 100], 2));
});

test('labels are read once each, over several runs, and the counts are those of all images', async () => {
  const read: number[] = [];
  const images = plantedImages(600, 8);
  const watched = {
    ...images,
    labels: async (index: number) => {
      read.push(index);
      return (await images.labels?.(index)) ?? { cell: new Uint8Array(), concepts: [] };
    },
  };
  const layers = [{ layer: 'layer', directions: Float32Array.of(0, 0, 1), levels: Float64Array.of(0.5) }];
  const [counts] = await countConcepts({ model: pixels(), layers, images: watched, runtime: openOnnxRuntime({ threads: 1 }), batch: 7 });
  expect(read).toEqual(Array.from({ length: 600 }, (_, i) => i));
  expect(counts.images).toBe(600);
  expect([...counts.pixels]).toEqual([300 * 64, 300 * 64]);
  // Active where blue is full: the blue rectangles and the white ones.
  const [blue, white] = [2, 3];
  for (const half of [0, 1]) {
    for (const concept of [blue, white]) expect(counts.intersection[half * 7 + concept]).toBe(counts.present[half * 7 + concept]);
    expect(counts.active[half * 3]).toBe(counts.present[half * 7 + blue] + counts.present[half * 7 + white]);
  }
});
