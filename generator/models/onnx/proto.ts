/** Reading an ONNX file's messages off protobuf's wire format, field by field; fields that are not known are skipped. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } from './messages.ts';
import { bytes, float, floats, integer, integers, readMessage, run, text } from './wire.ts';

/** Graphs lie in attributes of nodes of graphs: no exporter goes deeper than a few. */
const DEEPEST = 32;

function readTensor(data: Uint8Array, into: TensorProto = emptyTensor()): TensorProto {
  readMessage(data, {
    1: integers(into.dims),
    2: integer((value) => (into.dataType = value)),
    3: bytes(() => (into.segmented = true)),
    4: run(into.floatData, WireType.Bit32),
    5: integers(into.int32Data),
    6: bytes(() => into.strings++),
    7: integers(into.int64Data),
    8: text((value) => (into.name = value)),
    // A field that is not repeated: where it comes twice, protobuf says that the last one counts.
    9: bytes((value) => (into.rawData = value)),
    10: run(into.doubleData, WireType.Bit64),
    11: integers(into.int64Data),
    13: bytes((value) => readEntry(value, into.externalData)),
    14: integer((value) => (into.external = value === 1)),
  });
  return into;
}

function emptyTensor(): TensorProto {
  return {
    name: '',
    dims: [],
    dataType: 0,
    rawData: undefined,
    floatData: [],
    doubleData: [],
    int32Data: [],
    int64Data: [],
    strings: 0,
    segmented: false,
    externalData: new Map(),
    external: false,
  };
}

function readEntry(data: Uint8Array, into: Map<string, string>): void {
  let [key, entry] = ['', ''];
  readMessage(data, { 1: text((value) => (key = value)), 2: text((value) => (entry = value)) });
  into.set(key, entry);
}

function readAttribute(data: Uint8Array, depth: number): AttributeProto {
  const attribute: AttributeProto = {
    name: '',
    f: undefined,
    i: undefined,
    s: undefined,
    t: undefined,
    g: undefined,
    floats: [],
    ints: [],
    strings: [],
    refAttrName: '',
    unread: false,
  };
  const unread = bytes(() => (attribute.unread = true));
  readMessage(data, {
    1: text((value) => (attribute.name = value)),
    2: float((value) => (attribute.f = value)),
    3: integer((value) => (attribute.i = value)),
    4: text((value) => (attribute.s = value)),
    5: bytes((value) => (attribute.t = readTensor(value, attribute.t))),
    6: bytes((value) => (attribute.g = readGraph(value, depth + 1, attribute.g))),
    7: floats(attribute.floats),
    8: integers(attribute.ints),
    9: text((value) => attribute.strings.push(value)),
    10: unread,
    11: unread,
    21: text((value) => (attribute.refAttrName = value)),
    22: unread,
  });
  return attribute;
}

function readNode(data: Uint8Array, depth: number): NodeProto {
  const node: NodeProto = { name: '', opType: '', domain: '', inputs: [], outputs: [], attributes: [] };
  readMessage(data, {
    1: text((value) => node.inputs.push(value)),
    2: text((value) => node.outputs.push(value)),
    3: text((value) => (node.name = value)),
    4: text((value) => (node.opType = value)),
    5: bytes((value) => node.attributes.push(readAttribute(value, depth))),
    7: text((value) => (node.domain = value)),
  });
  return node;
}

function readValueInfo(data: Uint8Array): ValueInfoProto {
  const info: ValueInfoProto = { name: '', elementType: 0, shape: undefined };
  const dimension = bytes((value) => {
    let extent: number | string = '';
    readMessage(value, { 1: integer((size) => (extent = size)), 2: text((name) => (extent = name)) });
    info.shape?.push(extent);
  });
  const shape = bytes((value) => {
    info.shape = [];
    readMessage(value, { 1: dimension });
  });
  const tensor = bytes((value) => readMessage(value, { 1: integer((type) => (info.elementType = type)), 2: shape }));
  readMessage(data, { 1: text((value) => (info.name = value)), 2: bytes((value) => readMessage(value, { 1: tensor })) });
  return info;
}

function readGraph(data: Uint8Array, depth: number, into?: GraphProto): GraphProto {
  if (depth > DEEPEST) throw new Error(`graphs within graphs, more than ${DEEPEST} deep`);
  const graph: GraphProto = into ?? { name: '', nodes: [], initializers: [], sparse: [], inputs: [], outputs: [] };
  readMessage(data, {
    1: bytes((value) => graph.nodes.push(readNode(value, depth))),
    2: text((value) => (graph.name = value)),
    5: bytes((value) => graph.initializers.push(readTensor(value))),
    11: bytes((value) => graph.inputs.push(readValueInfo(value))),
    12: bytes((value) => graph.outputs.push(readValueInfo(value))),
    15: bytes((value) => readMessage(value, { 1: bytes((values) => graph.sparse.push(readTensor(values).name)) })),
  });
  return graph;
}

function readOpset(data: Uint8Array, into: Map<string, number>): void {
  let [domain, version] = ['', 0];
  readMessage(data, { 1: text((value) => (domain = value)), 2: integer((value) => (version = value)) });
  into.set(domain === 'ai.onnx' ? '' : domain, version);
}

function readFunction(data: Uint8Array): FunctionProto {
  const made: FunctionProto = { name: '', domain: '', inputs: [], outputs: [], nodes: [], opsets: new Map(), defaults: [] };
  readMessage(data, {
    1: text((value) => (made.name = value)),
    4: text((value) => made.inputs.push(value)),
    5: text((value) => made.outputs.push(value)),
    7: bytes((value) => made.nodes.push(readNode(value, 0))),
    9: bytes((value) => readOpset(value, made.opsets)),
    10: text((value) => (made.domain = value)),
    11: bytes((value) => made.defaults.push(readAttribute(value, 0))),
  });
  return made;
}

/** Reads a whole file. Throws a plain `Error` that says what is wrong with the bytes. */
export function readModel(data: Uint8Array): ModelProto {
  const model: ModelProto = { irVersion: 0, producer: '', opsets: new Map(), graph: undefined, metadata: new Map(), functions: [] };
  readMessage(data, {
    1: integer((value) => (model.irVersion = value)),
    2: text((value) => (model.producer = value)),
    7: bytes((value) => (model.graph = readGraph(value, 0, model.graph))),
    8: bytes((value) => readOpset(value, model.opsets)),
    14: bytes((value) => readEntry(value, model.metadata)),
    25: bytes((value) => model.functions.push(readFunction(value))),
  });
  return model;
}

/**
 * Whether bytes look like an ONNX file: protobuf whose first fields are those of a `ModelProto`, with their wire types. Only the beginning is
 * read, so that a file that was cut short is still recognised, and told so.
 */
export function match(data: Uint8Array): boolean {
  const types: Readonly<Record<number, WireType>> = { 1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2 };
  const reader = new BinaryReader(data.subarray(0, 4096));
  let [fields, telling] = [0, false];
  try {
    while (reader.pos < reader.len && fields < 8) {
      const [number, wireType] = reader.tag();
      if (types[number] !== wireType) return false;
      fields++;
      if (number === 1) {
        const version = Number(reader.int64());
        if (version < 1 || version > 1000) return false;
        telling = true;
      } else if (number === 7) {
        // The graph is the bulk of the file; whatever stands before it, or the version, has told enough.
        return telling || fields > 1;
      } else reader.skip(wireType, number);
    }
  } catch {
    return telling; // A long text that the beginning cuts.
  }
  return telling;
}
