/** Writing small TF.js graph models for tests, and running them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { float32Data } from '../../generator/graph/tensor.ts';
import type { Model } from '../../generator/models/model.ts';
import { openRuntime } from '../../generator/runtime/open.ts';
import { temporaryFolder } from '../temporary.ts';

export interface TinyNode {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, unknown>;
}

export interface TinyWeight {
  name: string;
  shape: number[];
  /** As stored: before `quantization` is undone. */
  values: readonly number[];
  dtype?: string;
  quantization?: { dtype: string; scale?: number; min?: number };
}

export const bytes = (text: string) => ({ s: [...Buffer.from(text)] });
export const base64 = (text: string) => ({ s: Buffer.from(text).toString('base64') });
/** A list of integers, as text, which is how converters write them. */
export const ints = (...values: number[]) => ({ list: { i: values.map(String) } });

export const window = (stride: number, padding: string) => ({ strides: ints(1, stride, stride, 1), padding: bytes(padding) });

/** The image input, `[1,size,size,3]` (open where size is left out). */
export const image = (size = -1): TinyNode => ({
  name: 'image',
  op: 'Placeholder',
  attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim: [-1, size, size, 3].map((extent) => ({ size: String(extent) })) } } },
});

/** A weight of deterministic, uneven values. */
export function weight(name: string, shape: number[], seed = 1): TinyWeight {
  const count = shape.reduce((product, extent) => product * extent, 1);
  return { name, shape, values: Array.from({ length: count }, (_, i) => Math.fround(Math.sin(seed + 1.7 * i))) };
}

/** A new temporary folder. */
export async function temporary(): Promise<string> {
  return temporaryFolder('models');
}

/** Writes `model.json` and its shards (of `shardBytes` each but the last) into a new folder; returns the path of `model.json`. */
export async function writeModel(
  nodes: readonly TinyNode[],
  weights: readonly TinyWeight[],
  { shardBytes = 1 << 20, paths }: { shardBytes?: number; paths?: string[] } = {},
): Promise<string> {
  const folder = join(await temporary(), 'tiny');
  await mkdir(folder);
  const blob = Buffer.concat(weights.map(encode));
  const count = Math.max(1, Math.ceil(blob.length / shardBytes));
  const shards = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  for (const [i, shard] of shards.entries()) await writeFile(join(folder, shard), blob.subarray(i * shardBytes, (i + 1) * shardBytes));
  const constants = weights.map(({ name }) => ({ name, op: 'Const' }));
  const manifest = weights.map(({ name, shape, dtype = 'float32', quantization }) => ({ name, shape, dtype, quantization }));
  const file = join(folder, 'model.json');
  const json = { modelTopology: { node: [...constants, ...nodes] }, weightsManifest: [{ paths: paths ?? shards, weights: manifest }] };
  await writeFile(file, JSON.stringify(json));
  return file;
}

function encode({ values, dtype = 'float32', quantization }: TinyWeight): Buffer {
  const stored = quantization?.dtype ?? dtype;
  const arrays: Record<string, () => ArrayBufferView> = {
    float32: () => Float32Array.from(values),
    int32: () => Int32Array.from(values),
    uint16: () => Uint16Array.from(values),
    float16: () => Uint16Array.from(values), // bit patterns
    uint8: () => Uint8Array.from(values),
    bool: () => Uint8Array.from(values),
  };
  const array = (arrays[stored] ?? (() => new Uint8Array(values.length)))();
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

/** An NHWC array. */
export interface Picture {
  shape: readonly [number, number, number, number];
  data: Float32Array;
}

/** A deterministic image `[1,height,width,3]`. */
export function picture(height: number, width: number): Picture {
  const data = Float32Array.from({ length: height * width * 3 }, (_, i) => Math.cos(0.9 * i));
  return { shape: [1, height, width, 3], data };
}

/** Runs a model up to a layer; both sides are NHWC. */
export async function run(model: Model, layer: string, { shape, data }: Picture): Promise<Picture> {
  const [batch, height, width, channels] = shape;
  const graph = model.graph({ layers: [layer], batch, height, width });
  const program = await (await openRuntime({ threads: 1 })).compile(graph);
  const input = Float32Array.from(data, (_, i) => data[nhwc(i, [batch, channels, height, width])]);
  const { [layer]: value } = await program.run({ input: { dtype: 'float32', shape: [batch, channels, height, width], data: input } });
  const tensor = 'resident' in value ? await value.read() : value;
  const [n, c, h, w] = tensor.shape;
  const result = new Float32Array(tensor.data.length);
  for (const [i, x] of float32Data(tensor, layer).entries()) result[nhwc(i, [n, c, h, w])] = x;
  await program.dispose();
  return { shape: [n, h, w, c], data: result };
}

/** The NHWC index of the element at `index` of an NCHW array. */
function nhwc(index: number, [, c, h, w]: readonly number[]): number {
  const x = index % w;
  const y = Math.floor(index / w) % h;
  const channel = Math.floor(index / (w * h)) % c;
  const n = Math.floor(index / (w * h * c));
  return ((n * h + y) * w + x) * c + channel;
}

/** A convolution straight from TensorFlow's definition, NHWC with kernel `[kH,kW,C,M]`, as the yardstick. */
export function convolve(x: Picture, kernel: TinyWeight, stride: number, padding: 'SAME' | 'VALID', depthwise = false): Picture {
  const [n, height, width, channels] = x.shape;
  const [kh, kw, , last] = kernel.shape;
  const outputs = depthwise ? channels * last : last;
  const extent = (size: number, k: number) => Math.ceil((padding === 'SAME' ? size : size - k + 1) / stride);
  const before = (size: number, k: number) => (padding === 'SAME' ? Math.max((extent(size, k) - 1) * stride + k - size, 0) >> 1 : 0);
  const [oh, ow] = [extent(height, kh), extent(width, kw)];
  const data = new Float32Array(n * oh * ow * outputs);
  for (let y = 0; y < oh; y++)
    for (let z = 0; z < ow; z++)
      for (let m = 0; m < outputs; m++)
        for (let i = 0; i < kh; i++)
          for (let j = 0; j < kw; j++)
            for (let c = 0; c < channels; c++) {
              const [row, column] = [y * stride + i - before(height, kh), z * stride + j - before(width, kw)];
              if (row < 0 || column < 0 || row >= height || column >= width || (depthwise && Math.floor(m / last) !== c)) continue;
              const k = kernel.values[((i * kw + j) * channels + c) * last + (depthwise ? m % last : m)];
              data[(y * ow + z) * outputs + m] += k * x.data[(row * width + column) * channels + c];
            }
  return { shape: [n, oh, ow, outputs], data };
}

/** Applies `f(value, channel)` to every element. */
export function map(x: Picture, f: (value: number, channel: number) => number): Picture {
  return { shape: x.shape, data: x.data.map((value, i) => f(value, i % x.shape[3])) };
}

/** The largest difference of two arrays of one shape. */
export function distance(a: Picture, b: Picture): number {
  if (`${a.shape}` !== `${b.shape}`) throw new Error(`shapes [${a.shape}] and [${b.shape}] differ`);
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i])), 0);
}

/** What an action that should fail says. */
export function message(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'nothing was thrown';
}
