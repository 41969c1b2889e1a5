import { expect, test } from 'vitest';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import type { Operators } from '../../generator/graph/graph.ts';
import { beginsBehind } from '../../generator/graph/shapes.ts';
import { float32, type Tensor } from '../../generator/graph/tensor.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';

const CHANNELS = 3;

function graphOf(height: number, width: number, attributes: Operators['MaxPool']) {
  const builder = new GraphBuilder();
  builder.input('x', { dtype: 'float32', shape: [1, CHANNELS, height, width] });
  const y = builder.add('MaxPool', ['x'], attributes, { outputs: ['y'] });
  builder.input('g', { dtype: 'float32', shape: builder.shape(y) });
  const gradient = differentiate(builder, y, 'x', {}, 'g');
  return builder.build([y, builder.add('Identity', [gradient], {}, { outputs: ['dx'] })]);
}

/** The definition: each window's gradient at its first maximum, and all positions that hold the maximum. */
function byLoop(x: Float32Array, g: Float32Array, height: number, width: number, rows: number, columns: number, a: Operators['MaxPool']) {
  const gradient = new Float32Array(x.length);
  const maxima: number[][] = [];
  for (let c = 0; c < CHANNELS; c++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let best = Number.NEGATIVE_INFINITY;
        let at: number[] = [];
        for (let r = 0; r < a.kernel_shape[0]; r++)
          for (let s = 0; s < a.kernel_shape[1]; s++) {
            const [row, column] = [i * a.strides[0] + r - a.pads[0], j * a.strides[1] + s - a.pads[1]];
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            const position = (c * height + row) * width + column;
            if (x[position] > best) [best, at] = [x[position], [position]];
            else if (x[position] === best) at.push(position);
          }
        gradient[at[0]] += g[(c * rows + i) * columns + j];
        maxima.push(at);
      }
  return { gradient, maxima };
}

const geometries = [2, 3].flatMap((kernel) =>
  [1, 2].flatMap((stride) =>
    [0, 1].flatMap((before) => [0, 1].flatMap((after) => [0, 1].map((ceil_mode) => ({ kernel, stride, before, after, ceil_mode })))),
  ),
);

test.each(
  geometries,
)('MaxPool $kernel×$kernel, stride $stride, pads $before $after, ceil $ceil_mode: its gradient goes to each window’s maximum', async (geometry) => {
  const { kernel, stride, before, after, ceil_mode } = geometry;
  const runtime = openOnnxRuntime({ threads: 1 });
  for (const [height, width] of [
    [6, 7],
    [7, 8],
    [9, 5],
  ]) {
    const attributes: Operators['MaxPool'] = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [before, before, after, after],
      dilations: [1, 1],
      ceil_mode,
    };
    // Where the last window would begin behind the input, runtimes do not agree, so that no graph has it: the importer writes the pads instead.
    if (ceil_mode === 1 && [height, width].some((extent) => beginsBehind(extent, kernel, stride, before, after))) {
      expect(() => graphOf(height, width, attributes)).toThrow('by ceil_mode a window begins behind');
      continue;
    }
    const graph = graphOf(height, width, attributes);
    const [rows, columns] = graph.types.get('y')?.shape.slice(2) ?? [];
    // Distinct values, negative ones among them, so that padding with zero would show.
    const size = CHANNELS * height * width;
    const x = Float32Array.from({ length: size }, (_, i) => ((i * 7919) % size) / size - 0.9);
    const g = Float32Array.from({ length: CHANNELS * rows * columns }, (_, i) => 1 + ((i * 31) % 17));
    const program = await runtime.compile(graph);
    const outputs = await program.run({ x: float32([1, CHANNELS, height, width], x), g: float32([1, CHANNELS, rows, columns], g) });
    const expected = byLoop(x, g, height, width, rows, columns, attributes).gradient;
    expect((outputs.dx as Tensor<'float32'>).data, `${height}×${width}`).toEqual(expected);
    await program.dispose();
  }
});

test('Of equal maxima one gets the whole gradient, and nothing else any', async () => {
  const attributes: Operators['MaxPool'] = { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 0, 0, 0], dilations: [1, 1], ceil_mode: 1 };
  const [height, width] = [8, 8];
  const graph = graphOf(height, width, attributes);
  const x = Float32Array.from({ length: CHANNELS * height * width }, (_, i) => (i * 5) % 3);
  const windows = CHANNELS * 16;
  const program = await openOnnxRuntime({ threads: 1 }).compile(graph);
  // One window at a time: where its gradient goes is then in plain sight.
  for (let window = 0; window < windows; window += 5) {
    const g = new Float32Array(windows);
    g[window] = 1;
    const outputs = await program.run({ x: float32([1, CHANNELS, height, width], x), g: float32([1, CHANNELS, 4, 4], g) });
    const { maxima } = byLoop(x, g, height, width, 4, 4, attributes);
    const landed = [...(outputs.dx as Tensor<'float32'>).data].flatMap((value, i) => (value === 0 ? [] : [{ value, i }]));
    expect(landed).toHaveLength(1);
    expect(landed[0].value).toBe(1);
    expect(maxima[window]).toContain(landed[0].i);
  }
  await program.dispose();
});

test('The usual poolings need no indices', () => {
  for (const [kernel, stride, pad, ceil_mode, size] of [
    [3, 2, 0, 1, 64], // GoogLeNet
    [3, 2, 1, 0, 56], // ResNet
    [3, 1, 1, 0, 28], // an inception's pooling branch
    [2, 2, 0, 0, 112], // VGG
    [3, 2, 0, 0, 55], // AlexNet
  ]) {
    const graph = graphOf(size, size, {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      dilations: [1, 1],
      ceil_mode,
    });
    expect(graph.nodes.filter(({ op }) => op === 'ScatterElements')).toEqual([]);
  }
});
