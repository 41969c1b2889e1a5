/** The weights of TF.js models: every stored type, and files that are not what the manifest says. */
import { truncate, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openModel } from '../../generator/models/open.ts';
import { image, picture, run, type TinyNode, type TinyWeight, weight, window, writeModel } from './tiny-model.ts';

const conv: TinyNode = { name: 'conv', op: 'Conv2D', input: ['image', 'kernel'], attr: window(1, 'VALID') };
const one = { shape: [1, 1, 1, 3] as const, data: Float32Array.from([1, 0, 0]) };

/** A 1×1 kernel of three channels to one, of which the image above picks the first. */
const stored = (value: number, rest: Partial<TinyWeight> = {}): TinyWeight => ({
  name: 'kernel',
  shape: [1, 1, 3, 1],
  values: [value, 0, 0],
  ...rest,
});

for (const [what, kernel, expected] of [
  ['float32', stored(-1.5), -1.5],
  ['uint8 with scale and minimum', stored(200, { quantization: { dtype: 'uint8', scale: 0.5, min: -10 } }), 90],
  ['uint16 with scale and minimum', stored(40000, { quantization: { dtype: 'uint16', scale: 0.25, min: 1 } }), 10001],
  ['float16', stored(0xc248, { quantization: { dtype: 'float16' } }), -3.140625],
  ['float16 below the normal range', stored(0x0001, { quantization: { dtype: 'float16' } }), 2 ** -24],
] as const)
  test(`weights stored as ${what} are restored`, async () => {
    const model = await openModel(await writeModel([image(), conv], [kernel]));
    expect((await run(model, 'conv', one)).data[0]).toBe(Math.fround(expected));
  });

test('integers and truth values between other weights are read, and stand where shapes and axes are wanted', async () => {
  const weights: TinyWeight[] = [
    { name: 'flag', shape: [3], values: [1, 0, 1], dtype: 'bool' },
    { name: 'axes', shape: [2], values: [1, 2], dtype: 'int32' },
    weight('kernel', [1, 1, 3, 2]),
  ];
  const mean: TinyNode = { name: 'mean', op: 'Mean', input: ['conv', 'axes'], attr: { keep_dims: { b: true } } };
  const model = await openModel(await writeModel([image(), conv, mean], weights));
  const { data } = await run(model, 'conv', picture(2, 2));
  const [first] = (await run(model, 'mean', picture(2, 2))).data;
  expect(first).toBeCloseTo((data[0] + data[2] + data[4] + data[6]) / 4, 6);
});

test('shards are joined, across the borders of weights', async () => {
  const whole = await openModel(await writeModel([image(), conv], [weight('kernel', [1, 1, 3, 5])]));
  const shards = await openModel(await writeModel([image(), conv], [weight('kernel', [1, 1, 3, 5])], { shardBytes: 7 }));
  expect(shards.weightsSha256).toBe(whole.weightsSha256);
});

test('a digest names the numbers: other weights have another', async () => {
  const digests = await Promise.all(
    [1, 2].map(async (seed) => (await openModel(await writeModel([image(), conv], [weight('kernel', [1, 1, 3, 5], seed)]))).weightsSha256),
  );
  expect(new Set(digests).size).toBe(2);
});

async function failure(file: string): Promise<string> {
  return openModel(file).then(
    () => 'nothing was thrown',
    (error: Error) => error.message,
  );
}

test('a shard that was cut short is named, with what it should hold', async () => {
  const file = await writeModel([image(), conv], [weight('kernel', [1, 1, 3, 5])], { shardBytes: 16 });
  const shard = (name: string) => join(dirname(file), name);
  await truncate(shard('group1-shard2of4.bin'), 9);
  expect(await failure(file)).toBe(
    `${shard('group1-shard2of4.bin')}: expected 16 bytes for group1-shard2of4.bin, received "9 bytes"\n` +
      'The shard was altered or cut short: fetch or export the model again.',
  );
  await writeFile(shard('group1-shard2of4.bin'), Buffer.alloc(16));
  await truncate(shard('group1-shard4of4.bin'), 3);
  expect(await failure(file)).toContain('expected 12 bytes for group1-shard4of4.bin, received "3 bytes"');
});

test('a missing shard is named', async () => {
  const file = await writeModel([image(), conv], [weight('kernel', [1, 1, 3, 5])]);
  await unlink(join(dirname(file), 'group1-shard1of1.bin'));
  expect(await failure(file)).toContain('expected a file with weights for group1-shard1of1.bin, received "none that can be read"');
});

for (const path of ['../secret.bin', '/etc/passwd', 'a/../../secret.bin', '..\\secret.bin', 'C:\\secret.bin', '.'])
  test(`a manifest that asks for ${path} is refused`, async () => {
    const file = await writeModel([image(), conv], [weight('kernel', [1, 1, 3, 5])], { paths: [path] });
    expect(await failure(file)).toBe(
      `${file}: expected a path within the model's folder for weightsManifest.paths, received ${JSON.stringify(path)}\n` +
        'Nothing was read. Do not use this model unless you know why it asks for that file.',
    );
  });

test('a stored type that cannot be read is named with its weight', async () => {
  const file = await writeModel([image(), conv], [{ ...weight('kernel', [1, 1, 3, 5]), dtype: 'complex64' }]);
  expect(await failure(file)).toContain('for the type of weight "kernel", received "complex64"');
});
