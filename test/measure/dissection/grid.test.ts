/** Where positions lie: in the middle of the pixels that they see; and what lies between them, as a library resizes it. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../generator/graph/builder.ts';
import { float32Data, type Tensor } from '../../../generator/graph/tensor.ts';
import { type Axis, layerGrid } from '../../../generator/measure/dissection/grid.ts';
import { intervals } from '../../../generator/measure/dissection/interpolation.ts';
import { findLayer } from '../../../generator/models/layers.ts';
import { INPUT, type Layer, type Model } from '../../../generator/models/model.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { draws, handMadeModel, PLAIN_CONV, tinyModel, weights } from '../../render/tiny-model.ts';
import { defaultModel } from '../../requires.ts';
import { upsample } from './direct.ts';

const runtime = openOnnxRuntime({ threads: 1 });

describe('the grid of a layer', () => {
  test.each([
    33, 36,
  ])('has its positions in the middle of what they see, past strides, paddings and pooling, at %i pixels', async (size) => {
    for (const [layer, position] of [
      ['stem', 7],
      ['pool', 3],
      ['last', 3],
    ] as const) {
      const { rows, columns, skip } = layerGrid(crooked, findLayer(crooked, layer, size), size);
      expect(skip).toBe(0);
      expect(rows.start + rows.step * position).toBe(await middleSeen(crooked, layer, size, 0, position));
      expect(columns.start + columns.step * position).toBe(await middleSeen(crooked, layer, size, 1, position));
    }
  });

  test('of the default model has the middles that its gradients show', async (context) => {
    const model = await defaultModel(context);
    const layer = findLayer(model, 'expanded-conv-3-expand', 96);
    const { columns } = layerGrid(model, layer, 96);
    expect(columns.step).toBe(4);
    expect(columns.start + 4 * 12).toBe(await middleSeen(model, layer.name, 96, 1, 12));
  });

  test('has the image’s corners for its own past what moves positions another way', () => {
    const resized = handMadeModel((builder) => {
      const halved = builder.add('Conv', [INPUT, weights(builder, 'w', [4, 3, 3, 3], 1)], { ...PLAIN_CONV, strides: [2, 2] });
      builder.add(
        'ConvTranspose',
        [halved, weights(builder, 'v', [4, 2, 2, 2], 1)],
        { ...PLAIN_CONV, strides: [2, 2], output_padding: [0, 0] },
        { outputs: ['up'] },
      );
    });
    const { rows } = layerGrid(resized, findLayer(resized, 'up', 17), 17);
    expect(rows).toEqual({ count: 16, start: 17 / 32 - 0.5, step: 17 / 16 });
  });

  test('of one position, or of a vector, covers the image whatever its place', () => {
    const layer = findLayer(tinyModel(), 'logits', 16);
    expect(layer.shape).toEqual([5, 1, 1]);
    const { rows } = layerGrid(tinyModel(), layer, 16);
    expect(rows.count).toBe(1);
    const { first, fraction } = intervals(rows, 16);
    expect([...first]).toEqual([0, 16]);
    expect(fraction.every((value) => value === 0)).toBe(true);
  });

  test('of tokens is their square, without those before it; other rows have none', () => {
    const tokens = (count: number): Layer => ({
      ...findLayer(tinyModel(), 'logits', 16),
      slug: 'block-0',
      shape: [8, count, 1],
      layout: 'NTC',
    });
    expect(layerGrid(tinyModel(), tokens(17), 16)).toEqual({
      rows: { count: 4, start: 1.5, step: 4 },
      columns: { count: 4, start: 1.5, step: 4 },
      skip: 1,
    });
    expect(layerGrid(tinyModel(), tokens(16), 16).skip).toBe(0);
    expect(() => layerGrid(tinyModel(), tokens(45), 16)).toThrow('block-0: expected positions that make a square');
  });
});

describe('upsampling', () => {
  test.each([
    [4, 16],
    [5, 17],
    [3, 8],
    [7, 7],
    [1, 6],
  ])('of %i positions to %i pixels is onnxruntime’s, where the corners are the image’s', async (count, size) => {
    const builder = new GraphBuilder();
    const map = draws(`map-${count}`, count * count);
    builder.input('map', { dtype: 'float32', shape: [1, 1, count, count] });
    const attributes = {
      mode: 'linear',
      coordinate_transformation_mode: 'half_pixel',
      nearest_mode: 'floor',
      cubic_coeff_a: -0.75,
      exclude_outside: 0,
    } as const;
    builder.add('Resize', ['map', '', '', builder.integers([1, 1, size, size])], attributes, { outputs: ['large'] });
    const program = await runtime.compile(builder.build(['large']));
    const { large } = await program.run({ map: { dtype: 'float32', shape: [1, 1, count, count], data: map } });
    const axis: Axis = { count, start: size / count / 2 - 0.5, step: size / count };
    const own = upsample(map, { rows: axis, columns: axis, skip: 0 }, size);
    for (const [p, value] of float32Data(large as Tensor, 'large').entries()) expect(own[p]).toBeCloseTo(value, 5);
  });

  test('puts every pixel in one interval, in order, between the centres around it', () => {
    for (const [axis, size] of [
      [{ count: 5, start: 1, step: 3 }, 15],
      [{ count: 9, start: -3.5, step: 2.25 }, 14],
      [{ count: 12, start: 0.25, step: 0.5 }, 7],
      [{ count: 2, start: 20, step: 3 }, 9],
      [{ count: 3, start: -20, step: 2 }, 9],
    ] as const) {
      const { count, first, fraction } = intervals(axis, size);
      expect(count).toBe(axis.count - 1);
      expect([first[0], first[count]]).toEqual([0, size]);
      for (let i = 0; i < count; i++) {
        expect(first[i + 1]).toBeGreaterThanOrEqual(first[i]);
        for (let pixel = first[i]; pixel < first[i + 1]; pixel++) {
          const inside = Math.min(axis.start + axis.step * (axis.count - 1), Math.max(axis.start, pixel));
          expect(axis.start + axis.step * (i + fraction[pixel])).toBeCloseTo(inside, 12);
        }
      }
    }
  });
});

/** Kernels, strides and paddings of a different size in either axis, an explicit padding, pooling, branches. */
const crooked = handMadeModel((builder) => {
  const stem = { strides: [2, 1], pads: [1, 2, 0, 2], dilations: [1, 2], group: 1 };
  builder.add('Conv', [INPUT, weights(builder, 'stem', [4, 3, 3, 4], 1)], stem, { outputs: ['stem'] });
  const padded = builder.add('Pad', ['stem', builder.integers([0, 0, 1, 0, 0, 0, 0, 3])], { mode: 'constant' });
  builder.add(
    'AveragePool',
    [padded],
    { kernel_shape: [2, 3], strides: [2, 2], pads: [0, 1, 0, 1], ceil_mode: 0, count_include_pad: 0 },
    { outputs: ['pool'] },
  );
  const branch = builder.add('Conv', ['pool', weights(builder, 'branch', [4, 4, 3, 3], 1)], { ...PLAIN_CONV, pads: [1, 1, 1, 1] });
  const halves = builder.add('Split', [branch, builder.integers([2, 2])], { axis: 1 }, { outputs: ['one-half', 'other-half'] });
  const joined = builder.add('Concat', ['other-half', halves], { axis: 1 });
  builder.add('Slice', [joined, ...[[1], [3], [1], [1]].map((numbers) => builder.integers(numbers))], {}, { outputs: ['last'] });
});

/** The middle of the rows (0) or columns (1) of pixels that a change of moves the layer at a row or column of positions. */
async function middleSeen(model: Model, layer: string, size: number, axis: 0 | 1, position: number): Promise<number> {
  const graph = model.graph({ layers: [layer], batch: 1, height: size, width: size });
  const program = await runtime.compile(graph);
  const [, channels, height, width] = graph.types.get(layer)?.shape ?? [];
  const base = draws('seen', 3 * size * size, 0.3);
  const at = async (data: Float32Array) =>
    float32Data((await program.run({ [INPUT]: { dtype: 'float32', shape: [1, 3, size, size], data } }))[layer] as Tensor, layer).slice();
  const before = await at(base);
  const seen: number[] = [];
  for (let line = 0; line < size; line++) {
    const changed = base.map((value, i) => ((axis === 0 ? Math.floor(i / size) % size : i % size) === line ? -value - 0.5 : value));
    const after = await at(changed);
    const moved = after.some((value, i) => {
      const place = axis === 0 ? Math.floor(i / width) % height : i % width;
      return place === position && value !== before[i];
    });
    if (moved) seen.push(line);
  }
  await program.dispose();
  expect(channels).toBeGreaterThan(0);
  return (seen[0] + seen[seen.length - 1]) / 2;
}
