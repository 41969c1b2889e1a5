/** Pooling and transposed convolutions. */
import { type Case, normals } from '../case.ts';

const transposedConv = (
  about: string,
  x: number[],
  weights: number[],
  strides: number[],
  pads: number[],
  output_padding: number[],
  group = 1,
  dilations = strides.map(() => 1),
): Case => ({
  about,
  x,
  build: (b, input) => b.add('ConvTranspose', [input, normals(b, weights)], { strides, pads, dilations, group, output_padding }),
});

const pool = { dilations: [1, 1], ceil_mode: 0 };

export const windows = {
  ConvTranspose: [
    transposedConv('stride 1', [1, 3, 4, 5], [3, 2, 3, 3], [1, 1], [1, 1, 1, 1], [0, 0]),
    transposedConv('stride 2, output padding', [1, 2, 4, 3], [2, 3, 3, 3], [2, 2], [1, 0, 1, 1], [1, 1]),
    transposedConv('output padding that makes room for another window', [1, 2, 3, 3], [2, 2, 1, 1], [2, 2], [0, 0, 0, 0], [1, 1]),
    transposedConv('grouped', [1, 4, 3, 3], [4, 1, 3, 3], [2, 2], [0, 0, 0, 0], [0, 0], 4),
    transposedConv('grouped, output padding', [1, 4, 3, 2], [4, 3, 3, 3], [2, 3], [1, 1, 1, 0], [1, 2], 2),
    transposedConv('dilated', [1, 2, 4, 3], [2, 3, 3, 2], [1, 2], [1, 0, 0, 1], [0, 0], 1, [2, 3]),
    transposedConv('1-D', [2, 3, 5], [3, 2, 3], [2], [1, 0], [1]),
    transposedConv('3-D', [1, 2, 2, 3, 2], [2, 2, 2, 2, 2], [2, 1, 2], [0, 1, 0, 0, 0, 1], [1, 0, 0]),
  ],
  MaxPool: [
    {
      about: '3×3, stride 2',
      x: [1, 2, 7, 9],
      values: 'apart',
      build: (b, x) => b.add('MaxPool', [x], { ...pool, kernel_shape: [3, 3], strides: [2, 2], pads: [0, 1, 1, 0] }),
    },
    {
      about: 'windows that overlap',
      x: [2, 2, 5, 5],
      values: 'apart',
      build: (b, x) => b.add('MaxPool', [x], { ...pool, kernel_shape: [3, 2], strides: [1, 1], pads: [0, 0, 0, 0] }),
    },
    {
      about: 'ceil mode',
      x: [1, 1, 6, 5],
      values: 'apart',
      build: (b, x) => b.add('MaxPool', [x], { ...pool, kernel_shape: [3, 3], strides: [2, 2], pads: [0, 0, 0, 0], ceil_mode: 1 }),
    },
    {
      about: 'dilated, uneven padding',
      x: [1, 2, 8, 7],
      values: 'apart',
      build: (b, x) =>
        b.add('MaxPool', [x], { kernel_shape: [2, 3], strides: [2, 1], pads: [1, 0, 0, 2], dilations: [3, 2], ceil_mode: 0 }),
    },
    {
      about: 'ceil mode with padding and strides that differ',
      x: [2, 1, 8, 7],
      values: 'apart',
      build: (b, x) => b.add('MaxPool', [x], { ...pool, kernel_shape: [3, 2], strides: [2, 3], pads: [1, 0, 0, 0], ceil_mode: 1 }),
    },
    {
      about: '1-D',
      x: [2, 3, 9],
      values: 'apart',
      build: (b, x) => b.add('MaxPool', [x], { kernel_shape: [3], strides: [2], pads: [1, 0], dilations: [1], ceil_mode: 0 }),
    },
    {
      about: '3-D',
      x: [1, 2, 3, 4, 5],
      values: 'apart',
      build: (b, x) =>
        b.add('MaxPool', [x], {
          kernel_shape: [2, 2, 3],
          strides: [1, 2, 2],
          pads: [0, 0, 1, 1, 0, 1],
          dilations: [1, 1, 1],
          ceil_mode: 0,
        }),
    },
  ],
  AveragePool: [
    {
      about: '3×3, stride 2, padding counted',
      x: [1, 2, 7, 6],
      build: (b, x) =>
        b.add('AveragePool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 0, count_include_pad: 1 }),
    },
    {
      about: 'padding not counted',
      x: [2, 2, 5, 7],
      build: (b, x) =>
        b.add('AveragePool', [x], { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 1, 0, 0], ceil_mode: 0, count_include_pad: 0 }),
    },
    {
      about: 'windows that leave a remainder',
      x: [1, 1, 8, 9],
      build: (b, x) =>
        b.add('AveragePool', [x], { kernel_shape: [3, 3], strides: [3, 4], pads: [0, 0, 0, 0], ceil_mode: 0, count_include_pad: 0 }),
    },
    {
      about: 'stride 1, padding counted',
      x: [1, 2, 5, 6],
      build: (b, x) =>
        b.add('AveragePool', [x], { kernel_shape: [3, 2], strides: [1, 1], pads: [1, 1, 2, 0], ceil_mode: 0, count_include_pad: 1 }),
    },
    {
      about: 'stride 1, padding not counted',
      x: [1, 2, 5, 6],
      build: (b, x) =>
        b.add('AveragePool', [x], { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], ceil_mode: 0, count_include_pad: 0 }),
    },
    {
      about: 'windows side by side',
      x: [2, 2, 4, 6],
      build: (b, x) =>
        b.add('AveragePool', [x], { kernel_shape: [2, 3], strides: [2, 3], pads: [0, 0, 0, 0], ceil_mode: 0, count_include_pad: 0 }),
    },
    {
      about: 'windows side by side that leave a remainder',
      x: [1, 2, 5, 8],
      build: (b, x) =>
        b.add('AveragePool', [x], { kernel_shape: [2, 3], strides: [2, 3], pads: [0, 0, 0, 0], ceil_mode: 0, count_include_pad: 0 }),
    },
    {
      about: 'ceil mode, padding not counted',
      x: [1, 2, 6, 7],
      build: (b, x) =>
        b.add('AveragePool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 1, 1, 0], ceil_mode: 1, count_include_pad: 0 }),
    },
    {
      about: 'ceil mode, padding counted',
      x: [1, 2, 6, 9],
      build: (b, x) =>
        b.add('AveragePool', [x], { kernel_shape: [3, 3], strides: [2, 3], pads: [1, 1, 0, 1], ceil_mode: 1, count_include_pad: 1 }),
    },
    {
      about: '1-D',
      x: [2, 3, 7],
      build: (b, x) => b.add('AveragePool', [x], { kernel_shape: [3], strides: [2], pads: [1, 1], ceil_mode: 0, count_include_pad: 0 }),
    },
    {
      about: '3-D',
      x: [1, 2, 3, 4, 5],
      build: (b, x) =>
        b.add('AveragePool', [x], {
          kernel_shape: [2, 3, 2],
          strides: [1, 2, 2],
          pads: [0, 1, 0, 1, 1, 1],
          ceil_mode: 0,
          count_include_pad: 0,
        }),
    },
  ],
  GlobalAveragePool: [
    { about: 'odd size', x: [2, 3, 5, 3], build: (b, x) => b.add('GlobalAveragePool', [x], {}) },
    { about: '1-D', x: [2, 3, 7], build: (b, x) => b.add('GlobalAveragePool', [x], {}) },
  ],
  GlobalMaxPool: [
    { about: 'odd size', x: [2, 3, 5, 3], values: 'apart', build: (b, x) => b.add('GlobalMaxPool', [x], {}) },
    { about: '1-D', x: [2, 3, 7], values: 'apart', build: (b, x) => b.add('GlobalMaxPool', [x], {}) },
  ],
} satisfies Record<string, Case[]>;
