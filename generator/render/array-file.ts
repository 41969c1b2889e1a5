/** Arrays that a plan names: read when its settings are resolved, to pin what they hold, and again when a program is built from them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ArrayFile } from '../../data/schema.ts';
import { fault, reason } from '../graph/errors.ts';
import { parseNpy } from '../graph/npy.ts';
import type { Tensor } from '../graph/tensor.ts';

/** The file with the SHA-256 of its bytes. Throws if it cannot be read, or was pinned to other bytes. */
export function pinArray(array: ArrayFile): { file: string; sha256: string } {
  const file = typeof array === 'string' ? array : array.file;
  const sha256 = createHash('sha256').update(readArrayBytes(file)).digest('hex');
  if (typeof array !== 'string' && array.sha256 !== sha256) throw changed(file, array.sha256, sha256);
  return { file, sha256 };
}

/** The array, float32. Throws if its bytes are not those pinned. */
export function readArray(array: ArrayFile): Tensor<'float32'> {
  const { file } = pinArray(array);
  return parseNpy(readArrayBytes(file), file);
}

/** The bytes of an `.npy` file that a plan names; `name` and `kind` are for the message. Throws if it cannot be read. */
export function readArrayBytes(file: string, name = 'the array', kind = 'a float32 .npy file'): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw fault({
      where: file,
      expected: 'a file that can be read',
      name,
      received: reason(cause),
      remedy: `Give the path of ${kind}, from the folder that the command runs in.`,
      exitCode: 2,
      cause,
    });
  }
}

function changed(file: string, expected: string, received: string): Error {
  return fault({
    where: file,
    expected: `the array with SHA-256 ${expected}`,
    name: 'the array',
    received,
    remedy: 'Bring the array back, or change its sha256 in the plan: its renders are then made anew.',
  });
}
