/** Fields of protobuf messages as they lie in a file: numbers, texts, runs of values, each read where its number comes up. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** How one field is read. It gets the reader at the value, and the wire type. */
export type Field = (reader: BinaryReader, wireType: WireType) => void;

/** Reads one message: `fields` by number. A known field of another wire type than its reader takes is an error of that reader. */
export function readMessage(bytes: Uint8Array, fields: Readonly<Record<number, Field>>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = fields[number];
    if (field) field(reader, wireType);
    else reader.skip(wireType, number);
    within(reader);
  }
}

function within(reader: BinaryReader): void {
  if (reader.pos > reader.len) throw new RangeError('premature EOF');
}

function need(expected: WireType, received: WireType): void {
  if (received !== expected) throw new Error(`wire type ${received} where ${expected} belongs`);
}

/** A text. */
export const text =
  (set: (value: string) => void): Field =>
  (reader, wireType) => {
    need(WireType.LengthDelimited, wireType);
    set(reader.string());
  };

/** Bytes, or a message within the message; a view of them, not a copy. */
export const bytes =
  (set: (value: Uint8Array) => void): Field =>
  (reader, wireType) => {
    need(WireType.LengthDelimited, wireType);
    set(reader.bytes());
  };

/** Integers beyond what a number holds are bounds that mean "to the end": they stay large. */
export const integer =
  (set: (value: number) => void): Field =>
  (reader, wireType) => {
    need(WireType.Varint, wireType);
    set(clamp(reader.int64()));
  };

function clamp(value: bigint | string | number): number {
  return Math.min(Math.max(Number(value), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/** Packed (one length-delimited run) or one at a time; both may be mixed. */
export const integers =
  (list: number[]): Field =>
  (reader, wireType) => {
    if (wireType === WireType.Varint) return void list.push(clamp(reader.int64()));
    need(WireType.LengthDelimited, wireType);
    const run = new BinaryReader(reader.bytes());
    while (run.pos < run.len) list.push(clamp(run.int64()));
    within(run);
  };

/** A float of 32 bits. */
export const float =
  (set: (value: number) => void): Field =>
  (reader, wireType) => {
    need(WireType.Bit32, wireType);
    if (reader.pos + 4 > reader.len) throw new RangeError('premature EOF');
    set(reader.float());
  };

/** Floats, packed or one at a time. */
export const floats =
  (list: number[]): Field =>
  (reader, wireType) => {
    if (wireType === WireType.Bit32) return float((value) => list.push(value))(reader, wireType);
    need(WireType.LengthDelimited, wireType);
    const run = new BinaryReader(reader.bytes());
    while (run.pos < run.len) float((value) => list.push(value))(run, WireType.Bit32);
  };

/** Values of a fixed width, kept as bytes. */
export const run =
  (list: Uint8Array[], single: WireType): Field =>
  (reader, wireType) => {
    if (wireType === single) return void list.push(reader.skip(wireType));
    need(WireType.LengthDelimited, wireType);
    list.push(reader.bytes());
  };
