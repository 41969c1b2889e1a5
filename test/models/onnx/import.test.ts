/** What becomes of a file's operators: held to onnxruntime running the file itself, over the operator sets, batches and sizes. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { float32Data } from '../../../generator/graph/tensor.ts';
import { openModel } from '../../../generator/models/open.ts';
import { message } from '../tiny-model.ts';
import { difference, picture, runFile, runLayer } from './compare.ts';
import { type ModelSpec, type NodeSpec, noise, type TensorSpec, weight, write } from './write-model.ts';

const CLOSE = 1e-5;
const ints = (name: string, values: readonly number[]): TensorSpec => ({ name, shape: [values.length], values, type: 'int64' });

/** A 1×1 convolution to six channels, the nodes given from its value `x` on to `out`, in an operator set. */
function chain(nodes: readonly NodeSpec[], tensors: readonly TensorSpec[] = [], more: Partial<ModelSpec> = {}): ModelSpec {
  return {
    nodes: [{ op: 'Conv', inputs: ['image', 'k'], outputs: ['x'] }, ...nodes],
    tensors: [weight('k', [6, 3, 1, 1]), ...tensors],
    inputs: [{ name: 'image', shape: ['n', 3, 8, 8] }],
    outputs: [{ name: 'out' }],
    ...more,
  };
}

const one = (op: string, attributes: NodeSpec['attributes'] = {}, inputs: readonly string[] = []): NodeSpec => ({
  op,
  inputs: ['x', ...inputs],
  outputs: ['out'],
  attributes,
});

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

describe('folding', () => {
  const norm = ['g', 'b', 'm', 'v'].map((name, i) => ({
    name,
    shape: [6],
    values: noise(6, i + 2).map((x) => (name === 'v' ? Math.abs(x) + 0.5 : x)),
  }));
  const batchNorm = (input: string, output: string): NodeSpec => ({
    op: 'BatchNormalization',
    inputs: [input, 'g', 'b', 'm', 'v'],
    outputs: [output],
  });

  test('a batch norm goes into the convolution, transposed convolution or matrix before it', async () => {
    for (const [first, tensors] of [
      [one('Conv', { pads: [1, 1, 1, 1] }, ['w', 'c']), [weight('w', [6, 6, 3, 3]), weight('c', [6])]],
      [one('ConvTranspose', { group: 2, strides: [2, 2] }, ['w']), [weight('w', [6, 3, 2, 2])]],
    ] as const) {
      const file = await write(
        chain([{ ...first, outputs: ['y'] }, batchNorm('y', 'n'), { op: 'Relu', inputs: ['n'], outputs: ['out'] }], [...tensors, ...norm]),
      );
      expect(await difference(file, [2, 3, 8, 8])).toBeLessThan(CLOSE);
      const model = await openModel(file);
      expect(model.graph({ layers: ['out'], batch: 1, height: 8, width: 8 }).nodes.map(({ op }) => op)).toEqual(['Conv', first.op, 'Relu']);
      expect(model.layers().map(({ name, tap }) => [name, tap])).toEqual([
        ['x', 'linear'],
        ['n', 'before'],
        ['out', 'after'],
      ]);
    }
  });

  test('where there is no convolution before it, it is a multiplication and an addition', async () => {
    const file = await write(chain([{ op: 'Relu', inputs: ['x'], outputs: ['r'] }, batchNorm('r', 'out')], norm));
    expect(await difference(file, [2, 3, 8, 8])).toBeLessThan(CLOSE);
    expect((await openModel(file)).graph({ layers: ['out'], batch: 1, height: 8, width: 8 }).nodes.map(({ op }) => op)).toEqual([
      'Conv',
      'Relu',
      'Mul',
      'Add',
    ]);
  });

  test('shape arithmetic, weights on their way and branches that only the size decides leave nothing in the graph', async () => {
    const branch = (op: string): NodeSpec['attributes'] => ({
      then_branch: { g: { nodes: [{ op, inputs: ['y'], outputs: [`then_${op}`] }], outputs: [{ name: `then_${op}` }] } },
      else_branch: { g: { nodes: [{ op: 'Loop', inputs: ['y'], outputs: ['never'] }], outputs: [{ name: 'never' }] } },
    });
    const nodes: NodeSpec[] = [
      { op: 'Transpose', inputs: ['w'], outputs: ['wt'], attributes: { perm: [3, 2, 1, 0] } },
      { op: 'Mul', inputs: ['wt', 'two'], outputs: ['w2'] },
      { op: 'Conv', inputs: ['x', 'w2'], outputs: ['y'] },
      { op: 'Shape', inputs: ['y'], outputs: ['s'] },
      { op: 'Gather', inputs: ['s', 'axis'], outputs: ['height'] },
      { op: 'Equal', inputs: ['height', 'eight'], outputs: ['c'] },
      { op: 'If', inputs: ['c'], outputs: ['z'], attributes: branch('Relu') },
      { op: 'Shape', inputs: ['z'], outputs: ['zs'] },
      { op: 'Slice', inputs: ['zs', 'zero', 'uno'], outputs: ['n'] },
      { op: 'Concat', inputs: ['n', 'minus'], outputs: ['target'], attributes: { axis: 0 } },
      { op: 'Reshape', inputs: ['z', 'target'], outputs: ['flat'] },
      { op: 'Gemm', inputs: ['flat', 'fc'], outputs: ['out'] },
    ];
    const scalar = (name: string, value: number): TensorSpec => ({ name, shape: [], values: [value], type: 'int64' });
    const tensors = [
      weight('w', [1, 1, 6, 4]),
      { name: 'two', shape: [], values: [2] },
      scalar('axis', 2),
      scalar('eight', 8),
      ints('zero', [0]),
      ints('uno', [1]),
      ints('minus', [-1]),
      weight('fc', [256, 5]),
    ];
    const model = await openModel(await write(chain(nodes, tensors)));
    expect(model.graph({ layers: ['out'], batch: 3, height: 8, width: 8 }).nodes.map(({ op }) => op)).toEqual([
      'Conv',
      'Conv',
      'Relu',
      'Reshape',
      'Gemm',
      'Reshape',
    ]);
    const mine = await runLayer(model, 'out', [1, 3, 8, 8], picture([1, 3, 8, 8]));
    expect(mine.shape).toEqual([1, 5, 1, 1]);
  });

  test('functions of the file are written out', async () => {
    const twice = {
      name: 'Twice',
      domain: 'local',
      inputs: ['a'],
      outputs: ['c'],
      nodes: [
        { op: 'LeakyRelu', inputs: ['a'], outputs: ['b'], attributes: { alpha: { ref: 'slope' } } },
        { op: 'Add', inputs: ['b', 'b'], outputs: ['c'] },
      ],
    };
    const file = await write(
      chain([{ op: 'Twice', inputs: ['x'], outputs: ['out'], domain: 'local', attributes: { slope: { f: 0.3 } } }], [], {
        functions: [twice],
        opsets: { local: 1 },
      }),
    );
    expect((await openModel(file)).graph({ layers: ['out'], batch: 1, height: 8, width: 8 }).nodes.map(({ op }) => op)).toEqual([
      'Conv',
      'LeakyRelu',
      'Add',
    ]);
    expect(await difference(file, [1, 3, 8, 8])).toBeLessThan(CLOSE);
    const itself = { ...twice, nodes: [{ op: 'Twice', inputs: ['a'], outputs: ['c'], domain: 'local' }] };
    const endless = await write(
      chain([{ op: 'Twice', inputs: ['x'], outputs: ['out'], domain: 'local' }], [], { functions: [itself], opsets: { local: 1 } }),
    );
    await expect(openModel(endless)).rejects.toThrow('received "one that calls itself"');
  });
});

describe('quantised files', () => {
  const scalar = (name: string, value: number, type: TensorSpec['type'] = 'float32'): TensorSpec => ({
    name,
    shape: [],
    values: [value],
    type,
  });
  test('weights are those of the levels; activations keep the range of theirs, and it is said', async () => {
    const nodes: NodeSpec[] = [
      { op: 'QuantizeLinear', inputs: ['x', 's', 'z'], outputs: ['q'] },
      { op: 'DequantizeLinear', inputs: ['q', 's', 'z'], outputs: ['d'] },
      { op: 'DequantizeLinear', inputs: ['wq', 'ws', 'wz'], outputs: ['w'], attributes: { axis: 0 } },
      { op: 'Conv', inputs: ['d', 'w'], outputs: ['out'] },
    ];
    const tensors: TensorSpec[] = [
      scalar('s', 0.002),
      scalar('z', 0, 'uint8'),
      { name: 'wq', shape: [2, 6, 1, 1], values: noise(12).map((x) => Math.round(100 * x)), type: 'int8' },
      { name: 'ws', shape: [2], values: [0.01, 0.02] },
      { name: 'wz', shape: [2], values: [0, 0], type: 'int8' },
    ];
    const file = await write(chain(nodes, tensors));
    // Half a level of every input, times its weight.
    expect(await difference(file, [1, 3, 8, 8])).toBeLessThan(6 * 0.001 * 1.8);
    const model = await openModel(file);
    expect(model.assumptions.join('\n')).toContain('activations are not rounded');
    expect(model.graph({ layers: ['out'], batch: 1, height: 8, width: 8 }).nodes.map(({ op }) => op)).toEqual(['Conv', 'Clip', 'Conv']);
  });

  test('operators of integers are refused with what to do, only on the way to them', async () => {
    const file = await write(chain([{ op: 'QLinearConv', inputs: ['x', 'k', 'k', 'k', 'k', 'k', 'k', 'k'], outputs: ['out'] }]));
    const model = await openModel(file);
    expect(model.layers().map(({ name }) => name)).toEqual(['x']);
    expect(model.assumptions.at(-1)).toContain(
      'expected an operator of floats for the node "out" (QLinearConv), received "a quantised operator"',
    );
  });
});

describe('batch and size', () => {
  const fixed = { inputs: [{ name: 'image', shape: [1, 3, 8, 8] }] };
  const head: NodeSpec[] = [
    { op: 'Relu', inputs: ['x'], outputs: ['r'] },
    { op: 'Reshape', inputs: ['r', 't'], outputs: ['flat'] },
    { op: 'Gemm', inputs: ['flat', 'fc'], outputs: ['out'] },
  ];

  test('a file for one image takes several, though its shapes say one', async () => {
    for (const target of [
      [1, -1],
      [1, 384],
      [-1, 384],
    ]) {
      const file = await write(chain(head, [ints('t', target), weight('fc', [384, 5])], fixed));
      expect(await difference(file, [3, 3, 8, 8]), `${target}`).toBeLessThan(CLOSE);
      expect((await openModel(file)).layers().at(-1)).toMatchObject({ name: 'out', shape: [5, 1, 1], layout: 'NC' });
    }
  });

  test('windows and heads that are merged into the batch come apart again', async () => {
    // [1,6,8,8] → four windows of 4×4 → [4,6,16] → attention within each → back.
    const nodes: NodeSpec[] = [
      { op: 'Reshape', inputs: ['x', 'a'], outputs: ['w1'] },
      { op: 'Transpose', inputs: ['w1'], outputs: ['w2'], attributes: { perm: [0, 2, 4, 3, 5, 1] } },
      { op: 'Reshape', inputs: ['w2', 'b'], outputs: ['w3'] },
      { op: 'MatMul', inputs: ['w3', 'm'], outputs: ['q'] },
      { op: 'Transpose', inputs: ['w3'], outputs: ['kt'], attributes: { perm: [0, 2, 1] } },
      { op: 'MatMul', inputs: ['q', 'kt'], outputs: ['scores'] },
      { op: 'Softmax', inputs: ['scores'], outputs: ['p'], attributes: { axis: -1 } },
      { op: 'MatMul', inputs: ['p', 'w3'], outputs: ['o'] },
      { op: 'Reshape', inputs: ['o', 'c'], outputs: ['o1'] },
      { op: 'Transpose', inputs: ['o1'], outputs: ['o2'], attributes: { perm: [0, 1, 3, 2, 4, 5] } },
      { op: 'Reshape', inputs: ['o2', 'd'], outputs: ['o3'] },
      { op: 'MatMul', inputs: ['o3', 'm'], outputs: ['proj'] },
      { op: 'Transpose', inputs: ['proj'], outputs: ['out'], attributes: { perm: [0, 3, 1, 2] } },
      { op: 'Relu', inputs: ['out'], outputs: ['last'] },
    ];
    const tensors = [
      ints('a', [1, 6, 2, 4, 2, 4]),
      ints('b', [4, 16, 6]),
      ints('c', [1, 2, 2, 4, 4, 6]),
      ints('d', [1, 8, 8, 6]),
      weight('m', [6, 6]),
    ];
    const file = await write(chain(nodes, tensors, { ...fixed, outputs: [{ name: 'last' }] }));
    expect(await difference(file, [3, 3, 8, 8])).toBeLessThan(CLOSE);
    const model = await openModel(file);
    expect(model.layers().find(({ name }) => name === 'proj')).toMatchObject({ shape: [6, 8, 8], layout: 'NHWC' });
    // Windows are no layers: their axis of images holds more than images.
    expect(model.layers().map(({ name }) => name)).toEqual(['x', 'proj', 'last']);
    expect(model.graph({ layers: ['last'], batch: 3, height: 8, width: 8 }).nodes.filter(({ op }) => op === 'Softmax')).toHaveLength(1);
  });

  test('a file that works on the first image alone has several go through one after another', async () => {
    const nodes: NodeSpec[] = [
      { op: 'Slice', inputs: ['x', 'zero', 'uno', 'zero'], outputs: ['first'] },
      { op: 'Relu', inputs: ['first'], outputs: ['out'] },
    ];
    const file = await write(chain(nodes, [ints('zero', [0]), ints('uno', [1])], fixed));
    expect(await difference(file, [3, 3, 8, 8])).toBeLessThan(CLOSE);
    const graph = (await openModel(file)).graph({ layers: ['out'], batch: 3, height: 8, width: 8 });
    // With one set of weights.
    expect([graph.nodes.filter(({ op }) => op === 'Conv').length, graph.constants.size]).toEqual([3, expect.any(Number)]);
    expect([...graph.constants.values()].filter(({ dtype }) => dtype === 'float32')).toHaveLength(1);
  });

  test('an open size goes through at any, and a fixed one says which goes', async () => {
    const open = await openModel(
      await write(
        chain([{ op: 'GlobalAveragePool', inputs: ['x'], outputs: ['out'] }], [], {
          inputs: [{ name: 'image', shape: ['n', 3, 'h', 'w'] }],
        }),
      ),
    );
    expect(open.size).toBe(224);
    expect(open.assumptions).toContain('it was trained on images of 224 pixels');
    expect(open.graph({ layers: ['x'], batch: 2, height: 9, width: 17 }).types.get('x')?.shape).toEqual([2, 6, 9, 17]);
    const model = await openModel(await write(chain(head, [ints('t', [1, 384]), weight('fc', [384, 5])], fixed)));
    expect(model.size).toBe(8);
    expect(message(() => model.graph({ layers: ['out'], batch: 1, height: 16, width: 16 }))).toMatch(
      /^tiny: expected images of 8×8 pixels for the layer "out", received "16×16"\nShapes of that size are written into the file: use 8×8 pixels, /,
    );
    expect(model.layers(16).map(({ name }) => name)).toEqual(['x', 'r']);
  });

  test('a file that does not say its size, but has it written in, is asked', async () => {
    const model = await openModel(
      await write(
        chain(head, [ints('t', [-1, 6144]), weight('fc', [6144, 5])], { inputs: [{ name: 'image', shape: ['n', 3, 'h', 'w'] }] }),
      ),
    );
    expect(model.size).toBe(32);
    expect(model.layers().at(-1)?.name).toBe('out');
  });
});

describe('inputs', () => {
  test('channels last, as TensorFlow exports them, are transposed on entering', async () => {
    const nodes: NodeSpec[] = [
      { op: 'Transpose', inputs: ['image'], outputs: ['t'], attributes: { perm: [0, 3, 1, 2] } },
      { op: 'Conv', inputs: ['t', 'k'], outputs: ['out'], attributes: { pads: [1, 1, 1, 1] } },
    ];
    const file = await write({
      nodes,
      tensors: [weight('k', [2, 3, 3, 3])],
      inputs: [{ name: 'image', shape: ['n', 8, 8, 3] }],
      outputs: [{ name: 'out' }],
    });
    const model = await openModel(file);
    expect(model.assumptions).toContain('the file has channels last; the image is transposed on entering');
    // Both transposes are gone.
    expect(model.graph({ layers: ['out'], batch: 1, height: 8, width: 8 }).nodes.map(({ op }) => op)).toEqual(['Conv']);
    const data = picture([1, 3, 8, 8]);
    const last = Float32Array.from({ length: data.length }, (_, i) => data[(i % 3) * 64 + Math.floor(i / 3)]);
    const theirs = await runFile(file, new ort.Tensor('float32', last, [1, 8, 8, 3]));
    const mine = float32Data(await runLayer(model, 'out', [1, 3, 8, 8], data), 'out');
    expect(Math.max(...mine.map((value, i) => Math.abs(value - theirs.data[i])))).toBeLessThan(CLOSE);
  });

  test('one channel, and four, are inputs like three', async () => {
    for (const channels of [1, 4]) {
      const file = await write({
        nodes: [{ op: 'Conv', inputs: ['image', 'k'], outputs: ['out'] }],
        tensors: [weight('k', [2, channels, 3, 3])],
        inputs: [{ name: 'image', shape: [1, channels, 8, 8] }],
        outputs: [{ name: 'out' }],
      });
      const model = await openModel(file);
      expect(model.preprocess.scale).toHaveLength(channels);
      expect(await difference(file, [2, channels, 8, 8])).toBeLessThan(CLOSE);
    }
  });

  test('among several inputs the image is found, or named', async () => {
    const spec = chain([], [], {
      inputs: [
        { name: 'info', shape: [1, 2] },
        { name: 'other', shape: [1, 5, 8, 8] },
        { name: 'image', shape: ['n', 3, 8, 8] },
      ],
      outputs: [{ name: 'x' }],
    });
    expect((await openModel(await write(spec))).assumptions[0]).toBe('the image enters at the input "image"');
    await expect(openModel(await write(spec), { input: 'nowhere' })).rejects.toThrow(
      'expected one of the inputs for the input, received "nowhere"\nThe inputs are "info" float[1,2], ',
    );
  });
});

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
  });

  test('is what the metadata says', async () => {
    expect((await opened({ metadata: { 'Image.NominalPixelRange': 'Normalized_1_1' } })).preprocess).toEqual({
      scale: [2, 2, 2],
      offset: [-1, -1, -1],
    });
    const stated = await opened({ metadata: { mean: '[0.5, 0.5, 0.5]', std: '[0.25, 0.25, 0.25]' } });
    expect(stated.preprocess).toEqual({ scale: [4, 4, 4], offset: [-2, -2, -2] });
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
  });

  test('is what the user says, above all', async () => {
    const file = await write(chain([], [], { metadata: { mean: '[1, 1, 1]' }, outputs: [{ name: 'x' }] }));
    const model = await openModel(file, { pixels: { range: [0, 255], mean: [100], std: [1, 2, 4] } });
    expect(model.preprocess).toEqual({ scale: [255, 127.5, 63.75], offset: [-100, -50, -25] });
    expect(model.assumptions).toEqual([]);
  });

  test('blue first is turned round', async () => {
    const model = await opened({ metadata: { 'Image.BitmapPixelFormat': 'Bgr8' } });
    const plain = await opened({});
    const data = picture([1, 3, 8, 8]);
    const swapped = Float32Array.from(data, (_, i) => data[(2 - Math.floor(i / 64)) * 64 + (i % 64)]);
    expect(await runLayer(model, 'out', [1, 3, 8, 8], data)).toEqual(await runLayer(plain, 'out', [1, 3, 8, 8], swapped));
  });
});
