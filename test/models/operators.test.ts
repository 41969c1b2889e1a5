/** Operators of TF.js graphs one by one, against values computed by hand; NHWC throughout. */
import { expect, test } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import { bytes, image, ints, type Picture, run, type TinyNode, type TinyWeight, writeModel } from './tiny-model.ts';

/** Two rows, one column, three channels. */
const x: Picture = { shape: [1, 2, 1, 3], data: Float32Array.from([1, -2, 3, 4, 5, -6]) };
const integers = (name: string, ...values: number[]): TinyWeight => ({ name, shape: [values.length], values, dtype: 'int32' });
const node = (op: string, input: string[], attr: Record<string, unknown> = {}): TinyNode => ({ name: 'y', op, input, attr });
const row: TinyWeight = { name: 'row', shape: [3], values: [10, 20, 30] };
const scalarAxis: TinyWeight = { name: 'axis', shape: [], values: [-1], dtype: 'int32' };

const cases: [string, TinyNode[], TinyWeight[], number[]][] = [
  ['Relu6', [node('Relu6', ['image'])], [], [1, 0, 3, 4, 5, 0]],
  [
    'Minimum and Maximum with scalars',
    [{ name: 'low', op: 'Maximum', input: ['zero', 'image'] }, node('Minimum', ['low', 'four'])],
    [
      { name: 'zero', shape: [], values: [0] },
      { name: 'four', shape: [], values: [4] },
    ],
    [1, 0, 3, 4, 4, 0],
  ],
  [
    'Prelu with a slope a channel',
    [node('Prelu', ['image', 'slope'])],
    [{ name: 'slope', shape: [1, 1, 3], values: [0, 0.5, 0.25] }],
    [1, -1, 3, 4, 5, -1.5],
  ],
  ['LeakyRelu', [node('LeakyRelu', ['image'], { alpha: { f: 0.5 } })], [], [1, -1, 3, 4, 5, -3]],
  ['Add of a vector of channels', [node('AddV2', ['image', 'row'])], [row], [11, 18, 33, 14, 25, 24]],
  ['Sub of the image from a vector', [node('Sub', ['row', 'image'])], [row], [9, 22, 27, 6, 15, 36]],
  ['RealDiv of a scalar', [node('RealDiv', ['image', 'two'])], [{ name: 'two', shape: [], values: [2] }], [0.5, -1, 1.5, 2, 2.5, -3]],
  ['AddN of three', [node('AddN', ['image', 'image', 'row'])], [row], [12, 16, 36, 18, 30, 18]],
  ['Neg', [node('Neg', ['image'])], [], [-1, 2, -3, -4, -5, 6]],
  ['Identity', [{ name: 'same', op: 'Identity', input: ['image'] }, node('Relu', ['same'])], [], [1, 0, 3, 4, 5, 0]],
  ['ConcatV2 over channels', [node('ConcatV2', ['image', 'image', 'axis'])], [scalarAxis], [1, -2, 3, 1, -2, 3, 4, 5, -6, 4, 5, -6]],
  [
    'ConcatV2 over rows',
    [node('ConcatV2', ['image', 'image', 'axis'])],
    [{ ...scalarAxis, values: [1] }],
    [1, -2, 3, 4, 5, -6, 1, -2, 3, 4, 5, -6],
  ],
  [
    'Mean over height and width, kept',
    [node('Mean', ['image', 'axes'], { keep_dims: { b: true } })],
    [integers('axes', 1, 2)],
    [2.5, 1.5, -1.5],
  ],
  [
    'squeeze and excitation: Mean, Reshape by a computed shape, Sigmoid, Mul',
    [
      { name: 'mean', op: 'Mean', input: ['image', 'axes'] },
      { name: 'shape', op: 'Shape', input: ['mean'] },
      { name: 'batch', op: 'StridedSlice', input: ['shape', 'zero', 'one', 'one'], attr: { shrink_axis_mask: { i: '1' } } },
      { name: 'target', op: 'Pack', input: ['batch', 'unit', 'unit', 'three'] },
      { name: 'reshaped', op: 'Reshape', input: ['mean', 'target'] },
      node('Mul', ['image', 'reshaped']),
    ],
    [
      integers('axes', 1, 2),
      integers('zero', 0),
      integers('one', 1),
      { name: 'unit', shape: [], values: [1], dtype: 'int32' },
      { name: 'three', shape: [], values: [3], dtype: 'int32' },
    ],
    [2.5, -3, -4.5, 10, 7.5, 9],
  ],
  ['Reshape that mixes rows and channels', [node('Reshape', ['image', 'target'])], [integers('target', -1, 1, 3, 2)], [1, -2, 3, 4, 5, -6]],
  [
    'PadV2',
    [node('PadV2', ['image', 'pads', 'fill'])],
    [
      { name: 'pads', shape: [4, 2], values: [0, 0, 1, 0, 0, 0, 0, 0], dtype: 'int32' },
      { name: 'fill', shape: [], values: [7] },
    ],
    [7, 7, 7, 1, -2, 3, 4, 5, -6],
  ],
  [
    'MirrorPad',
    [node('MirrorPad', ['image', 'pads'], { mode: bytes('REFLECT') })],
    [{ name: 'pads', shape: [4, 2], values: [0, 0, 0, 1, 0, 0, 0, 0], dtype: 'int32' }],
    [1, -2, 3, 4, 5, -6, 1, -2, 3],
  ],
  [
    'Softmax over channels',
    [node('Softmax', ['zeros'])],
    [{ name: 'nothing', shape: [], values: [0] }],
    new Array(6).fill(Math.fround(1 / 3)),
  ],
  [
    'MaxPool over rows',
    [node('MaxPool', ['image'], { ksize: ints(1, 2, 1, 1), strides: ints(1, 1, 1, 1), padding: bytes('VALID') })],
    [],
    [4, 5, 3],
  ],
];

for (const [what, nodes, weights, expected] of cases)
  test(what, async () => {
    // Nodes that only rearrange are no layers, so what is asked for is their negative.
    const zeros: TinyNode = { name: 'zeros', op: 'Mul', input: ['image', 'nothing'] };
    const all = [...(weights.some(({ name }) => name === 'nothing') ? [zeros] : []), ...nodes];
    const tap: TinyNode = { name: 'tap', op: 'Neg', input: ['y'] };
    const model = await openModel(await writeModel([image(), ...all, tap], weights));
    const { data } = await run(model, 'tap', x);
    expect([...data].map((value) => -value)).toEqual(expected.map((value) => (value === 0 ? expect.closeTo(0) : value)));
  });

/** The same for nodes that hold only at one size, 2×2: one channel is enough to tell the positions apart. */
const square: Picture = { shape: [1, 2, 2, 3], data: Float32Array.from([1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 5]) };

async function atTwo(nodes: TinyNode[], weights: TinyWeight[]): Promise<number[]> {
  const model = await openModel(await writeModel([image(2), ...nodes], weights));
  return [...(await run(model, 'y', square)).data];
}

test('Mul by a map without the batch axis', async () => {
  const map: TinyWeight = { name: 'map', shape: [2, 2, 3], values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] };
  expect(await atTwo([node('Mul', ['image', 'map'])], [map])).toEqual([1, 0, 0, 8, 0, 0, 21, 0, 0, 40, 0, 60]);
});

test('Reshape to a vector, MatMul and Reshape back see the elements in the order of the file', async () => {
  const matrix: TinyWeight = { name: 'matrix', shape: [12, 2], values: Array.from({ length: 24 }, (_, i) => (i % 2 ? 1 : 10 ** (i / 8))) };
  const nodes: TinyNode[] = [
    { name: 'flat', op: 'Reshape', input: ['image', 'vector'] },
    { name: 'product', op: 'MatMul', input: ['flat', 'matrix'] },
    { name: 'grid', op: 'Reshape', input: ['product', 'back'] },
    node('Relu', ['grid']),
  ];
  const [weighted, sum] = await atTwo(nodes, [integers('vector', -1, 12), integers('back', 1, 1, 1, 2), matrix]);
  const expected = square.data.reduce((total, value, i) => total + value * 10 ** (i / 4), 0);
  expect(weighted).toBeCloseTo(expected, 2);
  expect(sum).toBe(15);
});
