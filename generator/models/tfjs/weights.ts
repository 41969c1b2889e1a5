/** The weights of a TF.js model: shards joined, lengths checked, quantised values restored. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fault, reason } from '../../graph/errors.ts';
import { checkShape } from '../../graph/shapes/inference.ts';
import { sizeOf, type Tensor } from '../../graph/tensor.ts';
import { findBeside } from '../beside.ts';
import type { ModelJson, WeightEntry } from './topology.ts';

/** Bytes an element as stored. */
const BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };

type Group = ModelJson['weightsManifest'][number];

/** Every weight by name, in the file's own layout (NHWC, kernels HWIO). `file` is the path of `model.json`. */
export async function readWeights(json: Pick<ModelJson, 'weightsManifest'>, file: string): Promise<ReadonlyMap<string, Tensor>> {
  const weights = new Map<string, Tensor>();
  checkOnce(json, file);
  for (const group of json.weightsManifest) {
    const stored = await readGroup(group, file);
    let offset = 0;
    for (const entry of group.weights) {
      const length = byteLength(entry, file);
      weights.set(entry.name, decodeWeight(entry, stored.subarray(offset, offset + length)));
      offset += length;
    }
  }
  return weights;
}

async function readGroup(group: Group, file: string): Promise<Uint8Array> {
  const found = await Promise.all(group.paths.map((path) => findShard(path, file)));
  const expected = group.weights.reduce((sum, entry) => sum + byteLength(entry, file), 0);
  const received = found.reduce((sum, { size }) => sum + size, 0);
  if (received !== expected) throw wrongLength(group, found, expected, file);
  return Buffer.concat(
    await Promise.all(found.map(({ path }, i) => readFile(path).catch((cause: unknown) => unread(path, group.paths[i], cause)))),
  );
}

interface Shard {
  readonly path: string;
  readonly size: number;
}

async function findShard(path: string, file: string): Promise<Shard> {
  const beside = await findBeside(path, file);
  if (beside.kind === 'found') return beside;
  if (beside.kind === 'missing') return unread(beside.path, path, beside.cause);
  throw fault({
    where: file,
    expected: "a path within the model's folder",
    name: 'weightsManifest.paths',
    received: beside.received,
    remedy: 'Nothing was read. Do not use this model unless you know why it asks for that file.',
  });
}

function unread(where: string, name: string, cause: unknown): never {
  throw fault({
    where,
    expected: 'a file with weights',
    name,
    received: 'none that can be read',
    remedy: 'Put every shard that model.json lists beside it.',
    cause,
  });
}

/** Throws where a shard is listed twice: a short list could ask for one file any number of times. */
function checkOnce(json: Pick<ModelJson, 'weightsManifest'>, file: string): void {
  const seen = new Set<string>();
  for (const path of json.weightsManifest.flatMap(({ paths }) => paths)) {
    if (seen.has(path))
      throw fault({
        where: file,
        expected: 'every shard once',
        name: 'weightsManifest.paths',
        received: path,
        remedy: 'The file was altered: fetch or export the model again.',
      });
    seen.add(path);
  }
}

/** Converters cut shards of equal size but the last: so the one at fault can be told. */
function wrongLength(group: Group, shards: readonly Shard[], expected: number, file: string) {
  const full = Math.max(...shards.slice(0, -1).map(({ size }) => size), 0);
  const short = shards.slice(0, -1).findIndex(({ size }) => size < full);
  const at = short >= 0 ? short : shards.length - 1;
  const others = shards.reduce((sum, shard, i) => sum + (i === at ? 0 : shard.size), 0);
  return fault({
    where: at < 0 ? file : resolve(dirname(file), group.paths[at]),
    expected: `${short >= 0 ? full : Math.max(expected - others, 0)} bytes`,
    name: group.paths[at] ?? 'weightsManifest.paths',
    received: `${shards[at]?.size ?? 0} bytes`,
    remedy: 'The shard was altered or cut short: fetch or export the model again.',
  });
}

function byteLength(entry: WeightEntry, file: string): number {
  const stored = entry.quantization?.dtype ?? entry.dtype;
  const known = Object.hasOwn(BYTES, stored) && ['float32', 'int32', 'bool', 'uint8'].includes(entry.dtype);
  if (!known)
    throw fault({
      where: file,
      expected: `one of ${Object.keys(BYTES).join(', ')}`,
      name: `the type of weight "${entry.name}"`,
      received: known ? stored : `${entry.dtype}${entry.quantization ? ` stored as ${stored}` : ''}`,
      remedy: 'Export the model with float32 weights, or quantised to uint8, uint16 or float16.',
    });
  try {
    checkShape(entry.shape, 'it', 0);
  } catch (cause) {
    throw fault({
      where: file,
      expected: 'a shape that a tensor can have',
      name: `weight "${entry.name}"`,
      received: reason(cause),
      remedy: 'The file was altered: fetch or export the model again.',
      cause,
    });
  }
  return BYTES[stored] * sizeOf(entry.shape);
}

/** Bytes → tensor. Quantised: `scale · q + min` (affine), or half precision. Bool becomes int32, which is how graphs use it. */
function decodeWeight(entry: WeightEntry, stored: Uint8Array): Tensor {
  const { shape, quantization } = entry;
  const count = sizeOf(shape);
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  const read = READERS[quantization?.dtype ?? entry.dtype];
  const scale = quantization?.scale ?? 1;
  const min = quantization?.min ?? 0;
  const value = (i: number) => (quantization ? read(view, i) * scale + min : read(view, i));
  if (entry.dtype === 'float32') {
    const data = new Float32Array(count);
    for (let i = 0; i < count; i++) data[i] = value(i);
    return { dtype: 'float32', shape, data };
  }
  const data = new Int32Array(count);
  for (let i = 0; i < count; i++) data[i] = Math.round(value(i));
  return { dtype: 'int32', shape, data };
}

const READERS: Readonly<Record<string, (view: DataView, index: number) => number>> = {
  float32: (view, i) => view.getFloat32(4 * i, true),
  int32: (view, i) => view.getInt32(4 * i, true),
  bool: (view, i) => view.getUint8(i),
  uint8: (view, i) => view.getUint8(i),
  uint16: (view, i) => view.getUint16(2 * i, true),
  float16: (view, i) => half(view.getUint16(2 * i, true)),
};

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
