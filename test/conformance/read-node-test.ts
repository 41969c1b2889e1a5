/** One folder of ONNX's node tests as a graph of ours, its inputs and what must come out; or why it is not one that we claim. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { reason } from '../../generator/graph/errors.ts';
import type { Graph, Node, OpName } from '../../generator/graph/graph.ts';
import { OPERATORS } from '../../generator/graph/shapes.ts';
import { sizeOf, type Tensor } from '../../generator/graph/tensor.ts';
import { ATTRIBUTES, type AttributeValue, VALUES } from './attributes.ts';
import { dtypeName, type Fields, floats, integers, messages, readFields, readTensor, texts, typed } from './protobuf.ts';

export interface NodeTest {
  /** The folder: `test_conv_with_strides_padding`. */
  readonly name: string;
  readonly op: OpName;
  /** A graph with the values that are given at every run, and those that must come out; or why there is none: `auto_pad`. */
  readonly claim: { graph: Graph; inputs: Readonly<Record<string, Tensor>>; outputs: readonly Tensor[] } | { refused: string };
}

/** Inputs that must be known when a graph is built, by position. */
const FIXED: { readonly [O in OpName]?: readonly number[] } = {
  Pad: [1],
  Reshape: [1],
  Slice: [1, 2, 3, 4],
  Split: [1],
  Squeeze: [1],
  Unsqueeze: [1],
  Expand: [1],
  Tile: [1],
  Resize: [1, 2, 3],
  ReduceSum: [1],
};

/** Reads a folder; undefined where its model is not a single node of an operator of the table. */
export function readNodeTest(folder: string): NodeTest | undefined {
  const [graph] = messages(readFields(readFileSync(path.join(folder, 'model.onnx'))), 7);
  const nodes = messages(graph, 1);
  const op = texts(nodes[0], 4)[0] as OpName;
  if (nodes.length !== 1 || (texts(nodes[0], 7)[0] ?? '') !== '' || !OPERATORS.includes(op)) return undefined;
  const name = path.basename(folder);
  try {
    return { name, op, claim: claim(op, nodes[0], graph, folder) };
  } catch (error) {
    // What the graph says of a node is a sentence about the file; its cause is the reason alone.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { name, op, claim: { refused: reason(cause) } };
  }
}

function claim(op: OpName, fields: Fields, graph: Fields, folder: string) {
  const given = [11, 12].map((field) => messages(graph, field));
  for (const value of given.flat()) checkType(value);
  const data = path.join(folder, 'test_data_set_0');
  const [tensors, expected] = ['input', 'output'].map((kind) =>
    readdirSync(data)
      .filter((file) => file.startsWith(`${kind}_`))
      .sort((a, b) => Number.parseInt(a.slice(kind.length + 1), 10) - Number.parseInt(b.slice(kind.length + 1), 10))
      .map((file) => readTensor(readFields(readFileSync(path.join(data, file))))),
  );
  for (const { shape } of [...tensors, ...expected]) if (sizeOf(shape) === 0 && shape.length > 1) throw new Error('empty tensors');
  const builder = new GraphBuilder();
  const inputs: Record<string, Tensor> = {};
  const names = given[0].map((value) => texts(value, 1)[0]);
  const places = texts(fields, 1);
  const outputs = texts(fields, 2).slice(0, op === 'LayerNormalization' ? 1 : undefined);
  names.forEach((name, i) => {
    if (FIXED[op]?.includes(places.indexOf(name))) builder.constant(tensors[i], name);
    else {
      builder.input(name, tensors[i]);
      inputs[name] = tensors[i];
    }
  });
  const attributes = readAttributes(op, fields, tensors[0].shape);
  const all = withDefaults(builder, op, places, attributes, tensors[0].shape, outputs.length);
  builder.append({ op, name: op, inputs: all, outputs, attributes } as Node);
  return { graph: builder.build(outputs), inputs, outputs: expected.slice(0, outputs.length) };
}

/** Throws, naming it, for an element type that the intermediate form lacks, or a value that is no tensor. */
function checkType(value: Fields): void {
  const [type] = messages(value, 2);
  const [tensor] = messages(type, 1);
  if (!tensor) throw new Error('sequences and optionals');
  const number = Number(integers(tensor, 1)[0]);
  if (![1, 2, 6, 7, 9, 11].includes(number)) throw new Error(dtypeName(number));
}

function readAttributes(op: OpName, node: Fields, shape: readonly number[]): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = { ...ATTRIBUTES[op]?.(shape) };
  for (const attribute of messages(node, 5)) {
    const name = texts(attribute, 1)[0];
    const type = Number(integers(attribute, 20)[0]);
    const value =
      { 1: floats(attribute, 2)[0], 2: Number(integers(attribute, 3)[0] ?? 0), 3: texts(attribute, 4)[0] }[type] ??
      integers(attribute, 8).map(Number);
    // What a kernel's own shape says already.
    if (name === 'kernel_shape' && op.startsWith('Conv')) continue;
    if (!(name in attributes)) {
      if (value !== 0) throw new Error(`${name} of ${value}`);
    } else if (typeof value === 'string' && VALUES[name] && !VALUES[name].includes(value)) throw new Error(`${name} of ${value}`);
    else attributes[name] = value;
  }
  return attributes;
}

/** Inputs that ONNX lets out and the intermediate form does not. */
function withDefaults(
  builder: GraphBuilder,
  op: OpName,
  names: readonly string[],
  { axis }: Record<string, AttributeValue>,
  shape: readonly number[],
  outputs: number,
): string[] {
  const axes = shape.map((_, i) => i);
  const add = (values: readonly number[]) => [...names, builder.constant(typed('int64', [values.length], values))];
  if (op === 'Split' && names.length === 1) return add(Array.from({ length: outputs }, () => shape[Number(axis)] / outputs));
  if (op === 'Squeeze' && names.length === 1) return add(axes.filter((axis) => shape[axis] === 1));
  if (op === 'ReduceSum' && (builder.constantValue(names[1])?.data.length ?? 0) === 0) return [names[0], add(axes)[names.length]];
  return [...names];
}
