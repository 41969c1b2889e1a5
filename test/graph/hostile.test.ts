/** Graphs that a damaged or hostile file would make: one clear error each, before anything of the size asked for is allocated. */
import { describe, expect, test } from 'vitest';
import { AtlasError } from '../../generator/graph/errors.ts';
import { float32, int64 } from '../../generator/graph/tensor.ts';
import { type Build, build, conv, resize, weights, window } from './build.ts';

describe('what a hostile file asks for is refused at once, in two lines', () => {
  const huge = 2 ** 40;
  test.each<{ about: string; from: number[]; make: Build; says: string }>([
    { about: 'an input of no rows', from: [0, 3], make: (_, x) => x, says: '"it would have shape [0,3]"' },
    { about: 'a negative extent', from: [-1, 3], make: (_, x) => x, says: '"it would have shape [-1,3]"' },
    { about: 'half an extent', from: [1.5], make: (_, x) => x, says: '"it would have shape [1.5]"' },
    { about: 'an input of 2³¹ values', from: [2 ** 16, 2 ** 15], make: (_, x) => x, says: 'more than 2³¹ − 1 values' },
    {
      about: 'an input of 10³⁰⁰ values',
      from: Array.from({ length: 15 }, () => 1e20),
      make: (_, x) => x,
      says: 'more than 2³¹ − 1 values',
    },
    { about: 'a million axes', from: Array.from({ length: 1e6 }, () => 1), make: (_, x) => x, says: '1000000 axes' },
    { about: 'expanding', from: [1], make: (b, x) => b.add('Expand', [x, b.integers([huge, huge])], {}), says: 'more than 2³¹ − 1 values' },
    { about: 'tiling', from: [2, 2], make: (b, x) => b.add('Tile', [x, b.integers([huge, 1])], {}), says: 'more than 2³¹ − 1 values' },
    { about: 'no copies', from: [2, 2], make: (b, x) => b.add('Tile', [x, b.integers([0, 1])], {}), says: 'at least 1, not 0' },
    {
      about: 'padding',
      from: [2],
      make: (b, x) => b.add('Pad', [x, b.integers([0, huge])], { mode: 'constant' }),
      says: 'more than 2³¹ − 1 values',
    },
    {
      about: 'padding that cuts everything',
      from: [2],
      make: (b, x) => b.add('Pad', [x, b.integers([-1, -1])], { mode: 'edge' }),
      says: 'cut, which goes with mode constant alone',
    },
    {
      about: 'pads for another rank',
      from: [2, 2],
      make: (b, x) => b.add('Pad', [x, b.integers([1, 1])], { mode: 'edge' }),
      says: 'pads must have 4 values, not 2',
    },
    {
      about: 'a reflection wider than its mirror',
      from: [2],
      make: (b, x) => b.add('Pad', [x, b.integers([2, 0])], { mode: 'reflect' }),
      says: 'too few values to reflect',
    },
    {
      about: 'two unknown extents',
      from: [4],
      make: (b, x) => b.add('Reshape', [x, b.integers([-1, -1])], { allowzero: 0 }),
      says: 'do not fit',
    },
    {
      about: 'a reshape to less than nothing',
      from: [4],
      make: (b, x) => b.add('Reshape', [x, b.integers([-2, -2])], { allowzero: 0 }),
      says: 'shape [-2,-2]',
    },
    {
      about: 'a zero from beyond the input',
      from: [4],
      make: (b, x) => b.add('Reshape', [x, b.integers([4, 0])], { allowzero: 0 }),
      says: 'do not fit',
    },
    {
      about: 'a million extents',
      from: [1],
      make: (b, x) => b.add('Reshape', [x, b.constant(int64([1e6], new Int32Array(1e6).fill(1)))], { allowzero: 0 }),
      says: '1000000 axes',
    },
    {
      about: 'axes without end',
      from: [1],
      make: (b, x) => b.add('Unsqueeze', [x, b.constant(int64([1e6], new Int32Array(1e6)))], {}),
      says: 'name one twice',
    },
    {
      about: 'an axis twice',
      from: [2, 2],
      make: (b, x) => b.add('ReduceMean', [x], { axes: [0, -2], keepdims: 0 }),
      says: 'name one twice',
    },
    {
      about: 'an order with an axis twice',
      from: [2, 2],
      make: (b, x) => b.add('Transpose', [x], { perm: [0, 0] }),
      says: 'does not put the axes',
    },
    {
      about: 'squeezing more than one value',
      from: [2, 1],
      make: (b, x) => b.add('Squeeze', [x, b.integers([0])], {}),
      says: 'more than one value',
    },
    {
      about: 'a stride of nothing',
      from: [1, 3, 9],
      make: (b, x) => b.add('Conv', [x, weights(b, 4, 3, 3)], { ...conv, strides: [0] }),
      says: 'strides must be a whole number of at least 1, not 0',
    },
    {
      about: 'negative pads of a window',
      from: [1, 3, 9],
      make: (b, x) => b.add('Conv', [x, weights(b, 4, 3, 3)], { ...conv, pads: [-1, 0] }),
      says: 'at least 0, not -1',
    },
    {
      about: 'no groups',
      from: [1, 3, 9],
      make: (b, x) => b.add('Conv', [x, weights(b, 4, 3, 3)], { ...conv, group: 0 }),
      says: 'group must be',
    },
    {
      about: 'weights of another rank',
      from: [1, 3, 9, 9],
      make: (b, x) => b.add('Conv', [x, weights(b, 4, 3, 3)], conv),
      says: 'the kernel must have 2 values, not 1',
    },
    {
      about: 'a bias of another length',
      from: [1, 3, 9],
      make: (b, x) => b.add('Conv', [x, weights(b, 4, 3, 3), weights(b, 3)], conv),
      says: 'a bias of [3]',
    },
    {
      about: 'a window of 2⁴⁰',
      from: [1, 1, 9],
      make: (b, x) => b.add('AveragePool', [x], { ...window, kernel_shape: [huge], count_include_pad: 0 }),
      says: 'more than 2²⁴ positions',
    },
    {
      about: 'padding as wide as the window',
      from: [1, 1, 9],
      make: (b, x) => b.add('AveragePool', [x], { ...window, pads: [3, 0], count_include_pad: 0 }),
      says: 'not smaller than a kernel',
    },
    { about: 'an input left out', from: [2], make: (b, x) => b.add('Max', [x, '', x], {}), says: 'input 1 is missing' },
    { about: 'too many inputs', from: [2], make: (b, x) => b.add('Relu', [x, x], {}), says: '2 inputs where it takes 1' },
    {
      about: 'integers where floats are needed',
      from: [2],
      make: (b) => b.add('Exp', [b.integers([1])], {}),
      says: 'input 0 must be float32, not int64',
    },
    {
      about: 'an index beyond the axis',
      from: [2, 3],
      make: (b, x) => b.add('Gather', [x, b.integers([0, 3])], { axis: 1 }),
      says: 'index 3 is outside an axis of 3 values',
    },
    {
      about: 'an index before the axis',
      from: [3],
      make: (b, x) => b.add('GatherElements', [x, b.integers([-4])], { axis: 0 }),
      says: 'index -4 is outside',
    },
    { about: 'indices that are floats', from: [3], make: (b, x) => b.add('Gather', [x, x], { axis: 0 }), says: 'indices must be integers' },
    {
      about: 'pooling a matrix',
      from: [3, 4],
      make: (b, x) => b.add('GlobalMaxPool', [x], {}),
      says: 'a spatial axis is needed, not rank 2',
    },
    {
      about: 'a turn by two',
      from: [3, 4],
      make: (b, x) => b.add('Gemm', [x, weights(b, 4, 3)], { alpha: 1, beta: 1, transA: 0, transB: 2 }),
      says: 'transB must be 0 or 1, not 2',
    },
    {
      about: 'axes kept by half',
      from: [3, 4],
      make: (b, x) => b.add('ReduceMax', [x], { axes: [0], keepdims: 0.5 }),
      says: 'keepdims must be 0 or 1',
    },
    {
      about: 'a dilated window that steps over the input',
      from: [1, 1, 1],
      make: (b, x) => b.add('MaxPool', [x], { kernel_shape: [2], strides: [2], pads: [1, 0], dilations: [2], ceil_mode: 1 }),
      says: 'only padding',
    },
    {
      about: 'a window that begins in the padding behind the input',
      from: [1, 1, 6],
      make: (b, x) => b.add('MaxPool', [x], { kernel_shape: [2], strides: [2], pads: [0, 1], dilations: [1], ceil_mode: 1 }),
      says: 'a window begins behind [1,1,6]',
    },
    {
      about: 'a mean of padding alone, behind the input',
      from: [1, 1, 8],
      make: (b, x) => b.add('AveragePool', [x], { kernel_shape: [1], strides: [3], pads: [0, 0], ceil_mode: 1, count_include_pad: 1 }),
      says: 'a window begins behind [1,1,8]',
    },
    {
      about: 'output padding as wide as the stride',
      from: [1, 3, 9],
      make: (b, x) => b.add('ConvTranspose', [x, weights(b, 3, 4, 3)], { ...conv, output_padding: [2] }),
      says: 'not smaller than strides',
    },
    {
      about: 'a linear resize without what lies outside',
      from: [1, 1, 9],
      make: (b, x) => b.add('Resize', [x, '', '', b.integers([1, 1, 3])], { ...resize, mode: 'linear', exclude_outside: 1 }),
      says: 'does not go with linear interpolation',
    },
    {
      about: 'a word that no mode is',
      from: [4],
      make: (b, x) => b.add('Pad', [x, b.integers([1, 1])], { mode: 'wrap' as 'edge' }),
      says: 'mode must be one of constant, reflect, edge, not wrap',
    },
    {
      about: 'a filling of another kind',
      from: [4],
      make: (b, x) => b.add('Pad', [x, b.integers([1, 1]), b.integers([1])], { mode: 'constant' }),
      says: 'a filling must be one float32 value',
    },
    {
      about: 'parts without names',
      from: [4],
      make: (b, x) => b.add('Split', [x, b.integers([2, 2])], { axis: 0 }),
      says: '2 parts are not 1 outputs',
    },
    {
      about: 'expanding to less than nothing',
      from: [1],
      make: (b, x) => b.add('Expand', [x, b.integers([-2])], {}),
      says: 'at least 1, not -2',
    },
    { about: 'nothing to broadcast', from: [1], make: (b, x) => b.add('Add', [x, b.constant(float32([0], []))], {}), says: 'shape [0]' },
    {
      about: 'slicing a scalar',
      from: [],
      make: (b, x) => b.add('Slice', [x, b.integers([]), b.integers([])], {}),
      says: 'nothing to slice',
    },
    {
      about: 'scales that change no extent',
      from: [1, 1, 9],
      make: (b, x) => b.add('Resize', [x, '', b.constant(float32([3], [1, 1, 1.1]))], resize),
      says: 'change no extent',
    },
    {
      about: 'cubic interpolation of channels',
      from: [1, 2, 4, 4],
      make: (b, x) => b.add('Resize', [x, '', '', b.integers([1, 4, 4, 8])], { ...resize, mode: 'cubic' }),
      says: 'takes the axes from the third on alone',
    },
    {
      about: 'linear interpolation of a row',
      from: [4],
      make: (b, x) => b.add('Resize', [x, '', '', b.integers([8])], { ...resize, mode: 'linear' }),
      says: 'does not take rank 1',
    },
    {
      about: 'a constant with too few values',
      from: [1],
      make: (b) => b.constant({ dtype: 'int64', shape: [3], data: new BigInt64Array(2) }),
      says: 'expected 3 values for',
    },
    {
      about: 'enlarging',
      from: [1, 1, 9],
      make: (b, x) => b.add('Resize', [x, '', b.constant(float32([3], [1, 1, 1e30]))], resize),
      says: 'more than 2³¹ − 1 values',
    },
    {
      about: 'a scale of nothing',
      from: [1, 1, 9],
      make: (b, x) => b.add('Resize', [x, '', b.constant(float32([3], [1, 1, 0]))], resize),
      says: 'not positive',
    },
    {
      about: 'a scale that is no number',
      from: [1, 1, 9],
      make: (b, x) => b.add('Resize', [x, '', b.constant(float32([3], [1, 1, Number.NaN]))], resize),
      says: 'not positive',
    },
    { about: 'neither scales nor sizes', from: [1, 1, 9], make: (b, x) => b.add('Resize', [x], resize), says: 'either scales or sizes' },
    {
      about: 'a step of nothing',
      from: [4],
      make: (b, x) => b.add('Slice', [x, ...[[0], [4], [0], [0]].map((v) => b.integers(v))], {}),
      says: 'a step of 0',
    },
    {
      about: 'an empty slice',
      from: [4],
      make: (b, x) => b.add('Slice', [x, ...[[2], [2]].map((v) => b.integers(v))], {}),
      says: 'shape [0]',
    },
    {
      about: 'parts that are too many',
      from: [4],
      make: (b, x) => b.add('Split', [x, b.integers([2, 3])], { axis: 0 }),
      says: 'do not make up axis 0',
    },
    {
      about: 'a part of less than nothing',
      from: [4],
      make: (b, x) => b.add('Split', [x, b.integers([5, -1])], { axis: 0 }),
      says: 'shape [-1]',
    },
    { about: 'a diagonal', from: [3, 3], make: (b, x) => b.add('Einsum', [x], { equation: 'ii->i' }), says: 'an index twice in one term' },
    {
      about: 'an index of nothing',
      from: [3, 3],
      make: (b, x) => b.add('Einsum', [x], { equation: 'ij->k' }),
      says: 'makes the index k of nothing',
    },
    {
      about: 'an equation for other ranks',
      from: [3, 3],
      make: (b, x) => b.add('Einsum', [x], { equation: 'ijk->k' }),
      says: 'gives input 0 3 axes, which has 2',
    },
    { about: 'no equation', from: [3, 3], make: (b, x) => b.add('Einsum', [x], { equation: 'ij->i->j' }), says: 'is not an equation' },
    {
      about: 'extents that differ',
      from: [3, 4],
      make: (b, x) => b.add('Einsum', [x, weights(b, 5, 2)], { equation: 'ij,jk' }),
      says: 'index j has extents 4 and 5',
    },
    {
      about: 'blocks that do not fit',
      from: [1, 3, 4, 4],
      make: (b, x) => b.add('DepthToSpace', [x], { blocksize: 2, mode: 'DCR' }),
      says: '3 channels are not blocks',
    },
    { about: 'a condition that is no truth', from: [2], make: (b, x) => b.add('Where', [x, x, x], {}), says: 'must be truth values' },
    {
      about: 'kinds that differ',
      from: [2],
      make: (b, x) => b.add('Add', [x, b.integers([1, 2])], {}),
      says: 'float32 and int64 do not mix',
    },
    { about: 'a missing input', from: [2], make: (b, x) => b.add('Add', [x], {}), says: '1 inputs where it takes 2' },
    {
      about: 'a scale of another length',
      from: [2, 3],
      make: (b, x) => b.add('LayerNormalization', [x, weights(b, 2)], { axis: -1, epsilon: 0 }),
      says: 'a scale or bias of [2] does not fit [3]',
    },
    {
      about: 'a slope that would widen',
      from: [3],
      make: (b, x) => b.add('PRelu', [x, weights(b, 2, 3)], {}),
      says: '[2,3] does not broadcast to [3]',
    },
  ])('$about', ({ from, make, says }) => {
    let error: unknown;
    try {
      build(from, make);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(AtlasError);
    const { message } = error as AtlasError;
    expect(message).toContain(says);
    expect(message.split('\n')).toHaveLength(2);
    expect(message.length).toBeLessThan(1200);
  });
});
