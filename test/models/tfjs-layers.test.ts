/** TF.js layers models: every kind of layer against what TF.js itself makes of the same picture. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Model } from '../../generator/models/model.ts';
import { openModel } from '../../generator/models/open.ts';
import * as graphModel from '../../generator/models/tfjs/graph-model.ts';
import * as layersModel from '../../generator/models/tfjs/layers/layers-model.ts';
import { message, type Picture, picture, run, temporary } from './tiny-model.ts';

interface Fixture {
  side: number;
  model: { modelTopology: unknown; weightsManifest: { paths: string[]; weights: { name: string }[] }[] };
  weights: string;
  outputs: Record<string, { shape: Picture['shape']; data: number[] }>;
}

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'tfjs-layers');
const names = (await readdir(FIXTURES)).map((name) => name.replace(/\.json$/, ''));

const load = async (name: string): Promise<Fixture> => JSON.parse(await readFile(join(FIXTURES, `${name}.json`), 'utf8'));

/** Writes a fixture's model into a folder of its own, changed or not. */
async function write({ model, weights }: Fixture, change = (json: Fixture['model']): unknown => json): Promise<string> {
  const folder = join(await temporary(), 'net');
  await mkdir(folder);
  await writeFile(join(folder, 'weights.bin'), Buffer.from(weights, 'base64'));
  await writeFile(join(folder, 'model.json'), JSON.stringify(change(structuredClone(model))));
  return join(folder, 'model.json');
}

/** What of a model's layers differs from TF.js, by more than 1e-4 of the greatest value. */
async function compare(model: Model, { side, outputs }: Fixture): Promise<string[]> {
  const offered = new Set(model.layers(side).map(({ name }) => name));
  const wrong: string[] = [];
  for (const [name, { shape, data }] of Object.entries(outputs).filter(([name]) => offered.has(name))) {
    const made = await run(model, name, picture(side, side));
    expect([name, ...made.shape]).toEqual([name, ...shape]);
    const scale = Math.max(1, ...data.map(Math.abs));
    const most = Math.max(...data.map((value, i) => Math.abs(value - made.data[i])));
    if (!(most <= 1e-4 * scale)) wrong.push(`${name}: ${most}`);
  }
  return wrong;
}

/** Values that are only another arrangement of others, or part of a convolution, are no layers. */
const NOT_OFFERED: Record<string, string[]> = {
  activations: ['alone-linear'],
  convolutions: ['dilated'],
  normalising: ['dropout'],
  pooling: ['r1', 'r2'],
  merging: ['one'],
  shapes: ['padding', 'cropping', 'permute', 'reshape', 'map'],
};

describe.each(names)('%s', (name) => {
  test('every map is what TF.js makes of the same picture', async () => {
    const fixture = await load(name);
    const model = await openModel(await write(fixture), { size: fixture.side });
    expect(model.format).toBe('tfjs-layers-model');
    const offered = new Set(model.layers().map((layer) => layer.name));
    expect(Object.keys(fixture.outputs).filter((output) => !offered.has(output))).toEqual(NOT_OFFERED[name] ?? []);
    expect(await compare(model, fixture)).toEqual([]);
  });
});

test('there are fixtures for the comparison', () => expect(names).toHaveLength(10));

test('a format is told by its content', async () => {
  const { model } = await load('convolutions');
  const other = { modelTopology: { node: [{ name: 'a', op: 'b' }] }, weightsManifest: [] };
  const within = { ...model, modelTopology: { keras_version: '2.4.0', model_config: model.modelTopology } };
  for (const json of [model, within]) expect([layersModel.match(json), graphModel.match(json)]).toEqual([true, false]);
  expect([layersModel.match(other), graphModel.match(other)]).toEqual([false, true]);
  for (const json of [{}, [], null, { modelTopology: null }, { modelTopology: {} }]) expect(layersModel.match(json)).toBe(false);
});

test('what Keras writes itself is read alike: the topology within, tensors by their history, names of weights with their scopes', async () => {
  const fixture = await load('nested');
  const reference = await openModel(await write(fixture), { size: 6 });
  const renamed = (text: string) =>
    text.replaceAll('"batch_input_shape"', '"batch_shape"').replaceAll('"class_name":"Model"', '"class_name":"Functional"');
  const tensor = (history: unknown[]) => ({ class_name: '__keras_tensor__', config: { shape: [null, 6, 6, 3], keras_history: history } });
  const keras3 = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(keras3);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        key === 'inbound_nodes'
          ? (item as unknown[][][]).map((node) => ({ args: node.map(([name, call, index]) => tensor([name, call, index])), kwargs: {} }))
          : keras3(item),
      ]),
    );
  };
  const file = await write(fixture, (json) => {
    for (const entry of json.weightsManifest[0].weights) entry.name = `functional/scope/${entry.name.replace('/', '/Conv2D/')}:0`;
    return {
      ...json,
      modelTopology: { backend: 'tensorflow', model_config: keras3(JSON.parse(renamed(JSON.stringify(json.modelTopology)))) },
    };
  });
  const model = await openModel(file, { size: 6 });
  expect(model.weightsSha256).toBe(reference.weightsSha256);
  expect(await compare(model, fixture)).toEqual([]);
});

/** The fixture with a change to one layer's entry. */
async function changed(
  name: string,
  layer: string,
  change: (entry: { class_name: string; config: Record<string, unknown> }) => void,
): Promise<string> {
  return write(await load(name), (json) => {
    const { config } = json.modelTopology as { config: { layers: { class_name: string; config: Record<string, unknown> }[] } };
    for (const entry of config.layers) if (entry.config.name === layer) change(entry);
    return json;
  });
}

const refusal = (model: Model, layer: string) => message(() => model.graph({ layers: [layer], batch: 1, height: 9, width: 9 }));

test('a layer that cannot be read is refused by its class and name where it lies on the way, and only there', async () => {
  const file = await changed('convolutions', 'depthwise', (entry) => {
    entry.class_name = 'ConvLSTM2D';
  });
  const model = await openModel(file, { size: 9 });
  expect(model.layers().map(({ name }) => name)).toEqual(['strided/preactivation', 'strided']);
  expect(refusal(model, 'last')).toBe(
    `${file}: expected an operator that is supported for the node "depthwise" (ConvLSTM2D layer), received "ConvLSTM2D layer"\n` +
      'It lies on the way to the layer asked for: choose a layer before it, or teach generator/models/tfjs/operators.ts to read it.',
  );
});

test('a setting that cannot be read is refused by what it would have to be', async () => {
  for (const [layer, key, value, expected] of [
    ['separable', 'data_format', 'channels_first', 'SeparableConv2D layer, which is read with channels last only, not "channels_first"'],
    ['strided', 'activation', 'maxout', 'Conv2D layer, which is read with one of the activations linear, relu, '],
    ['normal', 'axis', 2, 'BatchNormalization layer, which is read with the last axis only, not 2'],
    ['dilated', 'strides', 'two', 'Conv2D layer, which is read with a "strides" of another kind (Invalid input'],
  ] as const) {
    const file = await changed('convolutions', layer, ({ config }) => {
      config[key] = value;
    });
    expect(refusal(await openModel(file, { size: 9 }), 'last')).toContain(`the node "${layer}" (${expected}`);
  }
});

test('files that contradict themselves are named', async () => {
  const fixture = await load('nested');
  const fails = (file: string) =>
    openModel(file).then(
      () => 'nothing was thrown',
      (error: Error) => error.message,
    );
  const without = await write(fixture, (json) => {
    json.weightsManifest[0].weights[0].name = 'other/kernel';
    return json;
  });
  expect(await fails(without)).toContain('expected a weight "kernel" for the layer "left" (Conv2D), received "none in weightsManifest"');
  const text = JSON.stringify(fixture.model.modelTopology);
  const topology = (from: string, to: string) => write(fixture, (json) => ({ ...json, modelTopology: JSON.parse(text.replace(from, to)) }));
  expect(await fails(await topology('["shared",1,0,{}]', '["nowhere",0,0,{}]'))).toContain(
    'expected every layer that another reads for the layers, received "none called \\"nowhere\\""',
  );
  expect(await fails(await topology('[["shared",0,0,{}]]', '[["end",0,0,{}]]'))).toContain(
    'expected an output, and no loop for the layer "',
  );
  expect(await fails(await topology('"layers":[', '"layers":["x",'))).toContain(
    'expected a TF.js layers model (Sequential, Model or Functional) for the layers of Model, received "Invalid input',
  );
});
