/** Building a graph node by node, with every shape inferred as it grows. */
import { fault, reason } from './errors.ts';
import type { Graph, Node, Operators, OpName, ValueType } from './graph.ts';
import { checkShape } from './shapes/inference.ts';
import { inferTypes } from './shapes.ts';
import { float32, int64, sizeOf, type Tensor } from './tensor.ts';

/** Names for a new node; both are made up where left out. */
export interface NodeNames {
  /** The node's own name, for messages and profiles. */
  name?: string;
  /** Its outputs' names; as many outputs are made as there are names (one where left out). */
  outputs?: readonly string[];
}

/** A graph under construction. Value names are strings; adding a node gives the name of its first output. */
export class GraphBuilder {
  readonly #inputs = new Map<string, ValueType>();
  readonly #constants = new Map<string, Tensor>();
  readonly #types = new Map<string, ValueType>();
  readonly #nodes: Node[] = [];
  readonly #scalars = new Map<string, string>();
  readonly #isReserved: (name: string) => boolean;
  #count = 0;

  /** Names reserved for what is to come are not made up. */
  constructor(isReserved: (name: string) => boolean = () => false) {
    this.#isReserved = isReserved;
  }

  /** Goes on from a finished graph, which is not changed. */
  static from(graph: Graph): GraphBuilder {
    const builder = new GraphBuilder();
    for (const [name, type] of graph.inputs) builder.input(name, type);
    for (const [name, tensor] of graph.constants) builder.constant(tensor, name);
    for (const node of graph.nodes) builder.append(node);
    return builder;
  }

  /** Declares a value given at every run. */
  input(name: string, type: ValueType): string {
    this.#check(name, type, 1);
    this.#declare(name, type);
    this.#inputs.set(name, type);
    return name;
  }

  /** Holds a fixed value. */
  constant(tensor: Tensor, name: string = this.#fresh('constant')): string {
    this.#check(name, tensor, 0);
    if (tensor.data.length !== sizeOf(tensor.shape))
      throw fault({
        where: 'the graph',
        expected: `${sizeOf(tensor.shape)} values`,
        name: `"${name}" of shape [${tensor.shape}]`,
        received: tensor.data.length,
        remedy: 'The file is cut short or damaged.',
      });
    this.#declare(name, { dtype: tensor.dtype, shape: tensor.shape });
    this.#constants.set(name, tensor);
    return name;
  }

  /** A float32 scalar constant; equal ones are shared. */
  scalar(value: number): string {
    return this.#shared(`float32 ${Object.is(value, -0) ? '-0' : value}`, () => float32([], [value]));
  }

  /** An int64 vector constant, for shapes, axes and pads; equal ones are shared. */
  integers(values: readonly number[]): string {
    return this.#shared(`int64 ${values}`, () => int64([values.length], values));
  }

  /** Adds a node and returns the name of its first output. Throws where the shapes do not fit. */
  add<O extends OpName>(op: O, inputs: readonly string[], attributes: Operators[O], names: NodeNames = {}): string {
    const outputs = names.outputs ?? [this.#fresh(names.name ?? op)];
    this.append({ op, name: names.name ?? outputs[0], inputs, outputs, attributes } as Node);
    return outputs[0];
  }

  /** Adds a whole node under its own names. */
  append(node: Node): void {
    const types = inferTypes(node, {
      types: node.inputs.map((name) => (name === '' ? undefined : this.type(name, node.name))),
      constants: node.inputs.map((name) => this.#constants.get(name)),
    });
    node.outputs.forEach((name, i) => {
      if (!types[i])
        throw fault({
          where: 'the graph',
          expected: `at most ${types.length} outputs`,
          name: `${node.op} "${node.name}"`,
          received: node.outputs.length,
          remedy: 'The model file was altered: export it again.',
        });
      this.#declare(name, types[i]);
    });
    this.#nodes.push(node);
  }

  /**
   * Adds a finished graph, its inputs standing for the values named. Names already taken here, or reserved for what is to come, are replaced by fresh ones; returns what every
   * value of the graph is called now.
   */
  graft(
    graph: Graph,
    inputs: Readonly<Record<string, string>>,
    isReserved: (name: string) => boolean = () => false,
  ): ReadonlyMap<string, string> {
    const names = new Map([['', ''], ...Object.entries(inputs)]);
    const rename = (name: string) => {
      const known = names.get(name) ?? (this.has(name) || isReserved(name) ? this.#fresh(name) : name);
      names.set(name, known);
      return known;
    };
    for (const [name, tensor] of graph.constants) this.constant(tensor, rename(name));
    for (const node of graph.nodes) {
      const outputs = node.outputs.map(rename);
      const name = outputs[0] === node.outputs[0] ? node.name : outputs[0];
      this.append({ ...node, name, inputs: node.inputs.map(rename), outputs } as Node);
    }
    return names;
  }

  /** The type of a value; throws for a name that nothing made, saying who asked. */
  type(name: string, reader = 'the caller'): ValueType {
    const type = this.#types.get(name);
    if (!type)
      throw fault({
        where: 'the graph',
        expected: 'a value',
        name: `"${name}", which ${reader} reads`,
        received: 'none',
        remedy: 'Nothing made it before it was read: the model is incomplete or has a cycle.',
      });
    return type;
  }

  shape(name: string): readonly number[] {
    return this.type(name).shape;
  }

  has(name: string): boolean {
    return this.#types.has(name);
  }

  /** The tensor behind a constant's name. */
  constantValue(name: string): Tensor | undefined {
    return this.#constants.get(name);
  }

  /** The nodes so far, in order. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** The finished graph, without whatever the outputs do not need. Inputs stay, used or not. */
  build(outputs: readonly string[]): Graph {
    const kept = new Set(outputs);
    for (const name of outputs) this.type(name);
    const nodes: Node[] = [];
    for (let i = this.#nodes.length - 1; i >= 0; i--) {
      const node = this.#nodes[i];
      if (!node.outputs.some((name) => kept.has(name))) continue;
      nodes.push(node);
      for (const name of node.outputs) kept.add(name);
      for (const name of node.inputs) if (name !== '') kept.add(name);
    }
    nodes.reverse();
    const constants = new Map<string, Tensor>();
    for (const [name, tensor] of this.#constants) if (kept.has(name)) constants.set(name, tensor);
    const types = new Map<string, ValueType>();
    for (const [name, type] of this.#types) if (kept.has(name) || this.#inputs.has(name)) types.set(name, type);
    return { inputs: new Map(this.#inputs), outputs: [...outputs], nodes, constants, types };
  }

  #shared(key: string, make: () => Tensor): string {
    const known = this.#scalars.get(key);
    if (known) return known;
    const name = this.constant(make());
    this.#scalars.set(key, name);
    return name;
  }

  #check(name: string, { shape }: { shape: readonly number[] }, least: 0 | 1): void {
    try {
      checkShape(shape, 'it', least);
    } catch (cause) {
      throw fault({
        where: 'the graph',
        expected: 'a shape that a tensor can have',
        name: `"${name}"`,
        received: reason(cause),
        remedy: 'Dynamic extents must be fixed before a graph is built; check the file.',
        cause,
      });
    }
  }

  #declare(name: string, type: ValueType): void {
    if (this.#types.has(name))
      throw fault({
        where: 'the graph',
        expected: 'one maker',
        name: `the value "${name}"`,
        received: 'a second',
        remedy: 'The model file names two values alike.',
      });
    this.#types.set(name, type);
  }

  #fresh(stem: string): string {
    let name: string;
    do name = `${stem}~${this.#count++}`;
    while (this.#types.has(name) || this.#isReserved(name));
    return name;
  }
}
