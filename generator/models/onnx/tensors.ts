/** Stored tensors as numbers: every element type that a network's weights, masks and shapes come in. */
import { fault, reason } from '../../graph/errors.ts';
import { checkShape } from '../../graph/shapes/inference.ts';
import { sizeOf } from '../../graph/tensor.ts';
import type { TensorProto } from './messages.ts';

/** Arrays that hold a constant's numbers. */
export type Numbers = Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint32Array | Uint16Array | Uint8Array;

/** A value that is known when the graph is built. All floats are float32 here, all integers count as int64; `data` holds them as numbers. */
export interface Constant {
  readonly dtype: 'float32' | 'int64' | 'bool';
  readonly shape: readonly number[];
  readonly data: Numbers;
}

interface ElementType {
  readonly name: string;
  readonly dtype: Constant['dtype'];
  /** Bytes an element in `raw_data`. */
  readonly bytes: number;
  /** Little-endian bytes → numbers. */
  readonly decode: (bytes: Uint8Array) => Numbers;
}

/** Bytes at an address of their own, so that an array of wider elements may lie over them. */
function aligned(bytes: Uint8Array, width: number): { buffer: ArrayBufferLike; byteOffset: number; length: number } {
  const own = bytes.byteOffset % width === 0 ? bytes : Uint8Array.from(bytes);
  return { buffer: own.buffer, byteOffset: own.byteOffset, length: own.byteLength / width };
}

/** IEEE 754 binary16, by table: a file holds millions. */
let halves: Float32Array | undefined;
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * 2 ** -24 * fraction;
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
  });
  return halves;
}

function uint16(bytes: Uint8Array): Uint16Array {
  const { buffer, byteOffset, length } = aligned(bytes, 2);
  return new Uint16Array(buffer, byteOffset, length);
}

function wide(bytes: Uint8Array, signed: boolean): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float64Array(bytes.byteLength / 8);
  for (let i = 0; i < values.length; i++) {
    const value = Number(signed ? view.getBigInt64(8 * i, true) : view.getBigUint64(8 * i, true));
    values[i] = Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  }
  return values;
}

/** By TensorProto.DataType. */
const TYPES: Readonly<Record<number, ElementType>> = {
  1: {
    name: 'float',
    dtype: 'float32',
    bytes: 4,
    decode: (bytes) => {
      const { buffer, byteOffset, length } = aligned(bytes, 4);
      return new Float32Array(buffer, byteOffset, length);
    },
  },
  2: { name: 'uint8', dtype: 'int64', bytes: 1, decode: (bytes) => bytes },
  3: {
    name: 'int8',
    dtype: 'int64',
    bytes: 1,
    decode: ({ buffer, byteOffset, byteLength }) => new Int8Array(buffer, byteOffset, byteLength),
  },
  4: { name: 'uint16', dtype: 'int64', bytes: 2, decode: uint16 },
  5: { name: 'int16', dtype: 'int64', bytes: 2, decode: (bytes) => new Int16Array(uint16(bytes)) },
  6: {
    name: 'int32',
    dtype: 'int64',
    bytes: 4,
    decode: (bytes) => {
      const { buffer, byteOffset, length } = aligned(bytes, 4);
      return new Int32Array(buffer, byteOffset, length);
    },
  },
  7: { name: 'int64', dtype: 'int64', bytes: 8, decode: (bytes) => wide(bytes, true) },
  9: { name: 'bool', dtype: 'bool', bytes: 1, decode: (bytes) => bytes },
  10: {
    name: 'float16',
    dtype: 'float32',
    bytes: 2,
    decode: (bytes) => {
      // Plain loops: a file holds millions, and `from` with a function takes ten times as long.
      const table = halfTable();
      const bits = uint16(bytes);
      const values = new Float32Array(bits.length);
      for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]];
      return values;
    },
  },
  11: {
    name: 'double',
    dtype: 'float32',
    bytes: 8,
    decode: (bytes) => {
      const { buffer, byteOffset, length } = aligned(bytes, 8);
      return new Float32Array(new Float64Array(buffer, byteOffset, length));
    },
  },
  12: {
    name: 'uint32',
    dtype: 'int64',
    bytes: 4,
    decode: (bytes) => {
      const { buffer, byteOffset, length } = aligned(bytes, 4);
      return new Uint32Array(buffer, byteOffset, length);
    },
  },
  13: { name: 'uint64', dtype: 'int64', bytes: 8, decode: (bytes) => wide(bytes, false) },
  16: {
    name: 'bfloat16',
    dtype: 'float32',
    bytes: 2,
    decode: (bytes) => {
      const halves = uint16(bytes);
      const bits = new Uint32Array(halves.length);
      for (let i = 0; i < bits.length; i++) bits[i] = halves[i] << 16;
      return new Float32Array(bits.buffer);
    },
  },
};

const OTHERS: Readonly<Record<number, string>> = {
  8: 'string',
  14: 'complex64',
  15: 'complex128',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  21: 'uint4',
  22: 'int4',
  23: 'float4e2m1',
  24: 'float8e8m0',
};

/** What an element type is here, by ONNX's number; nothing where values of it cannot be read. */
export function dtypeOf(dataType: number): Constant['dtype'] | undefined {
  return TYPES[dataType]?.dtype;
}

/** An element type's name by ONNX's number: `float16`. */
export function typeName(dataType: number): string {
  return TYPES[dataType]?.name ?? OTHERS[dataType] ?? `element type ${dataType}`;
}

/** The least and largest value of an integer type: where quantised values saturate. */
export function rangeOf(dataType: number): readonly [number, number] | undefined {
  const bits = { 2: 8, 3: 8, 4: 16, 5: 16, 6: 32 }[dataType];
  if (bits === undefined) return undefined;
  return dataType === 2 || dataType === 4 ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/** Decodes a tensor. `external` holds its bytes where they lie in another file. Throws for types, shapes and lengths that do not fit. */
export function decodeTensor(proto: TensorProto, where: string, external?: Uint8Array): Constant {
  const wrong = (expected: string, received: unknown, remedy = 'The file was altered or cut short: export the model again.') =>
    fault({ where, expected, name: `the tensor "${proto.name}"`, received, remedy });
  const type = TYPES[proto.dataType];
  if (!type)
    throw wrong(
      'floats, integers or truth values',
      typeName(proto.dataType),
      'Export the model with float32 or float16 weights; 4- and 8-bit floats and texts cannot be read.',
    );
  if (proto.segmented) throw wrong('one whole tensor', 'a segment of one', 'Save the model again with a current version of ONNX.');
  if (proto.dims.some((extent) => extent < 0 || extent >= 2 ** 31)) throw wrong('extents below 2³¹', `[${proto.dims}]`);
  try {
    checkShape(proto.dims, 'it', 0);
  } catch (cause) {
    throw wrong('a shape that a tensor can have', reason(cause));
  }
  const count = sizeOf(proto.dims);
  const shape = [...proto.dims];
  const raw = external ?? proto.rawData;
  if (raw !== undefined && (raw.length > 0 || count === 0)) {
    if (raw.length !== count * type.bytes) throw wrong(`${count * type.bytes} bytes for [${shape}] of ${type.name}`, `${raw.length} bytes`);
    return { dtype: type.dtype, shape, data: type.decode(raw) };
  }
  const data = fromFields(proto, type);
  if (data.length !== count) throw wrong(`${count} values for [${shape}] of ${type.name}`, `${data.length} values`);
  return { dtype: type.dtype, shape, data };
}

/** Integers of fewer than 64 bits; the array's kind tells their type, which decides where quantised values saturate. */
function narrow({ dataType, int32Data }: TensorProto): Numbers {
  if (dataType === 3) return Int8Array.from(int32Data);
  if (dataType === 4) return Uint16Array.from(int32Data);
  return dataType === 5 ? Int16Array.from(int32Data) : Int32Array.from(int32Data);
}

/** The data of a tensor that is not stored raw: each element type has a field that holds it. */
function fromFields(proto: TensorProto, type: ElementType): Numbers {
  if (proto.dataType === 1) return TYPES[1].decode(Buffer.concat(proto.floatData));
  if (proto.dataType === 11) return TYPES[11].decode(Buffer.concat(proto.doubleData));
  if (type.bytes === 8 || proto.dataType === 12) return Float64Array.from(proto.int64Data);
  if (type.dtype !== 'float32') return proto.dataType === 2 || proto.dataType === 9 ? Uint8Array.from(proto.int32Data) : narrow(proto);
  // Half precision: the bits, one element an integer.
  const bits = Uint16Array.from(proto.int32Data);
  return type.decode(new Uint8Array(bits.buffer));
}
