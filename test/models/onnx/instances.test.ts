/** A file's graph for other batches and sizes than it was made for, and for the inputs it may have. */

import '../../../generator/runtime/telemetry-off.ts';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { float32Data } from '../../../generator/graph/tensor.ts';
import { openModel } from '../../../generator/models/open.ts';
import { message } from '../tiny-model.ts';
import { difference, picture, runFile, runLayer } from './compare.ts';
import { chain, ints, type NodeSpec, weight, write } from './write-model.ts';

const CLOSE = 1e-5;
describe('batch and size', () => {
  const fixed = { inputs: [{ name: 'image', shape: [1, 3, 8, 8] }] };
  const head: NodeSpec[] = [
    { op: 'Relu', inputs: ['x'], outputs: ['r'] },
    { op: 'Reshape', inputs: ['r', 't'], outputs: ['flat'] },
    { op: 'Gemm', inputs: ['flat', 'fc'], outputs: ['out'] },
  ];

  test('a file for one image takes several, though its shapes say one', async () => {
    for (const target of [
      [1, -1],
      [1, 384],
      [-1, 384],
    ]) {
      const file = await write(chain(head, [ints('t', target), weight('fc', [384, 5])], fixed));
      expect(await difference(file, [3, 3, 8, 8]), `${target}`).toBeLessThan(CLOSE);
      expect((await openModel(file)).layers().at(-1)).toMatchObject({ name: 'out', shape: [5, 1, 1], layout: 'NC' });
    }
  });

  test('windows and heads that are merged into the batch come apart again', async () => {
    // [1,6,8,8] → four windows of 4×4 → [4,6,16] → attention within each → back.
    const nodes: NodeSpec[] = [
      { op: 'Reshape', inputs: ['x', 'a'], outputs: ['w1'] },
      { op: 'Transpose', inputs: ['w1'], outputs: ['w2'], attributes: { perm: [0, 2, 4, 3, 5, 1] } },
      { op: 'Reshape', inputs: ['w2', 'b'], outputs: ['w3'] },
      { op: 'MatMul', inputs: ['w3', 'm'], outputs: ['q'] },
      { op: 'Transpose', inputs: ['w3'], outputs: ['kt'], attributes: { perm: [0, 2, 1] } },
      { op: 'MatMul', inputs: ['q', 'kt'], outputs: ['scores'] },
      { op: 'Softmax', inputs: ['scores'], outputs: ['p'], attributes: { axis: -1 } },
      { op: 'MatMul', inputs: ['p', 'w3'], outputs: ['o'] },
      { op: 'Reshape', inputs: ['o', 'c'], outputs: ['o1'] },
      { op: 'Transpose', inputs: ['o1'], outputs: ['o2'], attributes: { perm: [0, 1, 3, 2, 4, 5] } },
      { op: 'Reshape', inputs: ['o2', 'd'], outputs: ['o3'] },
      { op: 'MatMul', inputs: ['o3', 'm'], outputs: ['proj'] },
      { op: 'Transpose', inputs: ['proj'], outputs: ['out'], attributes: { perm: [0, 3, 1, 2] } },
      { op: 'Relu', inputs: ['out'], outputs: ['last'] },
    ];
    const tensors = [
      ints('a', [1, 6, 2, 4, 2, 4]),
      ints('b', [4, 16, 6]),
      ints('c', [1, 2, 2, 4, 4, 6]),
      ints('d', [1, 8, 8, 6]),
      weight('m', [6, 6]),
    ];
    const file = await write(chain(nodes, tensors, { ...fixed, outputs: [{ name: 'last' }] }));
    expect(await difference(file, [3, 3, 8, 8])).toBeLessThan(CLOSE);
    const model = await openModel(file);
    expect(model.layers().find(({ name }) => name === 'proj')).toMatchObject({ shape: [6, 8, 8], layout: 'NHWC' });
    // Windows are no layers: their axis of images holds more than images.
    expect(model.layers().map(({ name }) => name)).toEqual(['x', 'proj', 'last']);
    expect(model.graph({ layers: ['last'], batch: 3, height: 8, width: 8 }).nodes.filter(({ op }) => op === 'Softmax')).toHaveLength(1);
  });

  test('a file that works on the first image alone has several go through one after another', async () => {
    const nodes: NodeSpec[] = [
      { op: 'Slice', inputs: ['x', 'zero', 'uno', 'zero'], outputs: ['first'] },
      { op: 'Relu', inputs: ['first'], outputs: ['out'] },
    ];
    const file = await write(chain(nodes, [ints('zero', [0]), ints('uno', [1])], fixed));
    expect(await difference(file, [3, 3, 8, 8])).toBeLessThan(CLOSE);
    const graph = (await openModel(file)).graph({ layers: ['out'], batch: 3, height: 8, width: 8 });
    // With one set of weights.
    expect([graph.nodes.filter(({ op }) => op === 'Conv').length, graph.constants.size]).toEqual([3, expect.any(Number)]);
    expect([...graph.constants.values()].filter(({ dtype }) => dtype === 'float32')).toHaveLength(1);
  });

  test('an open size goes through at any, and a fixed one says which goes', async () => {
    const open = await openModel(
      await write(
        chain([{ op: 'GlobalAveragePool', inputs: ['x'], outputs: ['out'] }], [], {
          inputs: [{ name: 'image', shape: ['n', 3, 'h', 'w'] }],
        }),
      ),
    );
    expect(open.size).toBe(224);
    expect(open.assumptions).toContain('it was trained on images of 224 pixels');
    expect(open.graph({ layers: ['x'], batch: 2, height: 9, width: 17 }).types.get('x')?.shape).toEqual([2, 6, 9, 17]);
    const model = await openModel(await write(chain(head, [ints('t', [1, 384]), weight('fc', [384, 5])], fixed)));
    expect(model.size).toBe(8);
    expect(message(() => model.graph({ layers: ['out'], batch: 1, height: 16, width: 16 }))).toMatch(
      /^tiny: expected images of 8×8 pixels for the layer "out", received "16×16"\nShapes of that size are written into the file: use 8×8 pixels, /,
    );
    expect(model.layers(16).map(({ name }) => name)).toEqual(['x', 'r']);
  });

  test('a file that does not say its size, but has it written in, is asked', async () => {
    const model = await openModel(
      await write(
        chain(head, [ints('t', [-1, 6144]), weight('fc', [6144, 5])], { inputs: [{ name: 'image', shape: ['n', 3, 'h', 'w'] }] }),
      ),
    );
    expect(model.size).toBe(32);
    expect(model.layers().at(-1)?.name).toBe('out');
  });
});

describe('inputs', () => {
  test('channels last, as TensorFlow exports them, are transposed on entering', async () => {
    const nodes: NodeSpec[] = [
      { op: 'Transpose', inputs: ['image'], outputs: ['t'], attributes: { perm: [0, 3, 1, 2] } },
      { op: 'Conv', inputs: ['t', 'k'], outputs: ['out'], attributes: { pads: [1, 1, 1, 1] } },
    ];
    const file = await write({
      nodes,
      tensors: [weight('k', [2, 3, 3, 3])],
      inputs: [{ name: 'image', shape: ['n', 8, 8, 3] }],
      outputs: [{ name: 'out' }],
    });
    const model = await openModel(file);
    expect(model.assumptions).toContain('the file has channels last; the image is transposed on entering');
    // Both transposes are gone.
    expect(model.graph({ layers: ['out'], batch: 1, height: 8, width: 8 }).nodes.map(({ op }) => op)).toEqual(['Conv']);
    const data = picture([1, 3, 8, 8]);
    const last = Float32Array.from({ length: data.length }, (_, i) => data[(i % 3) * 64 + Math.floor(i / 3)]);
    const theirs = await runFile(file, new ort.Tensor('float32', last, [1, 8, 8, 3]));
    const mine = float32Data(await runLayer(model, 'out', [1, 3, 8, 8], data), 'out');
    expect(Math.max(...mine.map((value, i) => Math.abs(value - theirs.data[i])))).toBeLessThan(CLOSE);
  });

  test('one channel, and four, are inputs like three', async () => {
    for (const channels of [1, 4]) {
      const file = await write({
        nodes: [{ op: 'Conv', inputs: ['image', 'k'], outputs: ['out'] }],
        tensors: [weight('k', [2, channels, 3, 3])],
        inputs: [{ name: 'image', shape: [1, channels, 8, 8] }],
        outputs: [{ name: 'out' }],
      });
      const model = await openModel(file);
      expect(model.preprocess.scale).toHaveLength(channels);
      expect(await difference(file, [2, channels, 8, 8])).toBeLessThan(CLOSE);
    }
  });

  test('among several inputs the image is found, or named', async () => {
    const spec = chain([], [], {
      inputs: [
        { name: 'info', shape: [1, 2] },
        { name: 'other', shape: [1, 5, 8, 8] },
        { name: 'image', shape: ['n', 3, 8, 8] },
      ],
      outputs: [{ name: 'x' }],
    });
    expect((await openModel(await write(spec))).assumptions[0]).toBe('the image enters at the input "image"');
    await expect(openModel(await write(spec), { input: 'nowhere' })).rejects.toThrow(
      'expected one of the inputs for the input, received "nowhere"\nThe inputs are "info" float[1,2], ',
    );
  });
});
