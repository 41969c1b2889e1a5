/** The file itself: element types and the ways they are stored, weights in other files, and what is said of a file that is not whole. */
import { symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openModel } from '../../../generator/models/open.ts';
import { encode, type ModelSpec, rawBytes, type TensorSpec, type TypeName, weight, write } from './write-model.ts';

const image = { name: 'image', shape: ['n', 3, 8, 8] };

/** One convolution with the kernel given. */
const conv = (kernel: TensorSpec, more: Partial<ModelSpec> = {}): ModelSpec => ({
  nodes: [{ op: 'Conv', inputs: ['image', kernel.name ?? ''], outputs: ['out'] }],
  tensors: [kernel],
  inputs: [image],
  outputs: [{ name: 'out' }],
  ...more,
});

const failure = async (file: string): Promise<string> =>
  openModel(file).then(
    () => 'nothing was thrown',
    (error: Error) => `${error.name}: ${error.message}`,
  );

describe('element types', () => {
  const values = [1, -2, 0.5, 0, 3, -0.25];
  const half = [0x3c00, 0xc000, 0x3800, 0x0000, 0x4200, 0xb400];
  const brain = [0x3f80, 0xc000, 0x3f00, 0x0000, 0x4040, 0xbe80];
  const cases: [TypeName, readonly number[]][] = [
    ['float32', values],
    ['double', values],
    ['float16', half],
    ['bfloat16', brain],
  ];
  for (const [type, stored] of cases) {
    for (const how of ['raw', 'packed', 'single'] as const) {
      test(`${type} weights, stored ${how}, are the same kernel`, async () => {
        const model = await openModel(await write(conv({ name: 'k', shape: [2, 3, 1, 1], values: stored, type, stored: how })));
        const kernel = model.graph({ layers: ['out'], batch: 1, height: 8, width: 8 }).constants;
        expect([...kernel.values()].map(({ data }) => [...data])).toContainEqual(values);
      });
    }
  }

  test.each(['int8', 'uint8', 'int32', 'int64', 'uint32'] as const)('%s shapes are read in every way they are stored', async (type) => {
    for (const stored of ['raw', 'packed', 'single'] as const) {
      const target: TensorSpec = { name: 't', shape: [4], values: [1, 3, 2, 32], type, stored };
      const model = await openModel(
        await write({
          nodes: [
            { op: 'Cast', inputs: ['t'], outputs: ['shape'], attributes: { to: 7 } },
            { op: 'Reshape', inputs: ['image', 'shape'], outputs: ['flat'] },
            { op: 'Conv', inputs: ['flat', 'k'], outputs: ['out'] },
          ],
          tensors: [target, weight('k', [2, 3, 1, 1])],
          inputs: [{ name: 'image', shape: [1, 3, 8, 8] }],
          outputs: [{ name: 'out' }],
        }),
      );
      expect(model.layers()[0].shape).toEqual([2, 2, 32]);
    }
  });

  test('negative integers keep their sign, and those that mean "to the end" their size', async () => {
    const file = await write({
      nodes: [
        { op: 'Slice', inputs: ['image', 'starts', 'ends', 'axes'], outputs: ['cut'] },
        { op: 'Conv', inputs: ['cut', 'k'], outputs: ['out'] },
      ],
      tensors: [
        { name: 'starts', shape: [1], values: [-5], type: 'int64' },
        { name: 'ends', shape: [1], values: [Number.MAX_SAFE_INTEGER], type: 'int64', stored: 'packed' },
        { name: 'axes', shape: [1], values: [-1], type: 'int64', stored: 'single' },
        weight('k', [2, 3, 1, 1]),
      ],
      inputs: [image],
      outputs: [{ name: 'out' }],
    });
    expect((await openModel(file)).layers()[0].shape).toEqual([2, 8, 5]);
  });

  test('8-bit floats are refused by name', async () => {
    const file = await write(conv({ name: 'k', shape: [2, 3, 1, 1], values: [1, 2, 3, 4, 5, 6], type: 'float8e4m3fn' }));
    expect(await failure(file)).toContain(
      `AtlasError: ${file}: expected floats, integers or truth values for the tensor "k", received "float8e4m3fn"`,
    );
  });
});

test('raw data given twice is what came last, as protobuf has it', async () => {
  const twice = conv({ ...weight('k', [2, 3, 1, 1]), before: [9, 9] });
  expect((await openModel(await write(twice))).weightsSha256).toBe(
    (await openModel(await write(conv(weight('k', [2, 3, 1, 1]))))).weightsSha256,
  );
});

describe('weights in other files', () => {
  const bytes = rawBytes(weight('k', [2, 3, 1, 1]));
  const outside = (entries: Record<string, string>): ModelSpec => conv({ ...weight('k', [2, 3, 1, 1]), stored: entries });
  const inline = async () => (await openModel(await write(conv(weight('k', [2, 3, 1, 1]))))).weightsSha256;

  test('are read with and without offset and length, from several files', async () => {
    const shifted = new Uint8Array([...new Uint8Array(16), ...bytes, 1, 2, 3]);
    const file = await write(outside({ location: 'a.bin', offset: '16', length: '24' }), { 'a.bin': shifted });
    expect((await openModel(file)).weightsSha256).toBe(await inline());
    expect((await openModel(await write(outside({ location: 'b.bin' }), { 'b.bin': bytes }))).weightsSha256).toBe(await inline());
  });

  test('are never read from outside the folder', async () => {
    for (const location of ['../secret', '/etc/passwd', 'a/../../secret', 'C:\\secret', '..\\secret', '']) {
      const file = await write(outside({ location }));
      expect(await failure(file), location).toContain(
        `AtlasError: ${file}: expected a file in the model's folder for the data of the tensor "k", received ${JSON.stringify(location)}`,
      );
    }
    const file = await write(outside({ location: 'link.bin' }));
    const secret = await write(new Uint8Array(bytes));
    await symlink(secret, join(dirname(file), 'link.bin'));
    expect(await failure(file)).toContain('a link to ');
  });

  test('that are missing or too short are named', async () => {
    const none = await write(outside({ location: 'none.bin' }));
    expect(await failure(none)).toContain('none.bin: expected a file with weights for the tensor "k", received "none that can be read"');
    for (const entries of [
      { location: 'a.bin', offset: '10', length: '24' },
      { location: 'a.bin', length: '99999999999999' },
      { location: 'a.bin', offset: '25' },
    ] as Record<string, string>[]) {
      const short = await write(outside(entries), { 'a.bin': bytes });
      expect(await failure(short), JSON.stringify(entries)).toMatch(/^AtlasError: .*a\.bin: expected bytes .* received "a file of 24"/);
    }
    const before = await write(outside({ location: 'a.bin', offset: '-1' }), { 'a.bin': bytes });
    expect(await failure(before)).toContain('a.bin: expected whole numbers for the tensor "k", received "offset -1"');
    const wrong = await write(outside({ location: 'a.bin', length: '20' }), { 'a.bin': bytes });
    expect(await failure(wrong)).toContain('expected 24 bytes for [2,3,1,1] of float for the tensor "k", received "20 bytes"');
  });
});

describe('what is no whole model', () => {
  const good = conv(weight('k', [2, 3, 1, 1]));

  test('any part of a file is refused, and none of them hangs or is taken for something else', async () => {
    const bytes = encode(good);
    const file = await write(good);
    for (let length = 0; length < bytes.length; length++) {
      await writeFile(file, bytes.subarray(0, length));
      expect(await failure(file), `${length} bytes`).toMatch(/^AtlasError: /);
    }
  });

  test('files with bytes changed open or are refused, and nothing else happens', { timeout: 60_000 }, async () => {
    const bytes = encode(good);
    const file = await write(good);
    for (let at = 0; at < bytes.length; at++) {
      for (const change of [0x01, 0x80, 0xff]) {
        const broken = bytes.slice();
        broken[at] ^= change;
        await writeFile(file, broken);
        expect(await failure(file), `byte ${at} ^ ${change}`).toMatch(/^(AtlasError: |nothing was thrown)/);
      }
    }
  });

  const refused = async (change: Partial<ModelSpec>) => failure(await write({ ...good, ...change }));

  test('mistakes within it are named', async () => {
    expect(await refused({ opset: 0, opsets: { 'ai.onnx.ml': 3 } })).toContain(
      'expected version 7 to 25 for ONNX\'s operator set, received "none (only ai.onnx.ml)"',
    );
    expect(await refused({ opset: 6 })).toContain("for ONNX's operator set, received 6");
    expect(await refused({ opset: 99 })).toContain("for ONNX's operator set, received 99");
    expect(await refused({ tensors: [weight('k', [2, 3, 1, 1]), weight('k', [2])] })).toContain(
      'expected one tensor for the name "k", received "two"',
    );
    expect(await refused({ tensors: [] })).toContain(
      'expected a value for "k", which the node "out" (Conv) reads, received "none: nothing makes it"',
    );
    expect(await refused({ sparse: ['s'] })).toContain('expected dense weights for the tensor "s", received "a sparse one"');
    expect(await refused({ tensors: [{ ...weight('k', [2, 3, 1, 1]), shape: [2, 3, 1, 2] }] })).toContain(
      'expected 48 bytes for [2,3,1,2] of float for the tensor "k", received "24 bytes"',
    );
    expect(await refused({ tensors: [{ ...weight('k', [2, 3, 1, 1]), shape: [2 ** 31, 3, 1, 1] }] })).toContain(
      'expected extents below 2³¹',
    );
    expect(await refused({ inputs: [{ name: 'image', shape: [1, 3, 0, 8] }] })).toMatch(/^(AtlasError|nothing)/);
    const twice = [good.nodes[0], { op: 'Relu', inputs: ['image'], outputs: ['out'] }];
    expect(await refused({ nodes: twice })).toContain('expected one maker for the value "out", received "two"');
    const loop = [
      { op: 'Add', inputs: ['image', 'b'], outputs: ['a'], name: 'first' },
      { op: 'Relu', inputs: ['a'], outputs: ['b'] },
    ];
    expect(await refused({ nodes: loop })).toContain('expected a graph without a cycle for the node "first" (Add)');
    expect(await refused({ inputs: [{ name: 'image', shape: [1, 3] }] })).toContain('received "\\"image\\" float[1,3]"');
    const odd = [{ op: 'Magic', inputs: ['image'], outputs: ['out'], domain: 'org.example' }];
    expect(await refused({ nodes: odd, opsets: { 'org.example': 1 } })).toContain(
      'for the node "out" (org.example.Magic), received "one of org.example"',
    );
  });

  test('nodes in any order are put in one that runs', async () => {
    const file = await write({
      ...good,
      nodes: [{ op: 'Relu', inputs: ['out'], outputs: ['last'] }, ...good.nodes],
      outputs: [{ name: 'last' }],
    });
    expect((await openModel(file)).layers().map(({ name }) => name)).toEqual(['out', 'last']);
  });

  test('a constant that would not fit a machine is refused at once', async () => {
    const huge = [
      { op: 'ConstantOfShape', inputs: ['shape'], outputs: ['zeros'] },
      { op: 'Add', inputs: ['image', 'zeros'], outputs: ['sum'] },
      { op: 'Conv', inputs: ['sum', 'k'], outputs: ['out'] },
    ];
    const shape: TensorSpec = { name: 'shape', shape: [4], values: [1, 3, 2 ** 20, 2 ** 20], type: 'int64' };
    expect(await refused({ nodes: huge, tensors: [shape, weight('k', [2, 3, 1, 1])] })).toContain(
      'the result would have more than 2³¹ − 1 values',
    );
  });
});

test('the digest names structure and numbers, not how they are stored', async () => {
  const digest = async (model: ModelSpec) => (await openModel(await write(model))).weightsSha256;
  const one = await digest(conv(weight('k', [2, 3, 1, 1])));
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(await digest(conv({ ...weight('k', [2, 3, 1, 1]), stored: 'single' }))).toBe(one);
  expect(await digest(conv(weight('k', [2, 3, 1, 1], 2)))).not.toBe(one);
  const strided = conv(weight('k', [2, 3, 1, 1]));
  expect(await digest({ ...strided, nodes: [{ ...strided.nodes[0], attributes: { strides: [2, 2] } }] })).not.toBe(one);
});
