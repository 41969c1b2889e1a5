/** No model reads anything outside its own folder: weights that it names elsewhere are refused by name, and never opened. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { findBeside } from '../../generator/models/beside.ts';
import { openModel } from '../../generator/models/open.ts';
import { encode, rawBytes, weight } from '../models/onnx/write-model.ts';
import { temporaryFolder } from '../temporary.ts';

/** A convolution's kernel, `[2,3,1,1]`. */
const KERNEL = weight('w', [2, 3, 1, 1]);

/** `net/` is a model's folder; the same bytes lie in it and outside it. */
let root: string;
let folder: string;

beforeAll(async () => {
  root = temporaryFolder('outside');
  folder = join(root, 'net');
  const bytes = rawBytes(KERNEL);
  await mkdir(join(folder, 'inner'), { recursive: true });
  await mkdir(join(root, 'network'));
  const places = [
    'canary.bin',
    'network/canary.bin',
    'net/weights.bin',
    'net/inner/weights.bin',
    'net/..canary.bin',
    'net/%2e%2e%2fcanary.bin',
  ];
  for (const place of places) await writeFile(join(root, place), bytes);
  await symlink('../canary.bin', join(folder, 'link.bin'));
  await symlink(join(root, 'canary.bin'), join(folder, 'absolute.bin'));
  await symlink('link.bin', join(folder, 'second.bin'));
  await symlink('..', join(folder, 'up'));
  await symlink('loop.bin', join(folder, 'loop.bin'));
  await symlink('weights.bin', join(folder, 'within.bin'));
  await symlink('/dev/zero', join(folder, 'zero.bin'));
});

const message = (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'opened',
    (error: Error) => error.message.replaceAll(root, ''),
  );

/** What opening an ONNX file with its kernel at that place says. */
async function external(location: string, entries: Record<string, string> = {}): Promise<string> {
  const file = join(folder, 'net.onnx');
  const w = { ...KERNEL, stored: { location, ...entries } };
  const conv = { op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], attributes: { kernel_shape: [1, 1] } };
  await writeFile(file, encode({ inputs: [{ name: 'x', shape: [1, 3, 8, 8] }], nodes: [conv], tensors: [w] }));
  return message(openModel(file));
}

/** What opening a TF.js model with its kernel in that shard says. */
async function shard(path: string): Promise<string> {
  const file = join(folder, 'model.json');
  const node = [
    { name: 'w', op: 'Const' },
    { name: 'image', op: 'Placeholder', attr: { dtype: { type: 1 }, shape: { shape: { dim: [1, 8, 8, 3].map((size) => ({ size })) } } } },
    {
      name: 'y',
      op: 'Conv2D',
      input: ['image', 'w'],
      attr: { strides: { list: { i: [1, 1, 1, 1] } }, padding: { s: [...Buffer.from('SAME')] } },
    },
  ];
  const weights = [{ name: 'w', shape: [1, 1, 3, 2], dtype: 'float32' }];
  await writeFile(file, JSON.stringify({ modelTopology: { node }, weightsManifest: [{ paths: [path], weights }] }));
  return message(openModel(file));
}

/** Names, and where a link among them leads. */
const OUTSIDE: [string, string?][] = [
  ['../canary.bin'],
  ['./../canary.bin'],
  ['inner/../../canary.bin'],
  ['inner/../../../../../../../../etc/hostname'],
  ['../network/canary.bin'],
  ['..'],
  ['.'],
  [''],
  ['/etc/hostname'],
  ['//etc/hostname'],
  ['..\\canary.bin'],
  ['inner\\..\\..\\canary.bin'],
  ['C:\\canary.bin'],
  ['C:/canary.bin'],
  ['\\\\server\\share\\canary.bin'],
  ['../canary.bin\0weights.bin'],
  ['weights.bin\0'],
  ['link.bin', '/canary.bin'],
  ['absolute.bin', '/canary.bin'],
  ['second.bin', '/canary.bin'],
  ['up/canary.bin', '/canary.bin'],
  ['up/net/../canary.bin', undefined],
  ['zero.bin', '/dev/zero'],
];

const received = ([name, link]: [string, string?]) => JSON.stringify(link === undefined ? name : `${name}, a link to ${link}`);

describe.each(OUTSIDE)('%j', (...name) => {
  const missing = name[0] === 'up/net/../canary.bin';
  test('is no place for external data', async () => {
    if (missing) return expect(await external(name[0])).toContain(`a link to /canary.bin`);
    expect(await external(name[0])).toBe(
      `/net/net.onnx: expected a file in the model's folder for the data of the tensor "w", received ${received(name)}\n` +
        'Nothing was read. Do not use this model unless you know why it asks for that file.',
    );
  });
  test('is no place for a shard', async () => {
    if (missing) return expect(await shard(name[0])).toContain(`a link to /canary.bin`);
    expect(await shard(name[0])).toBe(
      `/net/model.json: expected a path within the model's folder for weightsManifest.paths, received ${received(name)}\n` +
        'Nothing was read. Do not use this model unless you know why it asks for that file.',
    );
  });
});

test.each([
  'gone.bin',
  '%2e%2e/canary.bin',
  'file:///canary.bin',
  'loop.bin',
  'inner',
  'weights.bin/x',
  '....//canary.bin',
  'a'.repeat(5000),
])('%.20s is only a name, and not there', async (name) => {
  const remedies = [
    'Put every file that the model names beside it: its weights are not in the .onnx file itself.',
    'Put every shard that model.json lists beside it.',
  ];
  for (const [i, said] of [await external(name), await shard(name)].entries()) {
    expect(said).toContain(': expected a file with weights for ');
    expect(said.endsWith(`, received "none that can be read"\n${remedies[i]}`), said).toBe(true);
  }
});

test.each([
  'weights.bin',
  './weights.bin',
  'inner/weights.bin',
  'inner/../weights.bin',
  '..canary.bin',
  '%2e%2e%2fcanary.bin',
  'within.bin',
])('%s is in the folder, and read', async (name) => {
  expect([await external(name), await shard(name)]).toEqual(['opened', 'opened']);
});

test('the function that looks for such files opens none of them', async () => {
  const file = join(folder, 'net.onnx');
  expect(await findBeside('weights.bin', file)).toEqual({ kind: 'found', path: join(folder, 'weights.bin'), size: 24 });
  expect(await findBeside('within.bin', file)).toEqual({ kind: 'found', path: join(folder, 'weights.bin'), size: 24 });
  for (const [name] of OUTSIDE) expect((await findBeside(name, file)).kind, name).toBe('outside');
  expect(await findBeside('inner', file)).toMatchObject({ kind: 'missing', path: join(folder, 'inner') });
});

test.each([
  [{ offset: '4' }, 'expected 24 bytes for [2,3,1,1] of float for the tensor "w", received "20 bytes"'],
  [{ offset: '25' }, 'expected bytes 25 to 25 for the tensor "w", received "a file of 24"'],
  [{ offset: '-4' }, 'expected whole numbers for the tensor "w", received "offset -4"'],
  [{ length: '-24' }, 'expected whole numbers for the tensor "w", received "length -24"'],
  [{ length: '25' }, 'expected bytes 0 to 25 for the tensor "w", received "a file of 24"'],
  [{ length: '0' }, 'expected 6 values for [2,3,1,1] of float for the tensor "w", received "0 values"'],
  [{ length: '1e1' }, 'expected whole numbers for the tensor "w", received "length 1e1"'],
  [{ offset: '9223372036854775807' }, 'expected whole numbers for the tensor "w", received "offset 9223372036854775807"'],
  [
    { offset: '999999999999999', length: '999999999999999' },
    'expected bytes 999999999999999 to 1999999999999998 for the tensor "w", received "a file of 24"',
  ],
])('external data at %j is not there', async (entries, says) => {
  expect(await external('weights.bin', entries)).toContain(says);
});
