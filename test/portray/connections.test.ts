/** Connections against products of the weights, and against the network itself. */
import { expect, test } from 'vitest';
import type { GraphBuilder } from '../../generator/graph/builder.ts';
import type { Pads } from '../../generator/graph/graph.ts';
import { INPUT } from '../../generator/models/model.ts';
import { connectLayer } from '../../generator/portray/connections.ts';
import { draws, handMadeModel, weights } from '../render/tiny-model.ts';
import { connect, kernelOf, layerOf, oneHot, runtime } from './connected-layer.ts';

interface Shape {
  stride?: number;
  pads?: Pads;
  group?: number;
}

function conv(builder: GraphBuilder, x: string, name: string, shape: number[], { stride = 1, pads = [0, 0, 0, 0], group = 1 }: Shape = {}) {
  const inputs = [x, weights(builder, `${name}-kernel`, shape, 1), weights(builder, `${name}-bias`, [shape[0]], 1)];
  return builder.add('Conv', inputs, { strides: [stride, stride], pads, dilations: [1, 1], group }, { outputs: [name] });
}

const relu = (builder: GraphBuilder, x: string) => builder.add('Relu', [x], {}, { outputs: [`${x}-relu`] });
/** A kernel's weights, as {@link weights} drew them. */
const drawn = (name: string, count: number) => draws(`${name}-kernel`, count);

/** stem → ReLU → expand 4→6 → depthwise → project 6→5 → ReLU → next 5→3. */
const bottleneck = handMadeModel((builder) => {
  const a = relu(builder, conv(builder, INPUT, 'stem', [4, 3, 3, 3], { pads: [1, 1, 1, 1] }));
  const e = conv(builder, a, 'expand', [6, 4, 1, 1]);
  const d = conv(builder, e, 'depthwise', [6, 1, 3, 3], { pads: [1, 1, 1, 1], group: 6 });
  const p = relu(builder, conv(builder, d, 'project', [5, 6, 1, 1]));
  conv(builder, p, 'next', [3, 5, 1, 1]);
});

/** Kernel `[3,3]` from channel c of the stem to channel k of the projection, by the product of the three weights. */
function product(k: number, c: number): number[] {
  const [expand, depthwise, project] = [drawn('expand', 24), drawn('depthwise', 54), drawn('project', 30)];
  return Array.from({ length: 9 }, (_, at) =>
    [0, 1, 2, 3, 4, 5].reduce((sum, m) => sum + project[k * 6 + m] * depthwise[m * 9 + at] * expand[m * 4 + c], 0),
  );
}

function expectClose(kernel: readonly number[], expected: readonly number[]): void {
  expect(kernel).toHaveLength(expected.length);
  // Three digits of the largest are kept.
  const largest = Math.max(...expected.map(Math.abs));
  for (const [i, value] of expected.entries()) expect(Math.abs(kernel[i] - value)).toBeLessThan(0.006 * largest);
}

test('a pointwise, a depthwise and a pointwise convolution read as the product of their weights', async () => {
  const { units, notes } = await connect(bottleneck, 'project');
  expect(notes).toEqual([]);
  for (const [k, { reads }] of units.entries()) {
    expect(reads).toHaveLength(1);
    expect(reads[0]).toMatchObject({ value: 'stem-relu', through: ['Conv', 'Conv', 'Conv'], size: [3, 3] });
    expect(reads[0].channels).toHaveLength(4);
    const lengths = reads[0].channels.map(({ channel }) => Math.hypot(...product(k, channel)));
    expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
    for (const { channel, weight, kernel } of reads[0].channels) {
      expectClose(kernel ?? [], product(k, channel));
      expect(weight).toBeCloseTo(
        product(k, channel).reduce((sum, value) => sum + value, 0),
        2,
      );
    }
  }
});

test('a layer before its non-linearity feeds what comes after as if the non-linearity were the identity', async () => {
  const { units } = await connect(bottleneck, 'project');
  const next = drawn('next', 15);
  for (const [c, { feeds }] of units.entries()) {
    expect(feeds).toHaveLength(1);
    expect(feeds[0]).toMatchObject({ value: 'next', through: ['Conv'], size: [1, 1] });
    expect(feeds[0].channels).toHaveLength(3);
    for (const { channel, weight, kernel } of feeds[0].channels) {
      expect(weight).toBeCloseTo(next[channel * 5 + c], 3);
      expect(kernel).toBeUndefined();
    }
  }
});

test('a layer after its non-linearity reads what it is before it', async () => {
  const [before, after] = [await connect(bottleneck, 'project'), await connect(bottleneck, 'project-relu')];
  expect(after.units).toEqual(before.units);
});

test('the stem reads the image, and feeds the projection through three convolutions', async () => {
  const { units } = await connect(bottleneck, 'stem');
  const stem = drawn('stem', 108);
  for (const [c, { reads, feeds }] of units.entries()) {
    expect(reads).toMatchObject([{ value: INPUT, through: ['Conv'], size: [3, 3] }]);
    for (let colour = 0; colour < 3; colour++)
      expectClose(kernelOf(reads[0], colour), [...stem.subarray((c * 3 + colour) * 9, (c * 3 + colour + 1) * 9)]);
    expect(feeds).toMatchObject([{ value: 'project', through: ['Conv', 'Conv', 'Conv'], size: [3, 3] }]);
    for (const { channel, kernel } of feeds[0].channels) expectClose(kernel ?? [], product(channel, c));
  }
});

test('what a direction reads and feeds is the sum of what its channels do', async () => {
  const vector = draws('direction', 5);
  const length = Math.hypot(...vector);
  for (const [i, value] of vector.entries()) vector[i] = value / length;
  const [{ units: channels }, { units }] = [
    await connect(bottleneck, 'project'),
    await connect(bottleneck, 'project', { vectors: [vector] }),
  ];
  for (const side of ['reads', 'feeds'] as const)
    for (const { channel } of units[0][side][0].channels) {
      const parts = channels.map((unit, i) => kernelOf(unit[side][0], channel).map((value) => value * vector[i]));
      const sum = parts[0].map((_, at) => parts.reduce((total, part) => total + part[at], 0));
      expectClose(kernelOf(units[0][side][0], channel), sum);
    }
});

test('a residual sum reads every branch, the nearest first, and feeds every block of its stage', async () => {
  const stage = handMadeModel((builder) => {
    const first = conv(builder, relu(builder, conv(builder, INPUT, 'stem', [4, 3, 1, 1])), 'first', [3, 4, 1, 1]);
    const second = conv(builder, relu(builder, conv(builder, first, 'inner', [5, 3, 1, 1])), 'second', [3, 5, 3, 3], {
      pads: [1, 1, 1, 1],
    });
    const sum = builder.add('Add', [second, first], {}, { outputs: ['sum'] });
    relu(builder, conv(builder, sum, 'last', [2, 3, 1, 1]));
  });
  const { units } = await connect(stage, 'last');
  const last = drawn('last', 6);
  for (const [k, { reads }] of units.entries()) {
    expect(reads.map(({ value, through, size }) => ({ value, through, size }))).toEqual([
      { value: 'inner-relu', through: ['Conv', 'Add', 'Conv'], size: [3, 3] },
      { value: 'stem-relu', through: ['Conv', 'Add', 'Conv'], size: [1, 1] },
    ]);
    const first = drawn('first', 12);
    for (let c = 0; c < 4; c++)
      expectClose(kernelOf(reads[1], c), [[0, 1, 2].reduce((sum, m) => sum + last[k * 3 + m] * first[m * 4 + c], 0)]);
    const second = drawn('second', 135);
    for (let c = 0; c < 5; c++)
      expectClose(
        kernelOf(reads[0], c),
        Array.from({ length: 9 }, (_, at) => [0, 1, 2].reduce((sum, m) => sum + last[k * 3 + m] * second[(m * 5 + c) * 9 + at], 0)),
      );
  }
  const fed = (await connect(stage, 'first')).units[0].feeds;
  expect(fed.map(({ value, through }) => ({ value, through }))).toEqual([
    { value: 'inner', through: ['Conv'] },
    { value: 'last', through: ['Add', 'Conv'] },
  ]);
});

test('a stride, uneven padding and a bias change no kernel', async () => {
  const model = handMadeModel((builder) => {
    const a = relu(builder, conv(builder, INPUT, 'stem', [4, 3, 1, 1]));
    const strided = conv(builder, a, 'strided', [5, 4, 3, 5], { stride: 2, pads: [0, 1, 1, 2] });
    const moved = builder.add('Add', [strided, weights(builder, 'offset', [5, 1, 1], 1)], {}, { outputs: ['moved'] });
    relu(builder, builder.add('Mul', [moved, builder.scalar(-2)], {}, { outputs: ['scaled'] }));
  });
  const strided = drawn('strided', 300);
  const expected = (k: number, c: number) => [...strided.subarray((k * 4 + c) * 15, (k * 4 + c + 1) * 15)].map((value) => -2 * value);
  const { units } = await connect(model, 'scaled');
  for (const [k, { reads }] of units.entries()) {
    expect(reads[0]).toMatchObject({ size: [3, 5], through: ['Conv', 'Mul'] });
    for (let c = 0; c < 4; c++) expectClose(kernelOf(reads[0], c), expected(k, c));
  }
  const { units: fed } = await connect(model, 'stem');
  for (const [c, { feeds }] of fed.entries()) {
    expect(feeds[0]).toMatchObject({ value: 'scaled', size: [3, 5] });
    for (let k = 0; k < 5; k++) expectClose(kernelOf(feeds[0], k), expected(k, c));
  }
});

test('of a kernel over fifteen a side the middle is kept, with the sum of all of it', async () => {
  const model = handMadeModel((builder) => {
    const a = relu(builder, conv(builder, INPUT, 'stem', [4, 3, 1, 1]));
    builder.add('GlobalAveragePool', [a], {}, { outputs: ['pooled'] });
  });
  const { units } = await connect(model, 'pooled');
  expect(units[2].reads).toMatchObject([{ size: [15, 15], channels: [{ channel: 2, weight: 1 }] }]);
  expectClose(
    kernelOf(units[2].reads[0], 2),
    Array.from({ length: 225 }, () => 1 / 256),
  );
});

test('six channels are kept, the strongest, however small all are', async () => {
  const model = handMadeModel((builder) => {
    const a = relu(builder, conv(builder, INPUT, 'stem', [9, 3, 1, 1]));
    const small = builder.add('Mul', [a, builder.scalar(1e-4)], {}, { outputs: ['small'] });
    relu(builder, conv(builder, small, 'wide', [2, 9, 1, 1]));
  });
  const { units } = await connect(model, 'wide');
  const wide = [...drawn('wide', 18)].slice(0, 9);
  const order = [...wide.keys()].sort((a, b) => Math.abs(wide[b]) - Math.abs(wide[a])).slice(0, 6);
  expect(units[0].reads[0].channels.map(({ channel }) => channel)).toEqual(order);
  for (const { channel, weight } of units[0].reads[0].channels) expect(weight / (1e-4 * wide[channel])).toBeCloseTo(1, 3);
});

test('a gate, a maximum and a swish spelled out are non-linearities; where nothing linear is left, a note says so', async () => {
  const model = handMadeModel((builder) => {
    const stem = conv(builder, INPUT, 'stem', [4, 3, 1, 1]);
    const swish = builder.add('Mul', [stem, builder.add('Sigmoid', [stem], {})], {}, { outputs: ['swish'] });
    const mixed = conv(builder, swish, 'mixed', [4, 4, 1, 1]);
    const gate = conv(builder, swish, 'gate', [4, 4, 1, 1]);
    const gated = builder.add('Mul', [mixed, gate], {}, { outputs: ['gated'] });
    const after = conv(builder, gated, 'after', [3, 4, 1, 1]);
    const pool = { kernel_shape: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], dilations: [1, 1], ceil_mode: 0 };
    builder.add('MaxPool', [after], pool, { outputs: ['pool'] });
  });
  const after = await connect(model, 'after');
  expect(after.units[0].reads).toMatchObject([{ value: 'gated', through: ['Conv'] }]);
  expect(after.units[0].feeds).toEqual([]);
  expect(after.notes).toEqual(['after, feeds: It goes into MaxPool, which is not linear: there is nothing that it feeds linearly.']);
  const stem = await connect(model, 'stem');
  expect(stem.units[0].feeds.map(({ value, through }) => ({ value, through }))).toEqual([
    { value: 'mixed', through: ['Conv'] },
    { value: 'gate', through: ['Conv'] },
  ]);
  expect((await connect(model, 'mixed')).units[0].reads).toMatchObject([{ value: 'swish' }]);
  const pool = await connect(model, 'pool');
  expect(pool.units[0].reads).toEqual([]);
  expect(pool.notes[0]).toContain('It comes out of MaxPool, which is not linear');
});

test('a layer does not feed itself, moved by a constant', async () => {
  const model = handMadeModel((builder) => {
    const stem = conv(builder, INPUT, 'stem', [4, 3, 1, 1]);
    const moved = builder.add('Add', [stem, builder.scalar(3)], {}, { outputs: ['moved'] });
    builder.add('Softmax', [moved], { axis: 1 }, { outputs: ['shares'] });
    builder.add('Softmax', [conv(builder, moved, 'next', [2, 4, 1, 1])], { axis: 1 }, { outputs: ['others'] });
  });
  const { units, notes } = await connect(model, 'stem');
  expect(units[0].feeds.map(({ value, through }) => ({ value, through }))).toEqual([{ value: 'next', through: ['Conv'] }]);
  expect(notes).toEqual([]);
  expect((await connect(model, 'next')).notes).toEqual([
    'next, feeds: It goes into Softmax, which is not linear: there is nothing that it feeds linearly.',
  ]);
});

test("a connection names the atlas's layer, before or after the non-linearity", async () => {
  const linked = async (layers: string[]) => {
    const { reads, feeds } = (await connect(bottleneck, 'project', { layers })).units[0];
    return [reads[0], feeds[0]].map(({ value, layer }) => ({ value, layer }));
  };
  const both = [
    { value: 'stem-relu', layer: 'stem' },
    { value: 'next', layer: 'next' },
  ];
  expect(await linked(['stem', 'next'])).toEqual(both);
  expect(await linked(['stem-relu'])).toEqual([
    { value: 'stem-relu', layer: 'stem-relu' },
    { value: 'next', layer: undefined },
  ]);
  const { feeds } = (await connect(bottleneck, 'stem', { layers: ['project-relu'] })).units[0];
  expect(feeds).toMatchObject([{ value: 'project', layer: 'project-relu' }]);
});

test('it stops when it is told to', async () => {
  const layer = layerOf(bottleneck, 'project');
  const signal = AbortSignal.abort(new Error('enough'));
  const request = { model: bottleneck, layer, layers: [layer], directions: oneHot(5, 0), ids: ['channel-0'], runtime, signal };
  await expect(connectLayer(request)).rejects.toThrow('enough');
});
