/** An ONNX file's graph with its weights, checked: who makes what, who reads whom, what depends on the image. */
import { fault } from '../../graph/errors.ts';
import { type FileNode, NodeReader } from './file-nodes.ts';
import type { GraphProto, ModelProto, TensorProto } from './messages.ts';
import { type Constant, decodeTensor, dtypeOf } from './tensors.ts';

/** Versions of ONNX's operator set that the rules know. */
export const OLDEST_OPSET = 7;
export const NEWEST_OPSET = 25;

/** What is in a graph that lies in an attribute. */
interface Branch {
  readonly nodes: readonly FileNode[];
  readonly initializers: ReadonlyMap<string, TensorProto>;
  readonly outputs: readonly string[];
}

/** A file's graph, each node after what it reads. */
export class Source {
  readonly where: string;
  readonly opset: number;
  readonly graph: GraphProto;
  readonly nodes: readonly FileNode[];
  /** Values of nodes that do not depend on the image, as they are worked out; shared by all graphs of the model. */
  readonly folded = new Map<string, Constant>();
  readonly #reader: NodeReader;
  readonly #external: ReadonlyMap<TensorProto, Uint8Array>;
  readonly #initializers: ReadonlyMap<string, TensorProto>;
  readonly #decoded = new Map<TensorProto, Constant>();
  readonly #branches = new Map<GraphProto, Branch>();
  /** Index of the node that makes a value. */
  readonly #makers = new Map<string, number>();

  constructor(model: ModelProto, external: ReadonlyMap<TensorProto, Uint8Array>, where: string) {
    this.where = where;
    if (!model.graph) throw this.#refuse('a graph', 'the model', 'none');
    this.graph = model.graph;
    this.opset = checkOpset(model, where);
    this.#external = external;
    this.#reader = new NodeReader(model, where);
    if (this.graph.sparse.length > 0)
      throw this.#refuse(
        'dense weights',
        `the tensor "${this.graph.sparse[0]}"`,
        'a sparse one',
        'Export the model with dense initialisers.',
      );
    this.#initializers = this.#named(this.graph.initializers);
    this.nodes = this.#sorted(this.#reader.read(this.graph));
    this.nodes.forEach((node, i) => {
      for (const output of node.outputs) if (output !== '') this.#makers.set(output, i);
    });
  }

  /** Whether a name is an initialiser's. */
  isInitializer(name: string): boolean {
    return this.#initializers.has(name);
  }

  /** The value of an initialiser; nothing for any other name. */
  initializer(name: string): Constant | undefined {
    const proto = this.#initializers.get(name);
    return proto && this.tensor(proto);
  }

  /** Decodes a tensor of the file, once. */
  tensor(proto: TensorProto): Constant {
    const known = this.#decoded.get(proto) ?? decodeTensor(proto, this.where, this.#external.get(proto));
    this.#decoded.set(proto, known);
    return known;
  }

  /** Every initialiser of numbers by name, decoded. */
  *initializers(): Generator<readonly [string, Constant]> {
    for (const [name, proto] of this.#initializers) if (dtypeOf(proto.dataType)) yield [name, this.tensor(proto)];
  }

  /** Nodes and initialisers of a graph that lies in an attribute. */
  branch(graph: GraphProto): Branch {
    const known = this.#branches.get(graph) ?? {
      nodes: this.#reader.read(graph),
      initializers: this.#named(graph.initializers),
      outputs: graph.outputs.map(({ name }) => name),
    };
    this.#branches.set(graph, known);
    return known;
  }

  /** The node that makes a value; nothing for inputs and initialisers. */
  maker(value: string): FileNode | undefined {
    const index = this.#makers.get(value);
    return index === undefined ? undefined : this.nodes[index];
  }

  /** The nodes that `values` depend on, in order. */
  needed(values: readonly string[]): readonly FileNode[] {
    const found = new Set<number>();
    const stack = [...values];
    for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
      const index = this.#makers.get(name);
      if (index === undefined || found.has(index)) continue;
      found.add(index);
      stack.push(...this.nodes[index].inputs, ...this.nodes[index].captures);
    }
    return [...found].sort((a, b) => a - b).map((index) => this.nodes[index]);
  }

  /** Every value that depends on `input`, itself included. */
  dependents(input: string): ReadonlySet<string> {
    const reached = new Set([input]);
    for (const { inputs, captures, outputs } of this.nodes)
      if (inputs.some((name) => reached.has(name)) || captures.some((name) => reached.has(name)))
        for (const output of outputs) if (output !== '') reached.add(output);
    return reached;
  }

  #named(tensors: readonly TensorProto[]): ReadonlyMap<string, TensorProto> {
    const named = new Map<string, TensorProto>();
    for (const tensor of tensors) {
      if (named.has(tensor.name)) throw this.#refuse('one tensor', `the name "${tensor.name}"`, 'two');
      named.set(tensor.name, tensor);
    }
    return named;
  }

  /** The nodes in the file's order where that is one in which they can be run, as it should be; else in one that is. */
  #sorted(nodes: readonly FileNode[]): readonly FileNode[] {
    const made = new Set([...this.#initializers.keys(), ...this.graph.inputs.map(({ name }) => name), '']);
    const makers = new Map<string, FileNode>();
    for (const node of nodes) {
      for (const output of node.outputs) {
        if (output === '') continue;
        if (makers.has(output) || made.has(output)) throw this.#refuse('one maker', `the value "${output}"`, 'two');
        makers.set(output, node);
      }
    }
    const readers = new Map<FileNode, FileNode[]>();
    const waiting = new Map<FileNode, number>();
    for (const node of nodes) {
      const before = new Set<FileNode>();
      for (const name of [...node.inputs, ...node.captures]) {
        const maker = makers.get(name);
        if (maker) before.add(maker);
        else if (!made.has(name)) throw this.#refuse('a value', `"${name}", which ${describe(node)} reads`, 'none: nothing makes it');
      }
      waiting.set(node, before.size);
      for (const maker of before) {
        const list = readers.get(maker) ?? [];
        list.push(node);
        readers.set(maker, list);
      }
    }
    if (inOrder(nodes, makers)) return nodes;
    const sorted = nodes.filter((node) => waiting.get(node) === 0);
    for (const node of sorted) {
      for (const reader of readers.get(node) ?? []) {
        const left = (waiting.get(reader) ?? 0) - 1;
        waiting.set(reader, left);
        if (left === 0) sorted.push(reader);
      }
    }
    if (sorted.length === nodes.length) return sorted;
    const stuck = nodes.find((node) => (waiting.get(node) ?? 0) > 0);
    throw this.#refuse('a graph without a cycle', stuck ? describe(stuck) : 'the graph', 'one that waits for its own result');
  }

  #refuse(expected: string, name: string, received: string, remedy = 'The file was altered or is incomplete: export it again.') {
    return fault({ where: this.where, expected, name, received, remedy });
  }
}

/** For messages: `the node "Conv_3" (Conv)`. */
export function describe({ name, op, domain, outputs }: FileNode): string {
  return `the node "${name || outputs[0]}" (${domain === '' ? op : `${domain}.${op}`})`;
}

function inOrder(nodes: readonly FileNode[], makers: ReadonlyMap<string, FileNode>): boolean {
  const seen = new Set<FileNode>();
  for (const node of nodes) {
    for (const name of [...node.inputs, ...node.captures]) {
      const maker = makers.get(name);
      if (maker && !seen.has(maker)) return false;
    }
    seen.add(node);
  }
  return true;
}

function checkOpset(model: ModelProto, where: string): number {
  const opset = model.opsets.get('');
  if (opset !== undefined && opset >= OLDEST_OPSET && opset <= NEWEST_OPSET) return opset;
  throw fault({
    where,
    expected: `version ${OLDEST_OPSET} to ${NEWEST_OPSET}`,
    name: "ONNX's operator set",
    received: opset ?? `none (only ${[...model.opsets.keys()].join(', ') || 'no set at all'})`,
    remedy: 'Export the model again with opset_version=17, or convert it with onnx.version_converter.',
  });
}
