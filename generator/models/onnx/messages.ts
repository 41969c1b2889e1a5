/** The messages of an ONNX file (onnx.proto3), as far as they are read here; names are the format's own, in camel case. */

/** A tensor as stored: exactly one of its data fields should be filled. */
export interface TensorProto {
  name: string;
  dims: number[];
  dataType: number;
  rawData: Uint8Array | undefined;
  /** `float_data` and `double_data`, little-endian, packed pieces in order: protobuf joins what is repeated. */
  floatData: Uint8Array[];
  doubleData: Uint8Array[];
  int32Data: number[];
  int64Data: number[];
  strings: number;
  segmented: boolean;
  /** `location`, `offset`, `length`; empty where the data lies inside. */
  externalData: Map<string, string>;
  external: boolean;
}

export interface AttributeProto {
  name: string;
  f: number | undefined;
  i: number | undefined;
  s: string | undefined;
  t: TensorProto | undefined;
  g: GraphProto | undefined;
  floats: number[];
  ints: number[];
  strings: string[];
  /** The attribute of the function around it that it stands for. */
  refAttrName: string;
  /** Holds a sparse tensor, several tensors or several graphs, none of which is read. */
  unread: boolean;
}

export interface NodeProto {
  name: string;
  opType: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: AttributeProto[];
}

/** A graph's input or output. */
export interface ValueInfoProto {
  name: string;
  /** Zero where it is no tensor. */
  elementType: number;
  /** An extent, or its name where it is open (empty where it has none); undefined where even the rank is open. */
  shape: (number | string)[] | undefined;
}

export interface GraphProto {
  name: string;
  nodes: NodeProto[];
  initializers: TensorProto[];
  /** Names of the sparse initialisers. */
  sparse: string[];
  inputs: ValueInfoProto[];
  outputs: ValueInfoProto[];
}

/** An operator that the file defines by others. */
export interface FunctionProto {
  name: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  nodes: NodeProto[];
  opsets: Map<string, number>;
  /** Attributes with defaults. */
  defaults: AttributeProto[];
}

export interface ModelProto {
  irVersion: number;
  producer: string;
  /** Version by domain; `` is ONNX's own. */
  opsets: Map<string, number>;
  graph: GraphProto | undefined;
  metadata: Map<string, string>;
  functions: FunctionProto[];
}
