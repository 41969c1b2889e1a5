/** The nodes of an ONNX file, ready to be lowered: functions written out, attributes by name, operator-set version attached. */
import { fault } from '../../graph/errors.ts';
import type { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto } from './messages.ts';

/** One operator of the file. */
export interface FileNode {
  /** May be empty, and need not be unique. */
  readonly name: string;
  /** As ONNX spells it: `Conv`. */
  readonly op: string;
  /** `` for ONNX's own operators; `com.microsoft`. */
  readonly domain: string;
  /** Version of ONNX's operator set that the node is written in. */
  readonly opset: number;
  /** `` for an optional one left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeProto>;
  /** What the graphs in its attributes read of the graph around them. */
  readonly captures: readonly string[];
}

/** Far more than the largest network has; a few nested functions could make any number. */
const MOST_NODES = 200_000;
const DEEPEST = 32;
/** An operator has a few inputs, and a join of a dense block a hundred. */
const MOST_INPUTS = 10_000;
/** Letters of all names that functions are written out with: each call makes them longer. */
const MOST_LETTERS = 2 ** 26;

/** Nodes out of a file's, with the file's functions in place of the nodes that call them. */
export class NodeReader {
  readonly #where: string;
  readonly #opset: number;
  readonly #functions: ReadonlyMap<string, FunctionProto>;
  /** In how many functions a graph lies that is an attribute: it may call them again. */
  readonly #depths = new WeakMap<GraphProto, number>();
  #count = 0;
  #letters = 0;

  constructor(model: ModelProto, where: string) {
    this.#where = where;
    this.#opset = model.opsets.get('') ?? 0;
    this.#functions = new Map(model.functions.map((made) => [keyOf(made.domain, made.name), made]));
  }

  /** The nodes of the main graph, or of one in an attribute. */
  read(graph: GraphProto): FileNode[] {
    return this.#nodes(graph.nodes, this.#opset, this.#depths.get(graph) ?? 0);
  }

  #nodes(nodes: readonly NodeProto[], opset: number, depth: number): FileNode[] {
    return nodes.flatMap((node) => this.#node(node, opset, depth));
  }

  #node(node: NodeProto, opset: number, depth: number): FileNode[] {
    // Calls count too: functions that only call each other would have no nodes and no end.
    if (++this.#count > MOST_NODES) throw this.#refuse(`at most ${MOST_NODES} nodes`, 'its nodes', 'more, once functions are written out');
    if (node.inputs.length > MOST_INPUTS || node.outputs.length > MOST_INPUTS)
      throw this.#refuse(`at most ${MOST_INPUTS} inputs and outputs`, `the node "${node.name}" (${node.opType})`, 'more');
    const made = this.#functions.get(keyOf(node.domain, node.opType));
    if (made) return this.#inline(node, made, depth);
    const attributes = new Map(node.attributes.map((attribute) => [attribute.name, attribute]));
    const graphs = node.attributes.flatMap(({ g }) => g ?? []);
    for (const graph of graphs) this.#depths.set(graph, depth);
    const captures = graphs.flatMap(capturesOf);
    const { name, opType, inputs, outputs } = node;
    const domain = node.domain === 'ai.onnx' ? '' : node.domain;
    return [{ name, op: opType, domain, opset, inputs, outputs, attributes, captures }];
  }

  /** A function's nodes under names of their own, reading what the call gives. */
  #inline(call: NodeProto, made: FunctionProto, depth: number): FileNode[] {
    if (depth >= DEEPEST) throw this.#refuse(`functions at most ${DEEPEST} deep`, `the function "${made.name}"`, 'one that calls itself');
    const scope = `${call.name || call.outputs.find((output) => output !== '') || made.name}/`;
    const names = new Map<string, string>([['', '']]);
    for (const [i, name] of made.inputs.entries()) names.set(name, call.inputs[i] ?? '');
    made.outputs.forEach((name, i) => {
      if (call.outputs[i]) names.set(name, call.outputs[i]);
    });
    const rename = (name: string) => {
      const known = names.get(name) ?? `${scope}${name}`;
      this.#letters += known.length;
      if (this.#letters > MOST_LETTERS) throw this.#refuse(`at most ${MOST_LETTERS} letters`, 'the names in its functions', 'more');
      return known;
    };
    const given = new Map([...made.defaults, ...call.attributes].map((attribute) => [attribute.name, attribute]));
    const resolve = (attribute: AttributeProto): AttributeProto[] => {
      if (attribute.refAttrName === '') return [attribute.g ? { ...attribute, g: renamed(attribute.g, rename) } : attribute];
      const value = given.get(attribute.refAttrName);
      return value ? [{ ...value, name: attribute.name }] : [];
    };
    const nodes = made.nodes.map((node) => ({
      ...node,
      name: node.name === '' ? '' : `${scope}${node.name}`,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
      attributes: node.attributes.flatMap(resolve),
    }));
    return this.#nodes(nodes, made.opsets.get('') ?? this.#opset, depth + 1);
  }

  #refuse(expected: string, name: string, received: string) {
    return fault({ where: this.#where, expected, name, received, remedy: 'The file was altered: export it again.' });
  }
}

function keyOf(domain: string, name: string): string {
  return `${domain === 'ai.onnx' ? '' : domain}\n${name}`;
}

/** A graph in an attribute with the names that it takes from outside replaced. */
function renamed(graph: GraphProto, rename: (name: string) => string): GraphProto {
  const own = new Set([...graph.initializers.map(({ name }) => name), ...graph.nodes.flatMap(({ outputs }) => outputs), '']);
  const outer = (name: string) => (own.has(name) ? name : rename(name));
  return {
    ...graph,
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(outer),
      attributes: node.attributes.map((attribute) => (attribute.g ? { ...attribute, g: renamed(attribute.g, outer) } : attribute)),
    })),
    outputs: graph.outputs.map((output) => ({ ...output, name: outer(output.name) })),
  };
}

/** What a graph reads that it does not make. */
function capturesOf(graph: GraphProto): string[] {
  const made = new Set(['', ...graph.initializers.map(({ name }) => name), ...graph.inputs.map(({ name }) => name)]);
  for (const { outputs } of graph.nodes) for (const output of outputs) made.add(output);
  const read = graph.nodes.flatMap((node) => [...node.inputs, ...node.attributes.flatMap(({ g }) => (g ? capturesOf(g) : []))]);
  return [...read, ...graph.outputs.map(({ name }) => name)].filter((name) => !made.has(name));
}
