/** TF.js graph models: biases, batch norms and non-linearities folded into convolutions change no value that is asked for. */
import { describe, expect, test } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import {
  base64,
  bytes,
  convolve,
  distance,
  image,
  map,
  message,
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

  test('Prelu at the end of a fused convolution is one non-linearity, of several operators', async () => {
    const slope = { ...weight('slope', [1, 1, 4]), values: [0, 0.5, -0.25, 2] };
    const attr = { ...window(2, 'SAME'), fused_ops: { list: { s: [bytes('BiasAdd').s, bytes('Prelu').s] } } };
    const node: TinyNode = { name: 'fused', op: '_FusedConv2D', input: ['image', 'kernel', 'offset', 'slope'], attr };
    const model = await open([node], [kernel, offset, slope]);
    expect(model.layers(7).map(({ name, tap, nonlinearity }) => [name, tap, nonlinearity])).toEqual([
      ['fused/preactivation', 'before', 'Prelu'],
      ['fused', 'after', 'Prelu'],
    ]);
    const biased = map(plain, (value, c) => value + offset.values[c]);
    const expected = map(biased, (value, c) => (value > 0 ? value : value * slope.values[c]));
    expect(distance(await run(model, 'fused', x), expected)).toBeLessThan(1e-5);
  });

  test('a non-linearity that is not known is named', async () => {
    const attr = { ...window(2, 'SAME'), fused_ops: { list: { s: [bytes('BiasAdd').s, bytes('Elu').s] } } };
    const model = await open([{ name: 'fused', op: '_FusedConv2D', input: ['image', 'kernel', 'offset'], attr }], [kernel, offset]);
    expect(message(() => model.layers(7))).toContain('received "Elu"');
    expect(message(() => model.graph({ layers: ['fused'], batch: 1, height: 7, width: 7 }))).toContain(
      'expected one of Relu, Relu6, Sigmoid, Tanh, Prelu, LeakyRelu for the node "fused" (_FusedConv2D), received "Elu"',
    );
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
