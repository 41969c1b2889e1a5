/** Operators whose form changed over the operator sets, held to onnxruntime running the file itself. */

import { describe, expect, test } from 'vitest';
import { float32Data } from '../../../generator/graph/tensor.ts';
import { openModel } from '../../../generator/models/open.ts';
import { checkLayer } from '../../../generator/render/check.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { difference, picture, runLayer } from './compare.ts';
import { chain, ints, type ModelSpec, type NodeSpec, type TensorSpec, weight, write } from './write-model.ts';

const CLOSE = 1e-5;
const one = (op: string, attributes: NodeSpec['attributes'] = {}, inputs: readonly string[] = []): NodeSpec => ({
  op,
  inputs: ['x', ...inputs],
  outputs: ['out'],
  attributes,
});

/** Pools that count a window too many by ceil_mode, along both axes or along one. */
const BEGINS_BEHIND: [string, Readonly<Record<string, number | readonly number[]>>][] = [
  ['MaxPool', { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 1, 1] }],
  ['MaxPool', { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 0, 1, 1] }],
  ['MaxPool', { kernel_shape: [1, 2], strides: [3, 3], pads: [0, 0, 0, 1] }],
  ['MaxPool', { kernel_shape: [2, 3], strides: [2, 2], pads: [0, 0, 1, 0] }],
  ['MaxPool', { kernel_shape: [2, 3], strides: [2, 2], pads: [0, 0, 1, 1], dilations: [1, 2] }],
  ['AveragePool', { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 1, 1] }],
  ['AveragePool', { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 1, 1], count_include_pad: 1 }],
  ['AveragePool', { kernel_shape: [2, 3], strides: [2, 2], pads: [0, 0, 1, 0] }],
];

describe('operators whose form changed over the versions', () => {
  const tensor = (name: string, values: readonly number[]) => ({ name, shape: [], values });
  const cases: [string, number, NodeSpec | NodeSpec[], TensorSpec[]?][] = [
    ['Clip by attributes', 7, one('Clip', { min: { f: -0.2 }, max: { f: 0.3 } })],
    ['Clip by inputs', 13, one('Clip', {}, ['lo', 'hi']), [tensor('lo', [-0.2]), tensor('hi', [0.3])]],
    ['Clip from below alone', 13, one('Clip', {}, ['lo']), [tensor('lo', [0])]],
    ['Pad by attributes', 7, one('Pad', { pads: [0, 0, 1, 2, 0, 0, 2, 1], value: { f: 0.5 } })],
    ['Pad by inputs, mirrored', 13, one('Pad', { mode: 'reflect' }, ['p']), [ints('p', [0, 0, 1, 2, 0, 0, 2, 1])]],
    ['Pad of some axes', 18, one('Pad', { mode: 'edge' }, ['p', '', 'a']), [ints('p', [1, 2, 2, 1]), ints('a', [2, -1])]],
    ['Slice by attributes', 9, one('Slice', { starts: [1, -6], ends: [7, 100], axes: [2, 3] })],
    ['Slice with steps', 13, one('Slice', {}, ['s', 'e', 'a', 't']), [ints('s', [0]), ints('e', [8]), ints('a', [2]), ints('t', [3])]],
    ['Upsample by attributes', 7, one('Upsample', { scales: { floats: [1, 1, 2, 2] }, mode: 'nearest' })],
    ['Upsample by inputs', 9, one('Upsample', { mode: 'linear' }, ['f']), [{ name: 'f', shape: [4], values: [1, 1, 2, 2] }]],
    ['Resize of version 10', 10, one('Resize', { mode: 'nearest' }, ['f']), [{ name: 'f', shape: [4], values: [1, 1, 2, 3] }]],
    [
      'Resize to sizes',
      13,
      one('Resize', { mode: 'linear', coordinate_transformation_mode: 'align_corners' }, ['', '', 'z']),
      [ints('z', [1, 6, 11, 13])],
    ],
    ['Resize of some axes', 18, one('Resize', { mode: 'linear', axes: [2, 3] }, ['', '', 'z']), [ints('z', [12, 16])]],
    ['Dropout with a ratio', 7, one('Dropout', { ratio: { f: 0.5 } })],
    ['LeakyRelu', 7, one('LeakyRelu', { alpha: { f: 0.2 } })],
    ['Elu', 7, one('Elu')],
    ['Selu', 7, one('Selu')],
    ['ThresholdedRelu', 10, one('ThresholdedRelu', { alpha: { f: 0.1 } })],
    ['PRelu', 9, one('PRelu', {}, ['s']), [weight('s', [6, 1, 1])]],
    ['HardSigmoid', 7, one('HardSigmoid')],
    ['HardSwish', 14, one('HardSwish')],
    ['Mish', 18, one('Mish')],
    ['Gelu', 20, one('Gelu')],
    ['Gelu by tanh', 20, one('Gelu', { approximate: 'tanh' })],
    ['Shrink', 9, one('Shrink', { lambd: { f: 0.2 }, bias: { f: 0.1 } })],
    [
      'Softmax of everything behind an axis',
      11,
      [
        { op: 'Softmax', inputs: ['x'], outputs: ['p'], attributes: { axis: 1 } },
        { op: 'Conv', inputs: ['p', 'w'], outputs: ['out'] },
      ],
      [weight('w', [4, 6, 1, 1])],
    ],
    ['Softmax along one axis', 13, one('Softmax', { axis: 1 })],
    ['LogSoftmax', 13, one('LogSoftmax', { axis: -3 })],
    ['LRN', 7, one('LRN', { size: 3, alpha: { f: 0.3 } })],
    ['InstanceNormalization', 7, one('InstanceNormalization', {}, ['s', 'b']), [weight('s', [6]), weight('b', [6], 2)]],
    [
      'GroupNormalization of channels',
      21,
      one('GroupNormalization', { num_groups: 2, epsilon: { f: 1e-3 } }, ['s', 'b']),
      [weight('s', [6]), weight('b', [6], 2)],
    ],
    ['LpNormalization', 7, one('LpNormalization', { axis: 1, p: 2 })],
    ['GlobalLpPool', 7, one('GlobalLpPool')],
    ['GlobalMaxPool', 7, one('GlobalMaxPool')],
    ['ReduceMean by attributes', 13, one('ReduceMean', { axes: [-1, 2], keepdims: 1 })],
    ['ReduceMean by inputs', 18, one('ReduceMean', {}, ['a']), [ints('a', [2, 3])]],
    ['ReduceSum by inputs', 13, one('ReduceSum', {}, ['a']), [ints('a', [2])]],
    ['ReduceLogSumExp', 11, one('ReduceLogSumExp', { axes: [3] })],
    ['Mean of several', 8, { op: 'Mean', inputs: ['x', 'x', 'c'], outputs: ['out'] }, [weight('c', [6, 1, 1])]],
    ['MaxPool with ceiling', 10, one('MaxPool', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 })],
    ...BEGINS_BEHIND.map(([op, window]): [string, number, NodeSpec] => [
      `${op} whose last window would begin behind the input, ${JSON.stringify(window)}`,
      12,
      one(op, { ...window, ceil_mode: 1 }),
    ]),
    ['MaxPool SAME_UPPER', 7, one('MaxPool', { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' })],
    ['AveragePool with padding counted', 7, one('AveragePool', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 })],
    ['Conv SAME_LOWER', 11, one('Conv', { auto_pad: 'SAME_LOWER', strides: [2, 2] }, ['w']), [weight('w', [4, 6, 3, 3])]],
    [
      'Conv VALID, dilated, in groups',
      11,
      one('Conv', { auto_pad: 'VALID', dilations: [2, 2], group: 2 }, ['w']),
      [weight('w', [4, 3, 3, 3])],
    ],
    [
      'ConvTranspose with output_padding',
      11,
      one('ConvTranspose', { strides: [2, 2], output_padding: [1, 1], pads: [1, 1, 1, 1] }, ['w']),
      [weight('w', [6, 4, 3, 3])],
    ],
    ['ConvTranspose SAME_UPPER', 11, one('ConvTranspose', { strides: [2, 2], auto_pad: 'SAME_UPPER' }, ['w']), [weight('w', [6, 4, 3, 3])]],
    [
      'ConvTranspose to an output_shape',
      11,
      one('ConvTranspose', { strides: [2, 2], output_shape: [15, 16] }, ['w']),
      [weight('w', [6, 4, 3, 3])],
    ],
    [
      'DepthToSpace',
      13,
      [
        { op: 'Conv', inputs: ['x', 'w'], outputs: ['y'] },
        { op: 'DepthToSpace', inputs: ['y'], outputs: ['out'], attributes: { blocksize: 2, mode: 'CRD' } },
      ],
      [weight('w', [8, 6, 1, 1])],
    ],
    ['Pow by an integer', 13, one('Pow', {}, ['e']), [{ name: 'e', shape: [], values: [3], type: 'int64' }]],
    [
      'Where on a comparison',
      16,
      [
        { op: 'Greater', inputs: ['x', 'z'], outputs: ['c'] },
        { op: 'Where', inputs: ['c', 'x', 'z'], outputs: ['out'] },
      ],
      [tensor('z', [0.1])],
    ],
    [
      'Split by an attribute',
      11,
      [
        { op: 'Split', inputs: ['x'], outputs: ['a', 'b'], attributes: { axis: 1, split: [2, 4] } },
        { op: 'Concat', inputs: ['b', 'a'], outputs: ['out'], attributes: { axis: 1 } },
      ],
    ],
    [
      'Split by a number',
      18,
      [
        { op: 'Split', inputs: ['x'], outputs: ['a', 'b', 'c'], attributes: { axis: 1, num_outputs: 3 } },
        { op: 'Concat', inputs: ['c', 'a'], outputs: ['out'], attributes: { axis: 1 } },
      ],
    ],
    [
      'Squeeze and Unsqueeze by attributes',
      11,
      [
        { op: 'GlobalAveragePool', inputs: ['x'], outputs: ['p'] },
        { op: 'Squeeze', inputs: ['p'], outputs: ['q'], attributes: { axes: [2, 3] } },
        { op: 'Unsqueeze', inputs: ['q'], outputs: ['r'], attributes: { axes: [2, 3] } },
        { op: 'Mul', inputs: ['x', 'r'], outputs: ['out'] },
      ],
    ],
    [
      'Einsum',
      13,
      [
        { op: 'Einsum', inputs: ['x', 'm'], outputs: ['y'], attributes: { equation: 'n c h w, c d -> n d h w' } },
        { op: 'Conv', inputs: ['y', 'w'], outputs: ['out'] },
      ],
      [weight('m', [6, 6]), weight('w', [2, 6, 1, 1])],
    ],
  ];
  test.each(
    cases,
  )('%s (operator set %i) is what onnxruntime makes of it, for two images at once', async (_, opset, nodes, tensors = []) => {
    // What only moves values is no layer: so the values are negated at the end.
    const last = [nodes].flat().map((node) => ({ ...node, outputs: node.outputs.map((name) => (name === 'out' ? 'made' : name)) }));
    const file = await write(chain([...last, { op: 'Neg', inputs: ['made'], outputs: ['out'] }], tensors, { opset }));
    expect((await openModel(file)).layers().at(-1)?.name).toBe('out');
    expect(await difference(file, [2, 3, 8, 8])).toBeLessThan(CLOSE);
  });

  test('a pool whose last window would begin behind the input has a gradient, and what no padding can say is refused', async () => {
    const pool = async (op: string, window: NodeSpec['attributes']) =>
      openModel(await write(chain([one(op, { ...window, ceil_mode: 1 })], [])));
    const mean = await pool('AveragePool', { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 1, 1] });
    const result = await checkLayer({ model: mean, runtime: openOnnxRuntime({ threads: 1 }), layer: 'out' });
    expect(result).toMatchObject({ shape: [6, 4, 4] });
    expect(result.gradient_l2).toBeGreaterThan(0);
    expect(result.finite_difference).toBeLessThan(1e-3);

    const partly = { kernel_shape: [2, 3], strides: [2, 2], pads: [0, 0, 1, 0] };
    expect((await pool('AveragePool', partly)).layers().map(({ name }) => name)).toContain('out');
    for (const refused of [
      await pool('AveragePool', { ...partly, count_include_pad: 1 }),
      await pool('MaxPool', { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 1, 1], dilations: [1, 3] }),
    ]) {
      expect(refused.layers().map(({ name }) => name)).not.toContain('out');
      expect(refused.assumptions.join('\n')).toContain('windows that begin in the input, with ceil_mode');
    }
  });

  test('a group norm before version 21 has a scale for each group', async () => {
    const spec = (opset: number, scale: number[]) =>
      chain(
        [one('GroupNormalization', { num_groups: 2 }, ['s', 'b'])],
        [
          { name: 's', shape: [scale.length], values: scale },
          { name: 'b', shape: [scale.length], values: scale },
        ],
        { opset },
      );
    const run = async (model: ModelSpec) => {
      const opened = await openModel(await write(model));
      return float32Data(await runLayer(opened, 'out', [1, 3, 8, 8], picture([1, 3, 8, 8])), 'out');
    };
    expect(await run(spec(18, [2, 3]))).toEqual(await run(spec(21, [2, 2, 2, 3, 3, 3])));
  });
});
