/** A graph as an ONNX model file: protobuf by hand-picked fields (onnx.proto3, IR version 8, operator set 17). */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Graph, Node, ValueType } from '../graph/graph.ts';
import { ELEMENT_TYPES } from '../graph/shapes.ts';
import type { Tensor } from '../graph/tensor.ts';

export const OPERATOR_SET = 17;
const IR_VERSION = 8;

/** AttributeProto.AttributeType. */
const FLOAT = 1;
const INT = 2;
const STRING = 3;
const INTS = 7;

/** Attributes that ONNX has as floats; every other number is an int there. */
const FLOAT_ATTRIBUTES = new Set(['alpha', 'beta', 'gamma', 'epsilon', 'bias', 'cubic_coeff_a']);

/** Serialises a graph; weights lie inside, so that the bytes are all there is. */
export function writeOnnx(graph: Graph): Uint8Array<ArrayBuffer> {
  const model = new BinaryWriter();
  model.uint32(tag(1, 0)).int64(IR_VERSION);
  model.uint32(tag(2, 2)).string('basis-atlas');
  message(model, 7, (writer) => writeGraph(writer, graph));
  message(model, 8, (writer) => writer.uint32(tag(2, 0)).int64(OPERATOR_SET));
  return model.finish() as Uint8Array<ArrayBuffer>;
}

function writeGraph(writer: BinaryWriter, graph: Graph): void {
  for (const node of graph.nodes) message(writer, 1, (part) => writeNode(part, node));
  writer.uint32(tag(2, 2)).string('graph');
  for (const [name, tensor] of graph.constants) message(writer, 5, (part) => writeTensor(part, name, tensor));
  for (const [name, type] of graph.inputs) message(writer, 11, (part) => writeValueInfo(part, name, type));
  for (const name of graph.outputs) {
    const type = graph.types.get(name);
    if (type) message(writer, 12, (part) => writeValueInfo(part, name, type));
  }
}

function writeNode(writer: BinaryWriter, node: Node): void {
  for (const name of node.inputs) writer.uint32(tag(1, 2)).string(name);
  for (const name of node.outputs) writer.uint32(tag(2, 2)).string(name);
  writer.uint32(tag(3, 2)).string(node.name);
  writer.uint32(tag(4, 2)).string(node.op);
  for (const [name, value] of Object.entries(node.attributes)) message(writer, 5, (part) => writeAttribute(part, name, value));
}

function writeAttribute(writer: BinaryWriter, name: string, value: number | string | readonly number[]): void {
  writer.uint32(tag(1, 2)).string(name);
  if (typeof value === 'string') {
    writer.uint32(tag(4, 2)).string(value);
    writer.uint32(tag(20, 0)).int32(STRING);
  } else if (typeof value === 'number' && FLOAT_ATTRIBUTES.has(name)) {
    writer.uint32(tag(2, 5)).float(value);
    writer.uint32(tag(20, 0)).int32(FLOAT);
  } else if (typeof value === 'number') {
    writer.uint32(tag(3, 0)).int64(value);
    writer.uint32(tag(20, 0)).int32(INT);
  } else {
    for (const item of value) writer.uint32(tag(8, 0)).int64(item);
    writer.uint32(tag(20, 0)).int32(INTS);
  }
}

function writeTensor(writer: BinaryWriter, name: string, tensor: Tensor): void {
  for (const extent of tensor.shape) writer.uint32(tag(1, 0)).int64(extent);
  writer.uint32(tag(2, 0)).int32(ELEMENT_TYPES[tensor.dtype]);
  writer.uint32(tag(8, 2)).string(name);
  const { buffer, byteOffset, byteLength } = tensor.data;
  writer.uint32(tag(9, 2)).bytes(new Uint8Array(buffer, byteOffset, byteLength));
}

export function writeValueInfo(writer: BinaryWriter, name: string, type: ValueType): void {
  writer.uint32(tag(1, 2)).string(name);
  message(writer, 2, (typeProto) =>
    message(typeProto, 1, (tensorType) => {
      tensorType.uint32(tag(1, 0)).int32(ELEMENT_TYPES[type.dtype]);
      message(tensorType, 2, (shape) => {
        for (const extent of type.shape) message(shape, 1, (dimension) => dimension.uint32(tag(1, 0)).int64(extent));
      });
    }),
  );
}

/** A field's tag: its number and its wire type (0 varint, 2 length-delimited, 5 32 bits). */
export function tag(field: number, wireType: 0 | 2 | 5): number {
  return (field << 3) | wireType;
}

/** A message as a field of the one being written. */
export function message(writer: BinaryWriter, field: number, write: (part: BinaryWriter) => void): void {
  writer.uint32(tag(field, 2)).fork();
  write(writer);
  writer.join();
}
