/** An ONNX file that nobody has seen, from the file to pictures: init asks for nothing, and what it writes runs. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { atlas as atlasFile } from '../../data/schema.ts';
import { type NodeSpec, weight, write } from '../models/onnx/write-model.ts';
import { atlas } from './command.ts';

/** A tiny transformer for images of 16 pixels alone: patches of four, attention, class logits. */
const nodes: NodeSpec[] = [
  { op: 'Conv', inputs: ['image', 'patch'], outputs: ['1'], attributes: { strides: [4, 4] }, name: 'embed/Conv' },
  { op: 'Reshape', inputs: ['1', 'flat'], outputs: ['2'] },
  { op: 'Transpose', inputs: ['2'], outputs: ['3'], attributes: { perm: [0, 2, 1] } },
  { op: 'Add', inputs: ['3', 'position'], outputs: ['4'], name: 'embed/Add' },
  { op: 'MatMul', inputs: ['4', 'query'], outputs: ['5'] },
  { op: 'Transpose', inputs: ['4'], outputs: ['6'], attributes: { perm: [0, 2, 1] } },
  { op: 'MatMul', inputs: ['5', '6'], outputs: ['7'] },
  { op: 'Softmax', inputs: ['7'], outputs: ['8'], attributes: { axis: -1 } },
  { op: 'MatMul', inputs: ['8', '4'], outputs: ['9'] },
  { op: 'MatMul', inputs: ['9', 'value'], outputs: ['10'] },
  { op: 'Add', inputs: ['4', '10'], outputs: ['11'], name: 'block/Add' },
  { op: 'ReduceMean', inputs: ['11'], outputs: ['12'], attributes: { axes: [1], keepdims: 0 } },
  { op: 'Gemm', inputs: ['12', 'head'], outputs: ['logits'] },
];
const tensors = [
  weight('patch', [8, 3, 4, 4]),
  { name: 'flat', shape: [3], values: [1, 8, 16], type: 'int64' as const },
  weight('position', [1, 16, 8], 2),
  weight('query', [8, 8], 3),
  weight('value', [8, 8], 4),
  weight('head', [8, 5], 5),
];

it('is planned, rendered and compared', { timeout: 120_000 }, async () => {
  const model = await write({ nodes, tensors, inputs: [{ name: 'image', shape: [1, 3, 16, 16] }], outputs: [{ name: 'logits' }] });
  const folder = path.dirname(model);
  const file = path.join(folder, 'plan.json');
  const init = await atlas('init', model, '--output', file, '--range', '-1,1');
  expect(init).toMatchObject({ code: 0, stderr: '' });
  const plan = JSON.parse(await readFile(file, 'utf8'));
  expect(plan).toMatchObject({ model, preprocess: { range: [-1, 1] }, render: { preset: 'atlas', size: 16 } });
  expect(plan.layers.map(({ layer }: { layer: string }) => layer)).toEqual(['embed/Conv', 'embed/Add', 'block/Add', 'logits']);
  Object.assign(plan, {
    arms: { basis: 2, random: 1 },
    seeds: { count: 1, subset: 0 },
    compare: { ...plan.compare, images: { n: 240 }, frames: 19 },
  });
  plan.render.steps = 2;
  await writeFile(file, JSON.stringify(plan));
  const run = await atlas('run', file, '--device', 'cpu', '--out', path.join(folder, 'store'));
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('12 pictures rendered, 0 were there');
  const made = atlasFile.parse(JSON.parse(await readFile(path.join(folder, 'store', 'atlas.json'), 'utf8')));
  expect(made.model).toMatchObject({ format: 'onnx', size: 16, preprocess: { scale: [2, 2, 2], offset: [-1, -1, -1] } });
  expect(made.layers.map(({ slug, shape }) => [slug, shape])).toEqual([
    ['embed', [8, 4, 4]],
    ['embed-add', [8, 16, 1]],
    ['block-add', [8, 16, 1]],
    ['logits', [5, 1, 1]],
  ]);
  // What is said of them to people makes no other picture.
  await writeFile(file, JSON.stringify({ ...plan, preprocess: { ...plan.preprocess, about: 'As in training.' } }));
  expect((await atlas('render', file, '--device', 'cpu', '--out', path.join(folder, 'store'))).stdout).toContain(
    '0 pictures rendered, 12 were there',
  );
  // Other pixels are other pictures: the same plan but for them finds nothing done.
  await writeFile(file, JSON.stringify({ ...plan, preprocess: { range: [0, 1] } }));
  expect((await atlas('render', file, '--device', 'cpu', '--out', path.join(folder, 'store'))).stdout).toContain(
    '12 pictures rendered, 0 were there',
  );
  const check = await atlas('check', model, '--layer', 'block-add', '--mean', '0.5', '--std', '0.25');
  expect(check.stdout).toContain('agrees with finite differences');
  expect((await atlas('check', model, '--layer', 'block-add')).stderr).toContain(
    "Note: pixel values are from 0 to 1, less ImageNet's mean",
  );
  expect((await atlas('layers', model, '--std', '0')).stderr).toContain('expected numbers above 0 for --std, received "0"');
  expect((await atlas('layers', model, '--range', '255')).code).toBe(2);
});
