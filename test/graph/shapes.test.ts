/** Shape inference: what the operators yield whose shapes are not plain to see. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32, int64 } from '../../generator/graph/tensor.ts';
import { type Build, build, conv, resize, weights, window } from './build.ts';

describe('shapes', () => {
  test.each<{ about: string; from: number[]; make: Build; to: number[] }>([
    {
      about: 'a convolution in one dimension',
      from: [2, 3, 9],
      make: (b, x) => b.add('Conv', [x, weights(b, 4, 3, 3)], conv),
      to: [2, 4, 5],
    },
    {
      about: 'a convolution in three',
      from: [1, 2, 5, 6, 7],
      make: (b, x) =>
        b.add('Conv', [x, weights(b, 3, 2, 1, 2, 3)], { strides: [1, 2, 1], pads: [0, 0, 1, 0, 0, 1], dilations: [1, 1, 2], group: 1 }),
      to: [1, 3, 5, 3, 5],
    },
    {
      about: 'pooling that rounds up',
      from: [1, 2, 8],
      make: (b, x) => b.add('AveragePool', [x], { ...window, ceil_mode: 1, count_include_pad: 0 }),
      to: [1, 2, 5],
    },
    { about: 'a vector by a stack of matrices', from: [3], make: (b, x) => b.add('MatMul', [x, weights(b, 2, 3, 4)], {}), to: [2, 4] },
    { about: 'two vectors', from: [3], make: (b, x) => b.add('MatMul', [x, weights(b, 3)], {}), to: [] },
    {
      about: 'a summation',
      from: [2, 3, 4],
      make: (b, x) => b.add('Einsum', [x, weights(b, 2, 5, 4)], { equation: 'bid,bjd->bji' }),
      to: [2, 5, 3],
    },
    {
      about: 'a summation over hidden axes',
      from: [2, 7, 3, 4],
      make: (b, x) => b.add('Einsum', [x], { equation: '...ij->...j' }),
      to: [2, 7, 4],
    },
    {
      about: 'backwards by two',
      from: [7],
      make: (b, x) => b.add('Slice', [x, ...[[5], [-8], [0], [-2]].map((v) => b.integers(v))], {}),
      to: [3],
    },
    { about: 'repeats', from: [2, 3], make: (b, x) => b.add('Tile', [x, b.integers([2, 4])], {}), to: [4, 12] },
    {
      about: 'negative padding',
      from: [5, 3],
      make: (b, x) => b.add('Pad', [x, b.integers([-1, 2, 0, 0])], { mode: 'constant' }),
      to: [4, 5],
    },
    {
      about: 'a resize, rounded down',
      from: [1, 1, 5],
      make: (b, x) => b.add('Resize', [x, '', b.constant(float32([3], [1, 1, 1.5]))], resize),
      to: [1, 1, 7],
    },
    {
      about: 'a resize to sizes',
      from: [1, 1, 5],
      make: (b, x) => b.add('Resize', [x, '', '', b.integers([1, 1, 3])], resize),
      to: [1, 1, 3],
    },
    {
      about: 'indices of two axes',
      from: [2, 5, 3],
      make: (b, x) => b.add('Gather', [x, b.constant(int64([2, 2], [0, 1, 4, -1]))], { axis: 1 }),
      to: [2, 2, 2, 3],
    },
    { about: 'blocks to channels', from: [1, 2, 4, 6], make: (b, x) => b.add('SpaceToDepth', [x], { blocksize: 2 }), to: [1, 8, 2, 3] },
  ])('$about', ({ from, make, to }) => {
    expect(build(from, make)).toEqual(to);
  });

  test('every part of a split', () => {
    const builder = new GraphBuilder();
    builder.input('x', { dtype: 'float32', shape: [2, 7] });
    builder.add('Split', ['x', builder.integers([3, 4])], { axis: -1 }, { outputs: ['a', 'b'] });
    expect(['a', 'b'].map((name) => builder.shape(name))).toEqual([
      [2, 3],
      [2, 4],
    ]);
  });
});
