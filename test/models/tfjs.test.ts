/** TF.js graph models: what is computed is what the file says, with everything folded. */
import { describe, expect, test } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import {
  base64,
  bytes,
  convolve,
  distance,
  image,
  ints,
  map,
  picture,
  run,
  type TinyNode,
  weight,
  window,
  writeModel,
} from './tiny-model.ts';

const kernel = weight('kernel', [3, 3, 3, 4]);
const conv: TinyNode = { name: 'net/conv/Conv2D', op: 'Conv2D', input: ['image', 'kernel'], attr: window(2, 'SAME') };

async function open(nodes: TinyNode[], weights = [kernel]) {
  return openModel(await writeModel([image(), ...nodes], weights));
}

describe('padding', () => {
  for (const [height, width] of [
    [7, 9],
    [8, 10],
    [5, 8],
    [1, 3],
  ])
    for (const stride of [1, 2, 3])
      for (const padding of ['SAME', 'VALID'] as const) {
        if (padding === 'VALID' && height < 3) continue;
        test(`${padding}, stride ${stride}, ${height}×${width}: a convolution equals the definition`, async () => {
          const model = await open([{ ...conv, attr: window(stride, padding) }]);
          const x = picture(Math.max(height, stride), width);
          expect(distance(await run(model, conv.name, x), convolve(x, kernel, stride, padding))).toBeLessThan(1e-5);
        });
      }

  test('SAME is made explicit, and asymmetric where the odd pixel demands it', async () => {
    const model = await open([conv]);
    const pads = (height: number, width: number) => model.graph({ layers: [conv.name], batch: 1, height, width }).nodes[0].attributes;
    expect(pads(8, 7)).toMatchObject({ strides: [2, 2], pads: [0, 1, 1, 1] });
    expect(pads(7, 8)).toMatchObject({ pads: [1, 0, 1, 1] });
  });

  test('EXPLICIT padding is read', async () => {
    const attr = { strides: ints(1, 1, 1, 1), padding: bytes('EXPLICIT'), explicit_paddings: ints(0, 0, 1, 2, 0, 1, 0, 0) };
    const model = await open([{ ...conv, attr }]);
    expect(model.graph({ layers: [conv.name], batch: 1, height: 5, width: 5 }).nodes[0].attributes).toMatchObject({ pads: [1, 0, 2, 1] });
  });

  test('pooling pads as convolutions do, and averages only what is there', async () => {
    const pool = (op: string): TinyNode => ({ name: op, op, input: ['image'], attr: { ...window(2, 'SAME'), ksize: ints(1, 3, 3, 1) } });
    const model = await open([pool('MaxPool'), pool('AvgPool'), conv]);
    const x = { shape: [1, 2, 2, 3] as const, data: Float32Array.from([1, 10, -1, 2, 20, -2, 3, 30, -3, 4, 40, -4]) };
    expect([...(await run(model, 'MaxPool', x)).data]).toEqual([4, 40, -1]);
    expect([...(await run(model, 'AvgPool', x)).data]).toEqual([2.5, 25, -2.5]);
  });
});

describe('attributes', () => {
  for (const [how, padding] of [
    ['bytes', bytes('VALID')],
    ['base64', base64('VALID')],
    ['plain text', { s: 'VALID' }],
  ] as const)
    test(`a string given as ${how} is read`, async () => {
      const model = await open([{ ...conv, attr: { strides: { list: { i: [1, 2, 2, 1] } }, padding } }]);
      expect(model.graph({ layers: [conv.name], batch: 1, height: 7, width: 7 }).nodes[0].attributes).toMatchObject({ pads: [0, 0, 0, 0] });
    });
});

const scale = weight('scale', [4], 2);
const offset = weight('offset', [4], 3);
const mean = weight('mean', [4], 4);
const variance = { ...weight('variance', [4]), values: [0.5, 1, 2, 3] };

describe('folding', () => {
  const x = picture(7, 6);
  const plain = convolve(x, kernel, 2, 'SAME');

  test('an unfused batch norm goes into the convolution, whose value has the name of the last node', async () => {
    const model = await open(
      [
        conv,
        { name: 'net/conv/BatchNorm/batchnorm/mul_1', op: 'Mul', input: [conv.name, 'scale'] },
        { name: 'net/conv/BatchNorm/batchnorm/add_1', op: 'AddV2', input: ['offset', 'net/conv/BatchNorm/batchnorm/mul_1'] },
      ],
      [kernel, scale, offset],
    );
    const [layer, ...others] = model.layers(7);
    expect(others).toEqual([]);
    expect(layer).toMatchObject({ name: 'net/conv/BatchNorm/batchnorm/add_1', operator: 'Conv', shape: [4, 4, 4] });
    expect(model.graph({ layers: [layer.name], batch: 1, height: 7, width: 6 }).nodes.map(({ op }) => op)).toEqual(['Conv']);
    const expected = map(plain, (value, c) => value * scale.values[c] + offset.values[c]);
    expect(distance(await run(model, layer.name, x), expected)).toBeLessThan(1e-5);
  });

  const normalised = map(
    plain,
    (value, c) => ((value - mean.values[c]) / Math.sqrt(variance.values[c] + 0.01)) * scale.values[c] + offset.values[c],
  );
  const statistics = ['scale', 'offset', 'mean', 'variance'];
  for (const op of ['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3'])
    test(`${op} goes into the convolution`, async () => {
      const bn: TinyNode = { name: 'bn', op, input: [conv.name, ...statistics], attr: { epsilon: { f: 0.01 }, is_training: { b: false } } };
      const model = await open([conv, bn], [kernel, scale, offset, mean, variance]);
      expect(model.graph({ layers: ['bn'], batch: 1, height: 7, width: 6 }).nodes.map((node) => node.op)).toEqual(['Conv']);
      expect(distance(await run(model, 'bn', x), normalised)).toBeLessThan(1e-5);
    });

  test('a batch norm written out, with its constants computed in the graph, goes into the convolution', async () => {
    const nodes: TinyNode[] = [
      { name: 'shifted', op: 'Add', input: ['variance', 'epsilon'] },
      { name: 'rsqrt', op: 'Rsqrt', input: ['shifted'] },
      { name: 'slope', op: 'Mul', input: ['rsqrt', 'scale'] },
      { name: 'centred', op: 'Sub', input: [conv.name, 'mean'] },
      { name: 'scaled', op: 'Mul', input: ['centred', 'slope'] },
      { name: 'bn', op: 'BiasAdd', input: ['scaled', 'offset'] },
    ];
    const model = await open([conv, ...nodes], [kernel, scale, offset, mean, variance, { name: 'epsilon', shape: [], values: [0.01] }]);
    expect(model.layers(7).map(({ name }) => name)).toEqual(['bn']);
    expect(distance(await run(model, 'bn', x), normalised)).toBeLessThan(1e-5);
  });

  test('a batch norm with nothing to go into is a multiplication and an addition', async () => {
    const relu: TinyNode = { name: 'relu', op: 'Relu', input: [conv.name] };
    const bn: TinyNode = { name: 'bn', op: 'FusedBatchNormV3', input: ['relu', ...statistics], attr: { epsilon: { f: 0.01 } } };
    const model = await open([conv, relu, bn], [kernel, scale, offset, mean, variance]);
    const expected = map(
      plain,
      (value, c) => ((Math.max(value, 0) - mean.values[c]) / Math.sqrt(variance.values[c] + 0.01)) * scale.values[c] + offset.values[c],
    );
    expect(distance(await run(model, 'bn', x), expected)).toBeLessThan(1e-5);
    expect(model.layers(7).map(({ name, tap }) => `${name} ${tap}`)).toEqual(['net/conv/Conv2D before', 'relu after', 'bn linear']);
  });

  for (const [activation, f] of [
    ['Relu', (value: number) => Math.max(value, 0)],
    ['Relu6', (value: number) => Math.min(Math.max(value, 0), 6)],
  ] as const)
    test(`_FusedConv2D with BiasAdd and ${activation} has a layer before and one after`, async () => {
      const attr = { ...window(2, 'SAME'), fused_ops: { list: { s: [bytes('BiasAdd').s, base64(activation).s] } } };
      const model = await open([{ name: 'fused', op: '_FusedConv2D', input: ['image', 'kernel', 'offset'], attr }], [kernel, offset]);
      const biased = map(plain, (value, c) => value + offset.values[c]);
      expect(model.layers(7).map(({ name, slug, tap, nonlinearity }) => [name, slug, tap, nonlinearity])).toEqual([
        ['fused/preactivation', 'fused-preactivation', 'before', activation],
        ['fused', 'fused', 'after', activation],
      ]);
      expect(distance(await run(model, 'fused/preactivation', x), biased)).toBeLessThan(1e-5);
      expect(distance(await run(model, 'fused', x), map(biased, f))).toBeLessThan(1e-5);
    });

  test('a depthwise convolution with a multiplier, fused with its bias, equals the definition', async () => {
    const depth = weight('depth', [3, 3, 3, 2]);
    const bias = weight('bias', [6]);
    const attr = { ...window(1, 'SAME'), fused_ops: { list: { s: [bytes('BiasAdd').s] } } };
    const node: TinyNode = { name: 'depthwise', op: 'FusedDepthwiseConv2dNative', input: ['image', 'depth', 'bias'], attr };
    const model = await open([node], [depth, bias]);
    const expected = map(convolve(x, depth, 1, 'SAME', true), (value, c) => value + bias.values[c]);
    expect(distance(await run(model, 'depthwise', x), expected)).toBeLessThan(1e-5);
  });

  test('a bias after a residual sum goes into the convolution, unless the convolution itself is asked for', async () => {
    const square = weight('square', [1, 1, 4, 4]);
    const nodes: TinyNode[] = [
      conv,
      { name: 'relu', op: 'Relu', input: [conv.name] },
      { name: 'second/Conv2D', op: 'Conv2D', input: ['relu', 'square'], attr: window(1, 'SAME') },
      { name: 'leaf', op: 'AddN', input: ['second/Conv2D', 'relu'] },
      { name: 'sum', op: 'Add', input: ['offset', 'leaf'] },
    ];
    const model = await open(nodes, [kernel, square, offset]);
    const relu = map(plain, (value) => Math.max(value, 0));
    const second = convolve(relu, square, 1, 'SAME');
    const sum = map({ ...second, data: second.data.map((value, i) => value + relu.data[i]) }, (value, c) => value + offset.values[c]);
    expect(model.layers(7).map(({ name }) => name)).toEqual([conv.name, 'relu', 'second/Conv2D', 'sum']);
    const request = { batch: 1, height: 7, width: 6 };
    expect(model.graph({ layers: ['sum'], ...request }).nodes.map(({ op }) => op)).toEqual(['Conv', 'Relu', 'Conv', 'Add']);
    expect(distance(await run(model, 'sum', x), sum)).toBeLessThan(1e-5);
    expect(distance(await run(model, 'second/Conv2D', x), second)).toBeLessThan(1e-5);
    expect(model.graph({ layers: ['second/Conv2D', 'sum'], ...request }).nodes.map(({ op }) => op)).toEqual([
      'Conv',
      'Relu',
      'Conv',
      'Add',
      'Add',
    ]);
  });
});
