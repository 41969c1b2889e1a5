/** NumPy's array file, for arrays of real numbers in C order (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
import { readFile, writeFile } from 'node:fs/promises';
import { fault, reason } from './errors.ts';
import { float32, sizeOf, type Tensor } from './tensor.ts';

const MAGIC = '\u0093NUMPY';
const REMEDY = 'Save it with np.save(path, array.astype(np.float32)).';

/** Reads an `.npy` file of float32. Throws for any other type, Fortran order, and a length that does not fit the shape. */
export async function readNpy(path: string): Promise<Tensor<'float32'>> {
  const bytes = await readFile(path).catch((cause) => {
    throw fault({ where: path, expected: 'a file that can be read', name: 'the array', received: reason(cause), remedy: REMEDY, cause });
  });
  return parseNpy(bytes, path);
}

/** Parses the bytes of an `.npy` file of float32; `path` is for messages. */
export function parseNpy(bytes: Uint8Array, path: string): Tensor<'float32'> {
  const { shape, data } = parseNpyNumbers(bytes, path, ['<f4']);
  return float32(shape, data instanceof Float32Array ? data : Float32Array.from(data));
}

/** The types of number that are read. */
const TYPES = {
  '<f4': { title: 'little-endian float32 (<f4)', array: Float32Array },
  '<f8': { title: 'little-endian float64 (<f8)', array: Float64Array },
};

/** An array of real numbers, as wide as the file has them. */
export interface NpyNumbers {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
}

/** Parses the bytes of an `.npy` file of one of `allowed` types, both where left out; `path` is for messages. */
export function parseNpyNumbers(bytes: Uint8Array, path: string, allowed: readonly (keyof typeof TYPES)[] = ['<f4', '<f8']): NpyNumbers {
  const wrong = (expected: string, received: unknown) => fault({ where: path, expected, name: 'the array', received, remedy: REMEDY });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || Buffer.from(bytes.subarray(0, 6)).toString('latin1') !== MAGIC) throw wrong('the .npy format', 'another format');
  const [lengthAt, start] = bytes[6] === 1 ? [2, 10] : [4, 12];
  const headerLength = lengthAt === 2 ? view.getUint16(8, true) : view.getUint32(8, true);
  const header = Buffer.from(bytes.subarray(start, start + headerLength)).toString('latin1');
  const described = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const dtype = allowed.find((type) => type === described);
  const extents = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  if (!dtype) throw wrong(allowed.map((type) => TYPES[type].title).join(' or '), described);
  if (/'fortran_order':\s*True/.test(header)) throw wrong('C order', 'Fortran order');
  if (extents === undefined) throw wrong('a shape', header);
  const shape = extents.split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]));
  // A copy, so that it is aligned (a Buffer's own slice is a view into a larger one).
  const body = Uint8Array.from(bytes.subarray(start + headerLength));
  const { array } = TYPES[dtype];
  const expected = array.BYTES_PER_ELEMENT * sizeOf(shape);
  if (body.length !== expected) throw wrong(`${expected} bytes for shape (${shape})`, `${body.length} bytes`);
  return { shape, data: new array(body.buffer, 0, sizeOf(shape)) };
}

/** The bytes of an `.npy` file, version 1.0, its data aligned to 64 bytes. */
export function formatNpy({ shape, data }: Tensor<'float32'>): Uint8Array {
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.map((extent) => `${extent},`).join(' ')}), }`;
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64 - 10;
  const head = Buffer.from(`${MAGIC}\u0001\u0000\u0000\u0000${dictionary.padEnd(length - 1)}\n`, 'latin1');
  head.writeUInt16LE(length, 8);
  return Buffer.concat([head, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}

/** Writes an `.npy` file. */
export async function writeNpy(path: string, tensor: Tensor<'float32'>): Promise<void> {
  await writeFile(path, formatNpy(tensor));
}
