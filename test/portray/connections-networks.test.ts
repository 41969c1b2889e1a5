/** Connections of whole networks, against differences of the networks themselves. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Connection } from '../../data/schema.ts';
import type { Model } from '../../generator/models/model.ts';
import { openModel } from '../../generator/models/open.ts';
import { readFixture, writeInstance } from '../families/instance.ts';
import { draws } from '../render/tiny-model.ts';
import { defaultModel } from '../requires.ts';
import { temporaryFolder } from '../temporary.ts';
import { connect, functionOf, kernelOf, layerOf, oneHot } from './connected-layer.ts';

function unitVector(name: string, length: number): Float32Array {
  const vector = draws(name, length);
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

/** An image's flat array as `[C,positions]`, and where its centre is. */
interface Grid {
  channels: number;
  height: number;
  width: number;
  last: boolean;
}

const indexIn = ({ channels, height, width, last }: Grid, c: number, y: number, x: number) =>
  last ? (y * width + x) * channels + c : (c * height + y) * width + x;

/**
 * How `weights · to[:, centre]` changes when one number of channel `c` of `from` does, at positions up to three from the one opposite, cut to the
 * smallest window that holds all that is not zero.
 */
async function differences(
  run: (x: Float32Array) => Promise<Float32Array>,
  from: Grid,
  to: Grid,
  changed: (x: Float32Array, y: number, column: number) => void,
  weights: Float32Array,
): Promise<number[]> {
  const base = draws('base', from.channels * from.height * from.width);
  const centre = (value: Float32Array) =>
    weights.reduce((sum, weight, c) => sum + weight * value[indexIn(to, c, to.height >> 1, to.width >> 1)], 0);
  const still = centre(await run(base));
  const middle = [Math.round(((to.height >> 1) / to.height) * from.height), Math.round(((to.width >> 1) / to.width) * from.width)];
  const rows: { y: number; x: number; value: number }[] = [];
  for (let y = Math.max(0, middle[0] - 3); y <= Math.min(from.height - 1, middle[0] + 3); y++)
    for (let x = Math.max(0, middle[1] - 3); x <= Math.min(from.width - 1, middle[1] + 3); x++) {
      const moved = base.slice();
      changed(moved, y, x);
      rows.push({ y, x, value: centre(await run(moved)) - still });
    }
  const largest = Math.max(...rows.map(({ value }) => Math.abs(value)));
  const felt = rows.filter(({ value }) => Math.abs(value) > 1e-4 * largest);
  const [top, left] = [Math.min(...felt.map(({ y }) => y)), Math.min(...felt.map(({ x }) => x))];
  const [bottom, right] = [Math.max(...felt.map(({ y }) => y)), Math.max(...felt.map(({ x }) => x))];
  return rows.filter(({ x, y }) => y >= top && y <= bottom && x >= left && x <= right).map(({ value }) => value);
}

function expectNear(kernel: readonly number[], numeric: readonly number[]): void {
  expect(kernel).toHaveLength(numeric.length);
  const largest = Math.max(...numeric.map(Math.abs));
  for (const [i, value] of numeric.entries()) expect(Math.abs(kernel[i] - value)).toBeLessThan(0.01 * largest);
}

describe('the default model', () => {
  const LAYER = 'FeatureExtractor/MobilenetV2/expanded_conv_6/expand/BatchNorm/batchnorm/add_1';

  test('what a layer reads agrees with differences, through a residual sum too', async (context) => {
    const model = await defaultModel(context);
    const [channels, height, width] = layerOf(model, LAYER).shape;
    const vectors = [oneHot(channels, 42), unitVector('random', channels)];
    const { units, notes } = await connect(model, LAYER, { vectors });
    expect(notes).toEqual([]);
    const graph = model.graph({ layers: [LAYER], batch: 1, height: model.size, width: model.size });
    for (const [i, { reads }] of units.entries()) {
      expect(reads.map(({ value }) => value.match(/expanded_conv_\d+/)?.[0])).toEqual([
        'expanded_conv_5',
        'expanded_conv_4',
        'expanded_conv_3',
      ]);
      for (const { value, channels: strongest, size } of reads) {
        const [, c, h, w] = graph.types.get(value)?.shape ?? [];
        const from = { channels: c, height: h, width: w, last: false };
        const run = await functionOf(graph, value, LAYER, ['Clip']);
        const { channel, weight } = strongest[0];
        const change = (x: Float32Array, y: number, column: number) => {
          x[indexIn(from, channel, y, column)] += 1;
        };
        expect(size).toEqual([1, 1]);
        expectNear([weight], await differences(run, from, { channels, height, width, last: false }, change, vectors[i]));
      }
    }
  });

  test('what it feeds agrees with differences of the depthwise convolution behind its ReLU6', async (context) => {
    const model = await defaultModel(context);
    const [channels, height, width] = layerOf(model, LAYER).shape;
    const vectors = [oneHot(channels, 42), unitVector('random', channels)];
    const { units } = await connect(model, LAYER, { vectors });
    const target = LAYER.replace('expand/', 'depthwise/');
    const graph = model.graph({ layers: [target], batch: 1, height: model.size, width: model.size });
    const [, c, h, w] = graph.types.get(target)?.shape ?? [];
    const run = await functionOf(graph, 'FeatureExtractor/MobilenetV2/expanded_conv_6/expand/Relu6', target);
    expect(units[0].feeds[0].channels.map(({ channel }) => channel)).toEqual([42]);
    expect(units[1].feeds[0].channels).toHaveLength(6);
    for (const [i, { feeds }] of units.entries()) {
      expect(feeds).toMatchObject([{ value: target, through: ['Conv'], size: [3, 3] }]);
      const { channel } = feeds[0].channels[0];
      const from = { channels, height, width, last: false };
      const change = (x: Float32Array, y: number, column: number) => {
        for (const [k, share] of vectors[i].entries()) x[indexIn(from, k, y, column)] += share;
      };
      const numeric = await differences(run, from, { channels: c, height: h, width: w, last: false }, change, oneHot(c, channel));
      expectNear(kernelOf(feeds[0], channel), numeric);
    }
  });
});

describe('a vision transformer', () => {
  let model: Model;
  const short = ({ value, through, size }: Connection) => [value.split('/').slice(-3).join('/'), through.join(' '), size.join('×')];

  beforeAll(async () => {
    model = await openModel(writeInstance('vit', readFixture('vit'), temporaryFolder('vit')).get('17') ?? '');
  });

  test("a token's block reads its own hidden units and attention, and the patches behind them", async () => {
    const { units } = await connect(model, '/encoder/layers/encoder_layer_0/Add_1_output_0');
    expect(units[0].reads.map(short)).toEqual([
      ['mlp/mlp.1/Mul_1_output_0', 'MatMul Add', '1×1'],
      ['encoder_layer_0/self_attention/Transpose_5_output_0', 'Add Add', '1×1'],
      ['input', 'Conv Reshape Transpose Concat Add Add', '15×15'],
    ]);
  });

  test('hidden units feed the residual stream as differences say', async () => {
    const [hidden, stream] = ['/encoder/layers/encoder_layer_1/mlp/mlp.1/Mul_1_output_0', '/encoder/layers/encoder_layer_1/Add_1_output_0'];
    const { units } = await connect(model, hidden);
    expect(units[0].feeds).toMatchObject([{ value: stream, through: ['MatMul', 'Add'], size: [1, 1] }]);
    const graph = model.graph({ layers: [stream], batch: 1, height: model.size, width: model.size });
    const [channels, tokens] = layerOf(model, hidden).shape;
    const from = { channels, height: tokens, width: 1, last: true };
    const to = { channels: layerOf(model, stream).shape[0], height: tokens, width: 1, last: false };
    const run = await functionOf(graph, hidden, stream);
    for (const unit of [0, 17]) {
      const { channel, weight } = units[unit].feeds[0].channels[0];
      const change = (x: Float32Array, y: number) => {
        x[indexIn(from, unit, y, 0)] += 1;
      };
      expectNear([weight], await differences(run, from, to, change, oneHot(to.channels, channel)));
    }
  });

  test('the class logits read the first token through the head, as differences say', async () => {
    const [layer] = model.layers().slice(-1);
    const { units, notes } = await connect(model, layer.name);
    expect(notes).toEqual([`${layer.slug}, feeds: Nothing reads it: there is nothing that it feeds linearly.`]);
    const [connection] = units[3].reads;
    expect(short(connection)).toEqual(['encoder/ln/LayerNormalization_output_0', 'Gather Gemm', '1×1']);
    const graph = model.graph({ layers: [layer.name], batch: 1, height: model.size, width: model.size });
    const run = await functionOf(graph, connection.value, layer.name);
    const [, tokens, channels] = graph.types.get(connection.value)?.shape ?? [];
    const base = draws('tokens', tokens * channels);
    const { channel, weight } = connection.channels[0];
    const moved = base.slice();
    moved[channel] += 1;
    expect((await run(moved))[3] - (await run(base))[3]).toBeCloseTo(weight, 3);
  });
});
