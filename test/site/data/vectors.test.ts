/** `.npy` files: against the specification of the format, and as NumPy reads them. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { npyOffset, writeNpy } from '../../../site/data/vectors.ts';
import { pythonWithNumPy } from '../../requires.ts';
import { temporaryFolder } from '../../temporary.ts';

const run = promisify(execFile);
const VALUES = Float32Array.from([1, -2.5, 0.1, 3e-40, -0, 6e37]);
const values = new Uint8Array(VALUES.buffer);

/** Reads version 1.0 as NumPy's enhancement proposal 1 describes it, and nothing more lenient. */
function readNpy(file: Buffer) {
  expect(file.subarray(0, 8).toString('latin1')).toBe('\x93NUMPY\x01\x00');
  const end = 10 + file.readUInt16LE(8);
  expect(end % 64).toBe(0);
  const header = file.subarray(10, end).toString('latin1');
  expect(header.endsWith('\n')).toBe(true);
  const [, shape = ''] = /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(([^)]*)\), \} *\n$/.exec(header) ?? [];
  return { end, shape, content: file.subarray(end) };
}

test.each([
  { shape: [2, 3], written: '2, 3' },
  { shape: [6], written: '6,' },
  { shape: [1, 6], written: '1, 6' },
])('the header of $shape is of version 1.0, and the values follow at a multiple of 64 bytes', ({ shape, written }) => {
  const { end, shape: found, content } = readNpy(writeNpy({ shape, values }));
  expect(found).toBe(written);
  expect(end).toBe(npyOffset(shape));
  expect(content).toEqual(Buffer.from(values));
});

test('NumPy reads the very values', async (context) => {
  const python = await pythonWithNumPy(context);
  const file = join(temporaryFolder('npy'), 'directions.npy');
  await writeFile(file, writeNpy({ shape: [2, 3], values }));
  const script = 'import numpy, sys; a = numpy.load(sys.argv[1]); print(a.dtype.str, a.shape, a.tobytes().hex())';
  const { stdout } = await run(python, ['-c', script, file]);
  expect(stdout.trim()).toBe(`<f4 (2, 3) ${Buffer.from(values).toString('hex')}`);
});
