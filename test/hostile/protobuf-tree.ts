/** An ONNX file as a tree of protobuf fields that can be changed at will and written again, well-formed or not. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A message of onnx.proto3 by its short name. */
export type Kind = keyof typeof MESSAGES;

/** Which fields of a message are messages themselves; the others are numbers, texts and bytes. */
export const MESSAGES = {
  Model: { 7: 'Graph', 8: 'Opset', 14: 'Entry', 25: 'Function' },
  Graph: { 1: 'Node', 5: 'Tensor', 11: 'Value', 12: 'Value', 13: 'Value', 15: 'Sparse' },
  Node: { 5: 'Attribute' },
  Attribute: { 5: 'Tensor', 6: 'Graph', 10: 'Tensor', 11: 'Graph', 22: 'Sparse' },
  Tensor: { 13: 'Entry' },
  Value: { 2: 'Type' },
  Type: { 1: 'TensorType' },
  TensorType: { 2: 'Shape' },
  Shape: { 1: 'Dimension' },
  Dimension: {},
  Function: { 7: 'Node', 9: 'Opset', 11: 'Attribute' },
  Sparse: { 1: 'Tensor', 2: 'Tensor' },
  Opset: {},
  Entry: {},
} as const satisfies Record<string, Readonly<Record<number, string>>>;

/** One field: exactly one of the last three is set. */
export interface Field {
  number: number;
  wire: WireType;
  /** What is added to the length that is written, so that it lies. */
  lie?: number;
  varint?: bigint;
  bytes?: Uint8Array;
  message?: { kind: Kind; fields: Field[] };
}

/** The fields of a message, in the file's order. */
export function parse(bytes: Uint8Array, kind: Kind = 'Model'): Field[] {
  const reader = new BinaryReader(bytes);
  const children: Readonly<Record<number, string>> = MESSAGES[kind];
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const child = children[number] as Kind | undefined;
    if (wire === WireType.Varint) fields.push({ number, wire, varint: BigInt(reader.int64()) });
    else if (wire !== WireType.LengthDelimited) fields.push({ number, wire, bytes: reader.skip(wire, number) });
    else {
      const value = reader.bytes();
      fields.push(child ? { number, wire, message: { kind: child, fields: parse(value, child) } } : { number, wire, bytes: value });
    }
  }
  return fields;
}

/** The bytes of fields. */
export function write(fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const field of fields) writeField(writer, field);
  return writer.finish();
}

function writeField(writer: BinaryWriter, { number, wire, lie = 0, varint, bytes, message }: Field): void {
  writer.uint32(((number << 3) | wire) >>> 0);
  if (varint !== undefined) {
    writer.int64(BigInt.asIntN(64, varint));
    return;
  }
  const value = message ? write(message.fields) : (bytes ?? new Uint8Array());
  if (wire === WireType.LengthDelimited) writer.uint32((value.length + lie) >>> 0);
  writer.raw(value);
}

/** A deep copy that shares bytes. */
export function copy(fields: readonly Field[]): Field[] {
  return fields.map((field) =>
    field.message ? { ...field, message: { kind: field.message.kind, fields: copy(field.message.fields) } } : { ...field },
  );
}

/** A field where it stands. */
export interface Place {
  /** Its kind of message and its number there: `Node.1`. */
  readonly group: string;
  readonly siblings: Field[];
  readonly field: Field;
}

/** Every field of a tree, by group. */
export function placesOf(fields: Field[]): Map<string, Place[]> {
  const groups = new Map<string, Place[]>();
  const visit = (siblings: Field[], kind: Kind) => {
    for (const field of siblings) {
      const group = `${kind}.${field.number}`;
      const places = groups.get(group) ?? [];
      places.push({ group, siblings, field });
      groups.set(group, places);
      if (field.message) visit(field.message.fields, field.message.kind);
    }
  };
  visit(fields, 'Model');
  return groups;
}
