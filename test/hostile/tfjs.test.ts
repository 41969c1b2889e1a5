/** Tricks that a TF.js model.json may play, one by one: each ends in one clear error, or in a model without it, at once and in little memory. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TinyNode } from '../models/tiny-model.ts';
import { temporaryFolder } from '../temporary.ts';
import { attempt } from './attempt.ts';

interface Weight {
  name: string;
  shape: unknown;
  dtype?: string;
  quantization?: unknown;
}

/** Writes a model.json, and a shard of as many bytes as said; returns the path. */
async function write(json: unknown, bytes = 24): Promise<string> {
  const folder = join(temporaryFolder('tfjs'), 'net');
  await mkdir(folder);
  await writeFile(join(folder, 'weights.bin'), new Uint8Array(bytes));
  await writeFile(join(folder, 'model.json'), typeof json === 'string' ? json : JSON.stringify(json));
  return join(folder, 'model.json');
}

const IMAGE: TinyNode = {
  name: 'image',
  op: 'Placeholder',
  attr: { dtype: { type: 1 }, shape: { shape: { dim: [1, 8, 8, 3].map((size) => ({ size })) } } },
};
const CONV: TinyNode = {
  name: 'conv',
  op: 'Conv2D',
  input: ['image', 'w'],
  attr: { strides: { list: { i: [1, 1, 1, 1] } }, padding: { s: [...Buffer.from('SAME')] } },
};
const W: Weight = { name: 'w', shape: [1, 1, 3, 2], dtype: 'float32' };
const node = (name: string, op: string, input: string[] = [], attr: Record<string, unknown> = {}): TinyNode => ({ name, op, input, attr });
const fixed = (name: string, shape: unknown[], intVal: unknown[]): TinyNode =>
  node(name, 'Const', [], { value: { tensor: { tensorShape: { dim: shape.map((size) => ({ size })) }, intVal } } });

/** A convolution and what is given beside it. */
const net = (nodes: TinyNode[], weights: Weight[] = [W], paths = ['weights.bin']) => ({
  modelTopology: { node: [node('w', 'Const'), IMAGE, CONV, ...nodes] },
  weightsManifest: [{ paths, weights }],
});

interface Trick {
  about: string;
  model: unknown;
  bytes?: number;
  /** Part of the error; where left out, the file opens all the same. */
  says?: string;
}

const GRAPHS: Trick[] = [
  { about: 'a cycle', model: net([node('a', 'AddV2', ['conv', 'b']), node('b', 'Relu', ['a'])]) },
  { about: 'a node that reads itself', model: net([node('a', 'AddV2', ['conv', 'a'])]) },
  { about: 'a cycle of constants', model: net([node('a', 'Sqrt', ['b']), node('b', 'Sqrt', ['a']), node('c', 'Mul', ['conv', 'a'])]) },
  {
    about: 'two nodes of one name',
    model: net([node('conv', 'Relu', ['image'])]),
    says: 'expected one node for conv, received "two of that name"',
  },
  { about: 'a node that is missing', model: net([node('a', 'AddV2', ['conv', 'gone'])]) },
  {
    about: 'a weight that is missing',
    model: net([], [{ ...W, name: 'other' }]),
    says: 'expected a constant float32 kernel with four axes for the node "conv" (Conv2D), received "w"',
  },
  {
    about: 'names that objects have',
    model: net([
      node('__proto__', 'toString', ['conv']),
      node('constructor', '__proto__', ['__proto__']),
      node('a', 'Relu', ['__proto__']),
    ]),
  },
  {
    about: '`__proto__` as a key everywhere',
    model: JSON.stringify(net([node('a', 'Relu', ['conv'])])).replaceAll('"attr":', '"__proto__":{"op":"x","input":["image"]},"attr":'),
  },
  { about: 'a name that begins a line', model: net([node('a\nb\u001b[2J', 'NoSuch', ['conv'])]) },
  {
    about: '30 000 constants in a row',
    model: net([
      fixed('c0', [], [1]),
      ...Array.from({ length: 30_000 }, (_, i) => node(`c${i + 1}`, 'Identity', [`c${i}`])),
      node('z', 'Mul', ['conv', 'c30000']),
    ]),
  },
  {
    about: '5000 nodes in a row',
    model: net(Array.from({ length: 5000 }, (_, i) => node(`r${i}`, 'Relu', [i === 0 ? 'conv' : `r${i - 1}`]))),
  },
  { about: '10 000 nodes that read one value', model: net(Array.from({ length: 10_000 }, (_, i) => node(`r${i}`, 'Sigmoid', ['conv']))) },
  {
    about: 'a node with 100 000 inputs',
    model: net([
      node(
        'a',
        'AddN',
        Array.from({ length: 100_000 }, () => 'conv'),
      ),
    ]),
    says: 'expected a TF.js graph model for modelTopology.node.3.input, received "Too big',
  },
];

const SHAPES: Trick[] = [
  {
    about: 'a weight of 2³¹ values',
    model: net([], [{ ...W, shape: [1, 1, 3, 2 ** 31] }]),
    says: 'expected a shape that a tensor can have for weight "w", received "it would have more than 2³¹ − 1 values',
  },
  {
    about: 'a weight of 10³⁰⁰ values',
    model: net([], [{ ...W, shape: Array.from({ length: 16 }, () => 2 ** 50) }]),
    says: 'expected a shape that a tensor can have for weight "w"',
  },
  {
    about: 'an empty weight with 2³¹ − 1 channels',
    model: net([], [{ ...W, shape: [1, 1, 0, 2 ** 31 - 1] }]),
    bytes: 0,
    says: 'in shape [1,1,0,2147483647]',
  },
  {
    about: 'a weight with 1000 axes',
    model: net([], [{ ...W, shape: Array.from({ length: 1000 }, () => 1) }]),
    says: 'it would have 1000 axes',
  },
  {
    about: 'a negative extent',
    model: net([], [{ ...W, shape: [-1, 1, 3, 2] }]),
    says: 'for weightsManifest.0.weights.0.shape.0, received "Too small',
  },
  { about: 'half an extent', model: net([], [{ ...W, shape: [0.5, 1, 3, 4] }]), says: 'for weightsManifest.0.weights.0.shape.0' },
  {
    about: 'fewer bytes than the shapes have',
    model: net([], [{ ...W, shape: [1, 1, 3, 4] }]),
    says: 'expected 48 bytes for weights.bin, received "24 bytes"',
  },
  {
    about: 'a shard listed a thousand times',
    model: net(
      [],
      [{ ...W, shape: [1, 1, 3, 2000] }],
      Array.from({ length: 1000 }, () => 'weights.bin'),
    ),
    says: 'expected every shard once for weightsManifest.paths, received "weights.bin"',
  },
  {
    about: 'images of 2³¹ pixels a side',
    model: {
      ...net([]),
      modelTopology: {
        node: [
          node('w', 'Const'),
          { ...IMAGE, attr: { dtype: { type: 1 }, shape: { shape: { dim: [1, 2 ** 31, 2 ** 31, 3].map((size) => ({ size })) } } } },
          CONV,
        ],
      },
    },
    says: 'more than 2³¹ − 1 values',
  },
  {
    about: 'a stride of 2³¹',
    model: net([{ ...CONV, name: 'a', attr: { ...CONV.attr, strides: { list: { i: [1, 2 ** 31, 2 ** 31, 1] } } } }]),
  },
  { about: 'a constant of 2³¹ values in one', model: net([fixed('c', [2 ** 31 - 1], [7]), node('a', 'Mul', ['conv', 'c'])]) },
  {
    about: 'a thousand constants of 2²⁰ values in one',
    model: net(
      Array.from({ length: 1000 }, (_, i) => [fixed(`c${i}`, [2 ** 20], [7]), node(`a${i}`, 'Reshape', ['conv', `c${i}`])]).flat(),
    ),
  },
  {
    about: 'constants that broadcast to 2³²',
    model: net([fixed('b', [65536, 1], [7]), fixed('c', [65536], [7]), node('p', 'Mul', ['b', 'c']), node('a', 'Mul', ['conv', 'p'])]),
  },
  { about: 'a reshape to parts of a pixel', model: net([fixed('c', [4], [1, -1, 7, 5]), node('a', 'Reshape', ['conv', 'c'])]) },
  {
    about: 'a reshape that puts images together',
    model: net([fixed('c', [4], [4, 4, 4, 2]), node('a', 'Reshape', ['conv', 'c']), node('r', 'Relu', ['a'])]),
  },
];

const layer = (name: string, class_name: string, from: string[], config: Record<string, unknown> = {}) => ({
  class_name,
  name,
  config,
  inbound_nodes: from.map((other) => [[other, 0, 0, {}]]),
});
const keras = (layers: unknown[], ends: [string, string] = ['image', 'end']) => ({
  modelTopology: { class_name: 'Model', config: { layers, input_layers: [[ends[0], 0, 0]], output_layers: [[ends[1], 0, 0]] } },
  weightsManifest: [],
});
const input = layer('image', 'InputLayer', [], { batch_input_shape: [null, 8, 8, 3] });
/** Networks, each of which applies the next one twice. */
const doubled = (depth: number): unknown =>
  depth === 0
    ? layer('n', 'Activation', ['i', 'i'], { activation: 'relu' })
    : {
        ...layer('n', 'Model', ['i', 'i']),
        config: { layers: [layer('i', 'InputLayer', []), doubled(depth - 1)], input_layers: [['i', 0, 0]], output_layers: [['n', 0, 0]] },
      };
const deep = (depth: number, open: string, close: string) =>
  `{"modelTopology":{"class_name":"Model","config":${open.repeat(depth)}1${close.repeat(depth)}},"weightsManifest":[]}`;

const LAYERS: Trick[] = [
  {
    about: 'layers in a circle',
    model: keras([input, layer('a', 'ReLU', ['b']), layer('b', 'ReLU', ['a'])], ['image', 'b']),
    says: 'expected an output, and no loop for the layer "a"',
  },
  {
    about: 'a layer that is missing',
    model: keras([input, layer('end', 'ReLU', ['gone'])]),
    says: 'expected every layer that another reads for the layers, received "none called \\"gone\\""',
  },
  { about: 'two layers of one name', model: keras([input, layer('end', 'ReLU', ['image']), layer('end', 'ELU', ['image'])]) },
  {
    about: '5000 layers, the last one first',
    model: keras(
      [...Array.from({ length: 5000 }, (_, i) => layer(`r${i}`, 'ReLU', [`r${i + 1}`])), layer('r5000', 'ReLU', ['image']), input],
      ['image', 'r0'],
    ),
  },
  {
    about: 'networks in networks, each applied twice',
    model: keras([{ ...input, name: 'i' }, doubled(20)], ['i', 'n']),
    says: 'expected at most 100000 applications, each to at most 10000 values for the layers, received "more"',
  },
  {
    about: 'a layer applied to 50 000 values',
    model: keras([input, { ...layer('end', 'Add', []), inbound_nodes: [Array.from({ length: 50_000 }, () => ['image', 0, 0, {}])] }]),
    says: 'each to at most 10000 values',
  },
  {
    about: 'a layer applied a million times over',
    model: keras([input, { ...layer('end', 'ReLU', []), inbound_nodes: [[['image', 0, 1e15, {}]]] }]),
    says: 'output 1000000000000000 of application 0',
  },
  {
    about: 'lists in lists',
    model: deep(5000, '[', ']'),
    says: 'expected JSON for the model, received "lists within lists, more than 256 deep"',
  },
  { about: 'lists in lists, eight million deep', model: deep(8e6, '[', ']'), says: 'lists within lists, more than 256 deep' },
  {
    about: 'five million empty lists',
    model: `{"modelTopology":{"node":[${'[],'.repeat(5e6)}[]]},"weightsManifest":[]}`,
    says: 'expected JSON for the model, received "more than 262144 values"',
  },
  {
    about: 'a quarter of a million values of the wrong kind',
    model: net([{ ...CONV, name: 'a', input: Array.from({ length: 2.5e5 }, () => 1) as unknown as string[] }]),
    says: 'expected a TF.js graph model for modelTopology.node.3.input',
  },
  {
    about: 'a quarter of a million empty nodes',
    model: `{"modelTopology":{"node":[${'{},'.repeat(2.5e5)}{}]},"weightsManifest":[]}`,
    says: 'expected a TF.js graph model for modelTopology.node.0.name',
  },
  {
    about: 'networks in networks, without end',
    model: deep(50_000, '{"layers":[{"class_name":"Model","config":', '}]}'),
    says: 'lists within lists, more than 256 deep',
  },
  {
    about: 'a description of 17 MiB',
    model: `{${' '.repeat(17 << 20)}}`,
    says: 'expected JSON of at most 16 MiB for the model, received "17825794 bytes"',
  },
  {
    about: 'padding by 2³¹',
    model: keras([input, layer('end', 'ZeroPadding2D', ['image'], { padding: 2 ** 31 })]),
    says: 'expected inputs that fit each other for Pad "end"',
  },
  {
    about: 'up-sampling by 2³⁰',
    model: keras([input, layer('end', 'UpSampling2D', ['image'], { size: 2 ** 30 }), layer('a', 'ReLU', ['image'])]),
  },
];

describe.each([
  ['what nodes say of each other', GRAPHS],
  ['shapes and constants', SHAPES],
  ['layers and nesting', LAYERS],
])('%s', (_, tricks) => {
  test.each(tricks)('$about', async ({ model, bytes, says }) => {
    const verdict = await attempt(await write(model, bytes));
    if (says === undefined) expect(verdict.kind, verdict.says).not.toBe('refused');
    else expect(verdict).toMatchObject({ kind: 'refused', says: expect.stringContaining(says) });
  });
});
