/** NumPy's files: there and back, and what is said of files that are something else. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatNpy, parseNpy, readNpy, writeNpy } from '../../generator/graph/npy.ts';
import { float32 } from '../../generator/graph/tensor.ts';
import { temporaryFolder } from '../temporary.ts';

const REMEDY = 'Save it with np.save(path, array.astype(np.float32)).';

/** An .npy file by hand: a header and a body. */
function file(dictionary: string, body: Uint8Array = new Uint8Array(0), version = 1): Uint8Array {
  const header = Buffer.from(`${dictionary}\n`, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(header.length);
  else length.writeUInt32LE(header.length);
  return Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]), length, header, body]);
}

describe('round trip', () => {
  test.each([
    { shape: [] },
    { shape: [1] },
    { shape: [5] },
    { shape: [2, 3] },
    { shape: [3, 5, 7] },
  ])('keeps shape $shape and every bit', async ({ shape }) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const data = Float32Array.from({ length: count }, (_, i) => [Math.PI, -0, 1e-40, Number.POSITIVE_INFINITY, -3.4e38][i % 5]);
    const path = join(temporaryFolder('npy'), 'x.npy');
    await writeNpy(path, float32(shape, data));
    const back = await readNpy(path);
    expect(back.shape).toEqual(shape);
    expect(Buffer.from(back.data.buffer, back.data.byteOffset, back.data.byteLength)).toEqual(Buffer.from(data.buffer));
  });

  test('the data begin at a multiple of 64 bytes, after a line that ends', () => {
    const bytes = formatNpy(float32([2, 3], [1, 2, 3, 4, 5, 6]));
    const start = bytes.length - 24;
    expect(start % 64).toBe(0);
    expect(bytes[start - 1]).toBe(0x0a);
    expect(Buffer.from(bytes.subarray(10, start)).toString().trimEnd()).toBe(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }",
    );
  });

  test('reads what NumPy writes: versions 1 and 2, at any offset of a larger buffer', () => {
    const body = new Uint8Array(Float32Array.from([1.5, -2]).buffer);
    for (const version of [1, 2]) {
      const bytes = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", body, version);
      const shifted = new Uint8Array(bytes.length + 3);
      shifted.set(bytes, 3);
      const { shape, data } = parseNpy(shifted.subarray(3), 'x.npy');
      expect(shape).toEqual([2]);
      expect([...data]).toEqual([1.5, -2]);
    }
  });
});

describe('errors name the file, what was found, and what to do', () => {
  const header = (changes: { descr?: string; order?: string }) =>
    `{'descr': '${changes.descr ?? '<f4'}', 'fortran_order': ${changes.order ?? 'False'}, 'shape': (2,), }`;
  test.each([
    {
      about: 'another format',
      bytes: Buffer.from('PK\u0003\u0004 a zip archive'),
      expected: 'the .npy format for the array, received "another format"',
    },
    { about: 'an empty file', bytes: new Uint8Array(0), expected: 'the .npy format for the array, received "another format"' },
    { about: 'float64', bytes: file(header({ descr: '<f8' })), expected: 'little-endian float32 (<f4) for the array, received "<f8"' },
    { about: 'big-endian', bytes: file(header({ descr: '>f4' })), expected: 'little-endian float32 (<f4) for the array, received ">f4"' },
    { about: 'Fortran order', bytes: file(header({ order: 'True' })), expected: 'C order for the array, received "Fortran order"' },
    {
      about: 'a short body',
      bytes: file(header({}), new Uint8Array(7)),
      expected: '8 bytes for shape (2) for the array, received "7 bytes"',
    },
  ])('$about', ({ bytes, expected }) => {
    expect(() => parseNpy(bytes, 'pictures/x.npy')).toThrow(`pictures/x.npy: expected ${expected}\n${REMEDY}`);
  });

  test('a file that is not there', async () => {
    await expect(readNpy('/nowhere/x.npy')).rejects.toThrow(
      /^\/nowhere\/x\.npy: expected a file that can be read for the array, received "ENOENT.*\nSave it/,
    );
  });
});
