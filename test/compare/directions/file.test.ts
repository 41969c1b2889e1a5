/** Directions from a file: read in both widths, made unit vectors, or refused by their row. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateArm } from '../../../generator/compare/directions/generate-arm.ts';
import { makeLayer } from './small-layer.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atlas-directions-'));
});

/** An `.npy` file of version 1.0 as NumPy writes it. */
async function save(name: string, shape: readonly number[], data: Float32Array | Float64Array | Int32Array): Promise<string> {
  const type = data instanceof Float32Array ? '<f4' : data instanceof Float64Array ? '<f8' : '<i4';
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.map((extent) => `${extent},`).join(' ')}), }`.padEnd(117);
  const head = Buffer.from(`\u0093NUMPY\u0001\u0000\u0076\u0000${header}\n`, 'latin1');
  const path = join(folder, name);
  await writeFile(path, Buffer.concat([head, new Uint8Array(data.buffer)]));
  return path;
}

const read = (file: string | undefined, count?: number) =>
  generateArm('file', makeLayer(3, { ...(file === undefined ? {} : { file }), counts: count === undefined ? {} : { file: count } }));

describe('the arm file', () => {
  it('has every row as a unit vector, of float32 and float64 alike', async () => {
    for (const kind of [Float32Array, Float64Array]) {
      const found = read(await save(`${kind.name}.npy`, [2, 3], kind.of(3, 0, -4, 0, 0.5, 0)));
      expect(found.map(({ id, arm, index }) => [id, arm, index])).toEqual([
        ['file-0', 'file', 0],
        ['file-1', 'file', 1],
      ]);
      expect(found.map(({ vector }) => Array.from(vector))).toEqual([
        [Math.fround(0.6), 0, Math.fround(-0.8)],
        [0, 1, 0],
      ]);
    }
  });

  it('takes one vector alone, and as many rows as are asked for', async () => {
    expect(read(await save('one.npy', [3], Float32Array.of(0, 2, 0)))).toMatchObject([{ id: 'file-0', vector: Float32Array.of(0, 1, 0) }]);
    expect(read(await save('three.npy', [3, 3], Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1)), 2)).toHaveLength(2);
  });

  it('keeps the direction of rows whose squares are too small or too large for a float64', async () => {
    const found = read(await save('extreme.npy', [2, 3], Float64Array.of(3e-200, 4e-200, 0, 0, 3e200, 4e200)));
    expect(found.map(({ vector }) => Array.from(vector))).toEqual([
      [Math.fround(0.6), Math.fround(0.8), 0],
      [0, Math.fround(0.6), Math.fround(0.8)],
    ]);
  });

  it.each([
    { about: 'a row of zeros', row: [0, 0, 0], received: 'row 1, received "zeros"' },
    { about: 'a row with NaN', row: [1, Number.NaN, 0], received: 'row 1, received "NaN in channel 1"' },
    { about: 'an infinite row', row: [0, 0, Number.NEGATIVE_INFINITY], received: 'row 1, received "-Infinity in channel 2"' },
  ])('refuses $about by its number, even where it is not asked for', async ({ row, received }) => {
    const file = await save('bad.npy', [2, 3], Float64Array.of(1, 0, 0, ...row));
    expect(() => read(file, 1)).toThrow(
      `${file}: expected finite numbers, not all zero for ${received}\nSave one row of 3 numbers a direction: they are over the channels of the layer.`,
    );
  });

  it.each([
    [[2, 4], 'received [2,4]'],
    [[4], 'received [4]'],
    [[1, 1, 3], 'received [1,1,3]'],
    [[0, 3], 'received [0,3]'],
    [[], 'received []'],
  ])('refuses the shape %j', async (shape, received) => {
    const file = await save('shape.npy', shape, new Float32Array(shape.reduce((product, extent) => product * extent, 1)).fill(1));
    expect(() => read(file)).toThrow(`${file}: expected shape [M,3] or [3] for the array, ${received}`);
  });

  it('refuses what it cannot read, other numbers, and a file that is not named', async () => {
    expect(() => read(join(folder, 'nothing.npy'))).toThrow(
      /nothing\.npy: expected a file that can be read for the directions, received "ENOENT/,
    );
    expect(() => read(undefined)).toThrow('net/early: expected an .npy file of directions for the arm file, received nothing');
    const whole = await save('whole.npy', [3], Int32Array.of(1, 2, 3));
    expect(() => read(whole)).toThrow('expected little-endian float32 (<f4) or little-endian float64 (<f8) for the array, received "<i4"');
  });
});
