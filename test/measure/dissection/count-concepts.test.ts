/** Pass two: the counts of the slow way to the bit, of whatever batch and threads, the same when layer and directions are turned together. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../generator/graph/builder.ts';
import { float32, float32Data, type Tensor } from '../../../generator/graph/tensor.ts';
import { ActiveCounter } from '../../../generator/measure/dissection/count-active.ts';
import { type CountRequest, countConcepts } from '../../../generator/measure/dissection/count-concepts.ts';
import { noLayerCounts } from '../../../generator/measure/dissection/counts.ts';
import { type Grid, layerGrid } from '../../../generator/measure/dissection/grid.ts';
import { conceptTable, flattenLabels } from '../../../generator/measure/dissection/image-labels.ts';
import { permuteRun } from '../../../generator/measure/dissection/permutation.ts';
import { emptyInput, writeInput } from '../../../generator/measure/passes/network-input.ts';
import { findLayer } from '../../../generator/models/layers.ts';
import { INPUT, type Model } from '../../../generator/models/model.ts';
import { RandomStream } from '../../../generator/render/random.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { handMadeModel, PLAIN_CONV, tinyModel } from '../../render/tiny-model.ts';
import { countDirectly } from './direct.ts';
import { PLANTED, plantedImages, someDirections } from './planted-images.ts';

const one = openOnnxRuntime({ threads: 1 });

const model = tinyModel();
const second = { layer: 'second', ...someDirections(6, 9, 0.5) };
const third = { layer: 'third-relu', ...someDirections(5, 4, 0.3) };

describe('the counts', () => {
  test.each([
    ['a layer as wide as the image', { rows: { count: 13, start: 0, step: 1 }, columns: { count: 13, start: 0, step: 1 }, skip: 0 }, 13],
    ['an odd stride and an offset', { rows: { count: 5, start: 1, step: 3 }, columns: { count: 5, start: 1, step: 3 }, skip: 0 }, 15],
    [
      'centres between pixels, not square',
      { rows: { count: 3, start: 2.5, step: 5.5 }, columns: { count: 7, start: 0.25, step: 2 }, skip: 0 },
      17,
    ],
    [
      'one row, and centres off the image',
      { rows: { count: 1, start: 3, step: 9 }, columns: { count: 4, start: -4, step: 7 }, skip: 0 },
      11,
    ],
    ['one position', { rows: { count: 1, start: 4, step: 9 }, columns: { count: 1, start: 4, step: 9 }, skip: 0 }, 9],
    [
      'more positions than pixels',
      { rows: { count: 19, start: -0.3, step: 0.5 }, columns: { count: 19, start: -0.3, step: 0.5 }, skip: 0 },
      9,
    ],
    ['tokens after a class token', { rows: { count: 4, start: 1.5, step: 4 }, columns: { count: 4, start: 1.5, step: 4 }, skip: 1 }, 16],
  ] as [string, Grid, number][])('are those of upsampling and comparing every pixel: %s', async (name, grid, size) => {
    const images = plantedImages(12, size);
    const area = grid.skip + grid.rows.count * grid.columns.count;
    const levels = Float64Array.of(1.2, 0, -0.7, 5, 0.25);
    const scores = Array.from({ length: images.n }, (_, i) => {
      const stream = new RandomStream(name, i);
      // Steps of a quarter, so that values equal to the level, and to each other, are common.
      return Float32Array.from({ length: levels.length * area }, () => (stream.below(4) ? stream.normal() : stream.below(8) / 4));
    });
    const permuted = permuteRun([0, images.n], 3);
    const table = conceptTable(PLANTED);
    const counts = noLayerCounts(levels.length, table.concepts.length, table.categories.length);
    const counter = new ActiveCounter({ grid, levels }, size, table, counts);
    const labels = await Promise.all(
      scores.map(async (_, i) => flattenLabels((await images.labels?.(i)) ?? { cell: new Uint8Array(), concepts: [] }, size, table, i)),
    );
    for (const [i, values] of scores.entries()) counter.add(values, 0, labels[i], labels[permuted[i]], i % 2 === 0 ? 0 : 1);
    const expected = await countDirectly({ images, grid, levels, scores: (i) => scores[i], permuted: (i) => permuted[i] });
    expect(counts).toEqual({
      directions: levels.length,
      intersection: expected.intersection,
      active: expected.active,
      above: expected.above,
      positions: expected.positions,
    });
    expect(counts.intersection.some((count) => count > 0)).toBe(true);
  });

  test.each([15, 16])('of a network are those of its scores, counted the slow way, at %i pixels', async (size) => {
    const images = plantedImages(9, size);
    const results = await countConcepts({ model, layers: [second, third], images, runtime: one, seed: 5 });
    for (const [i, { layer, directions, levels }] of [second, third].entries()) {
      const scores = await networkScores(model, layer, directions, images);
      const permuted = permuteRun([0, images.n], 5);
      const grid = layerGrid(model, findLayer(model, layer, size), size);
      const expected = await countDirectly({ images, grid, levels, scores: (at) => scores[at], permuted: (at) => permuted[at] });
      const { category, ...counts } = results[i];
      expect(counts).toEqual(expected);
      expect(category).toEqual(Int32Array.of(0, 0, 0, 0, 1, 1, 2));
      expect(counts.above.some((above) => above > 0 && above < counts.positions)).toBe(true);
    }
  });

  test('do not depend on the batch, nor on who counts', async () => {
    const images = plantedImages(21, 16);
    const request: CountRequest = { model, layers: [second, third], images };
    const expected = await countConcepts({ ...request, runtime: one });
    for (const batch of [4, 21]) expect(await countConcepts({ ...request, runtime: one, batch })).toEqual(expected);
    for (const threads of [1, 3]) expect(await countConcepts({ ...request, threads, batch: 2 })).toEqual(expected);
  });

  test('are the same when the layer and the directions are turned together', async () => {
    // Hadamard's matrix over 2 is a rotation; with eighths for weights and values of 0 and 1 every sum is exact.
    const turn = [1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1].map((sign) => sign / 2);
    const stream = new RandomStream('turn');
    const weight = Float32Array.from({ length: 4 * 3 * 9 }, () => (stream.below(33) - 16) / 8);
    const turned = product(turn, weight, 4, 4, 27);
    const { directions } = { directions: Float32Array.from({ length: 7 * 4 }, () => (stream.below(9) - 4) / 4) };
    // A row v becomes v·Rᵀ, so that v·a = (vRᵀ)(Ra).
    const rows = product(directions, transposed(turn), 7, 4, 4);
    const images = plantedImages(16, 17);
    const levels = new Float64Array(7).fill(1.3);
    const count = async (kernel: Float32Array, vectors: Float32Array) =>
      countConcepts({ model: oneLayer(kernel), layers: [{ layer: 'layer', directions: vectors, levels }], images, runtime: one });
    const before = await count(weight, directions);
    expect(await count(turned, rows)).toEqual(before);
    expect(before[0].above.some((above) => above > 0)).toBe(true);
    // And not when the directions stay.
    expect(await count(turned, directions)).not.toEqual(before);
  });
});

/** Scores of every image by a program of its own: the network, then the product. */
async function networkScores(network: Model, layer: string, directions: Float32Array, images: ReturnType<typeof plantedImages>) {
  const { size, n } = images;
  const builder = GraphBuilder.from(network.graph({ layers: [layer], batch: 1, height: size, width: size }));
  const [, channels, height, width] = builder.shape(layer);
  const flat = builder.add('Reshape', [layer, builder.integers([channels, height * width])], { allowzero: 0 });
  const rows = builder.constant(float32([directions.length / channels, channels], directions));
  const program = await one.compile(builder.build([builder.add('MatMul', [rows, flat], {}, { outputs: ['scores'] })]));
  const input = emptyInput(network.preprocess, 1, size);
  const all: Float32Array[] = [];
  for (let i = 0; i < n; i++) {
    writeInput([await images.picture(i)], size, network.preprocess, input.data);
    all.push(float32Data((await program.run({ [INPUT]: input })).scores as Tensor, 'scores').slice());
  }
  await program.dispose();
  return all;
}

/** A network of one convolution, 3 → 4 channels, of stride 2, of pixels of 0 and 1. */
function oneLayer(weight: Float32Array): Model {
  return handMadeModel(
    (builder) => {
      const attributes = { ...PLAIN_CONV, strides: [2, 2], pads: [1, 1, 1, 1] };
      builder.add('Conv', [INPUT, builder.constant(float32([4, 3, 3, 3], weight))], attributes, { outputs: ['layer'] });
    },
    { scale: [1, 1, 1], offset: [0, 0, 0] },
  );
}

function product(a: ArrayLike<number>, b: ArrayLike<number>, rows: number, inner: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += a[Math.floor(at / columns) * inner + k] * b[k * columns + (at % columns)];
    return sum;
  });
}

function transposed(matrix: readonly number[]): number[] {
  return matrix.map((_, at) => matrix[(at % 4) * 4 + Math.floor(at / 4)]);
}
