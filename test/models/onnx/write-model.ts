/** Small ONNX files, written field by field, in any operator set and with weights stored in any of the format's ways. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { temporaryFolder } from '../../temporary.ts';

/** By TensorProto.DataType: the number, and how a value is stored raw. */
const TYPES = {
  float32: { number: 1, array: Float32Array },
  uint8: { number: 2, array: Uint8Array },
  int8: { number: 3, array: Int8Array },
  uint16: { number: 4, array: Uint16Array },
  int16: { number: 5, array: Int16Array },
  int32: { number: 6, array: Int32Array },
  int64: { number: 7, array: BigInt64Array },
  string: { number: 8, array: Uint8Array },
  bool: { number: 9, array: Uint8Array },
  float16: { number: 10, array: Uint16Array },
  double: { number: 11, array: Float64Array },
  uint32: { number: 12, array: Uint32Array },
  uint64: { number: 13, array: BigUint64Array },
  bfloat16: { number: 16, array: Uint16Array },
  float8e4m3fn: { number: 17, array: Uint8Array },
} as const;

export type TypeName = keyof typeof TYPES;

/** A stored tensor; `values` of float16 and bfloat16 are bits. */
export interface TensorSpec {
  name?: string;
  shape: readonly number[];
  values: readonly number[];
  type?: TypeName;
  /** `raw` bytes, the type's own field (packed or one value at a time), or a file beside the model. */
  stored?: 'raw' | 'packed' | 'single' | Record<string, string>;
  /** Floats that the raw data field holds once before it holds `values`. */
  before?: readonly number[];
}

export type AttributeSpec =
  | number
  | string
  | readonly number[]
  | { f: number }
  | { floats: readonly number[] }
  | { t: TensorSpec }
  | { g: GraphSpec }
  | { ref: string };

export interface NodeSpec {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Readonly<Record<string, AttributeSpec>>;
  name?: string;
  domain?: string;
}

export interface ValueSpec {
  name: string;
  shape?: readonly (number | string)[];
  type?: TypeName;
}

export interface GraphSpec {
  nodes: readonly NodeSpec[];
  tensors?: readonly TensorSpec[];
  inputs?: readonly ValueSpec[];
  outputs?: readonly ValueSpec[];
  sparse?: readonly string[];
}

export interface ModelSpec extends GraphSpec {
  opset?: number;
  /** Other operator sets: `com.microsoft` → 1. */
  opsets?: Readonly<Record<string, number>>;
  metadata?: Readonly<Record<string, string>>;
  functions?: readonly {
    name: string;
    domain: string;
    inputs: readonly string[];
    outputs: readonly string[];
    nodes: readonly NodeSpec[];
  }[];
}

const tag = (field: number, wire: number) => (field << 3) | wire;

function message(writer: BinaryWriter, field: number, write: (part: BinaryWriter) => void): void {
  writer.uint32(tag(field, 2)).fork();
  write(writer);
  writer.join();
}

const text = (writer: BinaryWriter, field: number, value: string) => writer.uint32(tag(field, 2)).string(value);

function packed(writer: BinaryWriter, field: number, values: readonly number[], kind: 'float' | 'double' | 'int64', single: boolean): void {
  const put = (part: BinaryWriter, value: number) => (kind === 'int64' ? part.int64(BigInt(value)) : part[kind](value));
  if (single) for (const value of values) put(writer.uint32(tag(field, { float: 5, double: 1, int64: 0 }[kind])), value);
  else
    message(writer, field, (part) => {
      for (const value of values) put(part, value);
    });
}

/** A tensor's values as they lie in `raw_data`. */
export function rawBytes({ values, type = 'float32' }: TensorSpec): Uint8Array {
  const wide = type === 'int64' || type === 'uint64';
  const array = wide
    ? BigInt64Array.from(values, BigInt)
    : (TYPES[type].array as unknown as { from(v: readonly number[]): Uint8Array }).from(values);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

export function writeTensor(writer: BinaryWriter, spec: TensorSpec): void {
  const { name = '', shape, values, type = 'float32', stored = 'raw' } = spec;
  for (const extent of shape) writer.uint32(tag(1, 0)).int64(extent);
  writer.uint32(tag(2, 0)).int32(TYPES[type].number);
  text(writer, 8, name);
  if (spec.before) writer.uint32(tag(9, 2)).bytes(rawBytes({ ...spec, values: spec.before }));
  if (typeof stored !== 'string') {
    for (const [key, value] of Object.entries(stored))
      message(writer, 13, (entry) => {
        text(entry, 1, key);
        text(entry, 2, value);
      });
    writer.uint32(tag(14, 0)).int32(1);
  } else if (stored === 'raw') writer.uint32(tag(9, 2)).bytes(rawBytes(spec));
  else {
    const single = stored === 'single';
    if (type === 'float32') packed(writer, 4, values, 'float', single);
    else if (type === 'double') packed(writer, 10, values, 'double', single);
    else if (type === 'int64') packed(writer, 7, values, 'int64', single);
    else if (type === 'uint64' || type === 'uint32') packed(writer, 11, values, 'int64', single);
    else packed(writer, 5, values, 'int64', single);
  }
}

function writeAttribute(writer: BinaryWriter, name: string, value: AttributeSpec): void {
  text(writer, 1, name);
  const type = (number: number) => writer.uint32(tag(20, 0)).int32(number);
  if (typeof value === 'number') {
    writer.uint32(tag(3, 0)).int64(value);
    type(2);
  } else if (typeof value === 'string') {
    text(writer, 4, value);
    type(3);
  } else if ('f' in value) {
    writer.uint32(tag(2, 5)).float(value.f);
    type(1);
  } else if ('floats' in value) {
    packed(writer, 7, value.floats, 'float', true);
    type(6);
  } else if ('t' in value) {
    message(writer, 5, (part) => writeTensor(part, value.t));
    type(4);
  } else if ('g' in value) {
    message(writer, 6, (part) => writeGraph(part, value.g));
    type(5);
  } else if ('ref' in value) {
    text(writer, 21, value.ref);
    type(2);
  } else {
    packed(writer, 8, value, 'int64', true);
    type(7);
  }
}

function writeNode(writer: BinaryWriter, { op, inputs, outputs, attributes = {}, name, domain }: NodeSpec): void {
  for (const input of inputs) text(writer, 1, input);
  for (const output of outputs) text(writer, 2, output);
  if (name) text(writer, 3, name);
  text(writer, 4, op);
  for (const [key, value] of Object.entries(attributes)) message(writer, 5, (part) => writeAttribute(part, key, value));
  if (domain) text(writer, 7, domain);
}

function writeValue(writer: BinaryWriter, { name, shape, type = 'float32' }: ValueSpec): void {
  text(writer, 1, name);
  message(writer, 2, (proto) =>
    message(proto, 1, (tensor) => {
      tensor.uint32(tag(1, 0)).int32(TYPES[type].number);
      if (!shape) return;
      message(tensor, 2, (extents) => {
        for (const extent of shape)
          message(extents, 1, (dimension) => {
            if (typeof extent === 'number') dimension.uint32(tag(1, 0)).int64(extent);
            else text(dimension, 2, extent);
          });
      });
    }),
  );
}

function writeGraph(writer: BinaryWriter, { nodes, tensors = [], inputs = [], outputs = [], sparse = [] }: GraphSpec): void {
  for (const node of nodes) message(writer, 1, (part) => writeNode(part, node));
  text(writer, 2, 'graph');
  for (const tensor of tensors) message(writer, 5, (part) => writeTensor(part, tensor));
  for (const value of inputs) message(writer, 11, (part) => writeValue(part, value));
  for (const value of outputs) message(writer, 12, (part) => writeValue(part, value));
  for (const name of sparse)
    message(writer, 15, (part) => message(part, 1, (values) => writeTensor(values, { name, shape: [1], values: [1] })));
}

/** The bytes of an ONNX file. */
export function encode({ opset = 17, opsets = {}, metadata = {}, functions = [], ...graph }: ModelSpec): Uint8Array {
  const writer = new BinaryWriter();
  writer.uint32(tag(1, 0)).int64(8);
  text(writer, 2, 'test');
  message(writer, 7, (part) => writeGraph(part, graph));
  for (const [domain, version] of Object.entries({ ...(opset > 0 ? { '': opset } : {}), ...opsets }))
    message(writer, 8, (part) => {
      if (domain) text(part, 1, domain);
      part.uint32(tag(2, 0)).int64(version);
    });
  for (const [key, value] of Object.entries(metadata))
    message(writer, 14, (part) => {
      text(part, 1, key);
      text(part, 2, value);
    });
  for (const { name, domain, inputs, outputs, nodes } of functions)
    message(writer, 25, (part) => {
      text(part, 1, name);
      for (const input of inputs) text(part, 4, input);
      for (const output of outputs) text(part, 5, output);
      for (const node of nodes) message(part, 7, (body) => writeNode(body, node));
      message(part, 9, (set) => set.uint32(tag(2, 0)).int64(opset));
      text(part, 10, domain);
    });
  return writer.finish();
}

/** Writes an ONNX file into a folder of its own, with the files that go beside it; returns its path. */
export async function write(model: ModelSpec | Uint8Array, beside: Readonly<Record<string, Uint8Array>> = {}): Promise<string> {
  const folder = temporaryFolder('onnx');
  for (const [name, bytes] of Object.entries(beside)) await writeFile(join(folder, name), bytes);
  const file = join(folder, 'tiny.onnx');
  await writeFile(file, model instanceof Uint8Array ? model : encode(model));
  return file;
}

/** Values that look random and are the same every time, in [-1, 1]. */
export function noise(count: number, seed = 1): number[] {
  return Array.from({ length: count }, (_, i) => Math.fround(Math.sin((i + 1) * 12.9898 * seed + seed) * 0.9));
}

/** A float tensor of {@link noise}. */
export function weight(name: string, shape: readonly number[], seed = 1): TensorSpec {
  return {
    name,
    shape,
    values: noise(
      shape.reduce((product, extent) => product * extent, 1),
      seed,
    ),
  };
}

/** An int64 vector. */
export const ints = (name: string, values: readonly number[]): TensorSpec => ({ name, shape: [values.length], values, type: 'int64' });

/** A 1×1 convolution to six channels, the nodes given from its value `x` on to `out`, in an operator set. */
export function chain(nodes: readonly NodeSpec[], tensors: readonly TensorSpec[] = [], more: Partial<ModelSpec> = {}): ModelSpec {
  return {
    nodes: [{ op: 'Conv', inputs: ['image', 'k'], outputs: ['x'] }, ...nodes],
    tensors: [weight('k', [6, 3, 1, 1]), ...tensors],
    inputs: [{ name: 'image', shape: ['n', 3, 8, 8] }],
    outputs: [{ name: 'out' }],
    ...more,
  };
}
