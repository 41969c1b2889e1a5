/** Non-linearities and normalisations that a file spells out in several operators. */
import { expect, test } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import { type NodeSpec, type TensorSpec, weight, write } from './onnx/write-model.ts';

const scalar = (name: string, value: number): TensorSpec => ({ name, shape: [], values: [value] });

/** The layers of a 1×1 convolution and the nodes after it. */
async function layersOf(nodes: readonly NodeSpec[], tensors: readonly TensorSpec[]) {
  const file = await write({
    nodes: [{ op: 'Conv', inputs: ['image', 'k'], outputs: ['x'] }, ...nodes],
    tensors: [weight('k', [6, 3, 1, 1]), ...tensors],
    inputs: [{ name: 'image', shape: [1, 3, 8, 8] }],
    outputs: [{ name: 'out' }],
  });
  return (await openModel(file)).layers().map(({ name, tap, nonlinearity }) => [name, tap, nonlinearity]);
}

test.each([
  [
    'Silu',
    [
      { op: 'Sigmoid', inputs: ['x'], outputs: ['s'] },
      { op: 'Mul', inputs: ['x', 's'], outputs: ['out'] },
    ],
  ],
  [
    'HardSwish',
    [
      { op: 'HardSigmoid', inputs: ['x'], outputs: ['s'] },
      { op: 'Mul', inputs: ['s', 'x'], outputs: ['out'] },
    ],
  ],
  [
    'Mish',
    [
      { op: 'Softplus', inputs: ['x'], outputs: ['p'] },
      { op: 'Tanh', inputs: ['p'], outputs: ['t'] },
      { op: 'Mul', inputs: ['x', 't'], outputs: ['out'] },
    ],
  ],
  [
    'Gelu',
    [
      { op: 'Div', inputs: ['x', 'root'], outputs: ['d'] },
      { op: 'Erf', inputs: ['d'], outputs: ['e'] },
      { op: 'Add', inputs: ['e', 'one'], outputs: ['a'] },
      { op: 'Mul', inputs: ['x', 'a'], outputs: ['m'] },
      { op: 'Mul', inputs: ['m', 'half'], outputs: ['out'] },
    ],
  ],
] as [string, NodeSpec[]][])('%s is one non-linearity, and what is between its operators no layer', async (name, nodes) => {
  expect(await layersOf(nodes, [scalar('root', Math.SQRT2), scalar('one', 1), scalar('half', 0.5)])).toEqual([
    ['x', 'before', name],
    ['out', 'after', name],
  ]);
});

test('a gate that another value opens is none', async () => {
  const nodes: NodeSpec[] = [
    { op: 'GlobalAveragePool', inputs: ['x'], outputs: ['p'] },
    { op: 'Sigmoid', inputs: ['p'], outputs: ['s'] },
    { op: 'Mul', inputs: ['x', 's'], outputs: ['out'] },
  ];
  expect((await layersOf(nodes, [])).at(-1)).toEqual(['out', 'linear', undefined]);
});

test('of a layer norm only what comes out is a layer', async () => {
  const nodes: NodeSpec[] = [
    { op: 'Transpose', inputs: ['x'], outputs: ['t'], attributes: { perm: [0, 2, 3, 1] } },
    { op: 'ReduceMean', inputs: ['t'], outputs: ['mean'], attributes: { axes: [-1] } },
    { op: 'Sub', inputs: ['t', 'mean'], outputs: ['centred'] },
    { op: 'Pow', inputs: ['centred', 'two'], outputs: ['square'] },
    { op: 'ReduceMean', inputs: ['square'], outputs: ['variance'], attributes: { axes: [-1] } },
    { op: 'Add', inputs: ['variance', 'tiny'], outputs: ['more'] },
    { op: 'Sqrt', inputs: ['more'], outputs: ['deviation'] },
    { op: 'Div', inputs: ['centred', 'deviation'], outputs: ['normal'] },
    { op: 'Mul', inputs: ['normal', 'scale'], outputs: ['scaled'] },
    { op: 'Add', inputs: ['scaled', 'bias'], outputs: ['out'] },
  ];
  const tensors = [scalar('two', 2), scalar('tiny', 1e-5), weight('scale', [6]), weight('bias', [6], 2)];
  expect((await layersOf(nodes, tensors)).map(([name]) => name)).toEqual(['x', 'out']);
});
