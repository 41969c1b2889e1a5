/** What disappears on importing: batch norms, shape arithmetic, branches, functions, quantisation. */

import { describe, expect, test } from 'vitest';
import { openModel } from '../../../generator/models/open.ts';
import { difference, picture, runLayer } from './compare.ts';
import { chain, ints, type NodeSpec, noise, type TensorSpec, weight, write } from './write-model.ts';

const CLOSE = 1e-5;
const one = (op: string, attributes: NodeSpec['attributes'] = {}, inputs: readonly string[] = []): NodeSpec => ({
  op,
  inputs: ['x', ...inputs],
  outputs: ['out'],
  attributes,
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
