/** Just enough of onnx.proto3 for the conformance tests' tiny files: fields by number, and tensors. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { Dtype, Tensor } from '../../generator/graph/tensor.ts';

/** A message's fields by number, each value as the wire has it. */
export type Fields = ReadonlyMap<number, readonly (bigint | number | Uint8Array)[]>;

export function readFields(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (bigint | number | Uint8Array)[]>();
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const values = fields.get(field) ?? [];
    fields.set(field, values);
    if (wireType === WireType.Varint) values.push(BigInt(reader.int64()));
    else if (wireType === WireType.Bit32) values.push(reader.float());
    else if (wireType === WireType.Bit64) values.push(reader.double());
    else values.push(reader.bytes());
  }
  return fields;
}

export const messages = (fields: Fields, field: number): Fields[] => byteStrings(fields, field).map(readFields);
export const texts = (fields: Fields, field: number): string[] => byteStrings(fields, field).map((bytes) => Buffer.from(bytes).toString());
export const floats = (fields: Fields, field: number): number[] =>
  (fields.get(field) ?? []).flatMap((value) =>
    value instanceof Uint8Array ? [...unpack(value, (reader) => reader.float())] : [Number(value)],
  );
export const integers = (fields: Fields, field: number): bigint[] =>
  (fields.get(field) ?? []).flatMap((value) =>
    value instanceof Uint8Array ? [...unpack(value, (reader) => BigInt(reader.int64()))] : [BigInt(value)],
  );

function byteStrings(fields: Fields, field: number): Uint8Array[] {
  return (fields.get(field) ?? []).filter((value) => value instanceof Uint8Array);
}

function* unpack<T>(bytes: Uint8Array, read: (reader: BinaryReader) => T): Generator<T> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) yield read(reader);
}

/** TensorProto.DataType by number, for what the intermediate form holds; float64 is read as float32. */
const DTYPES: Readonly<Record<number, Dtype>> = { 1: 'float32', 2: 'uint8', 6: 'int32', 7: 'int64', 9: 'bool', 11: 'float32' };
const DOUBLE = 11;
const ARRAYS = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array };

/** What a file calls its element type: `float16`. */
export function dtypeName(number: number): string {
  const names = ['none', 'float32', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16', 'float64'];
  return [...names, 'uint32', 'uint64', 'complex64', 'complex128', 'bfloat16'][number] ?? String(number);
}

/** Reads a TensorProto; throws a plain `Error` for element types that the intermediate form lacks. */
export function readTensor(fields: Fields): Tensor {
  const number = Number(integers(fields, 2)[0] ?? 0n);
  const dtype = DTYPES[number];
  if (!dtype) throw new Error(dtypeName(number));
  const shape = integers(fields, 1).map(Number);
  const raw = byteStrings(fields, 9)[0];
  if (!raw) return typed(dtype, shape, dtype === 'float32' ? floats(fields, 4) : integers(fields, dtype === 'int64' ? 7 : 5).map(Number));
  const { buffer } = Uint8Array.from(raw);
  if (number === DOUBLE) return typed(dtype, shape, [...new Float64Array(buffer)]);
  if (dtype === 'int64') return { dtype, shape, data: new BigInt64Array(buffer) };
  return { dtype, shape, data: new ARRAYS[dtype](buffer) } as Tensor;
}

/** A tensor of numbers. */
export function typed(dtype: Dtype, shape: readonly number[], values: readonly number[]): Tensor {
  if (dtype === 'int64') return { dtype, shape, data: BigInt64Array.from(values, BigInt) };
  return { dtype, shape, data: ARRAYS[dtype].from(values) } as Tensor;
}
