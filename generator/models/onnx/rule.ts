/** What a rule is given: one node of the file, its operands, and the means to add operators in its place. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Node, Operators, OpName } from '../../graph/graph.ts';
import { float, has, int, ints, text } from './attributes.ts';
import type { FileNode } from './file-nodes.ts';
import type { Lowered, Lowering } from './lowering.ts';
import type { Constant } from './tensors.ts';

/** Makes a node's outputs, in order. Throws {@link Step.refuse}'s error where it cannot. */
export type Rule = (step: Step) => Lowered | readonly Lowered[];

/** A shape, its axes, its pads or its parts are a dozen. */
const MOST_NUMBERS = 4096;

/** One node being lowered. */
export class Step {
  readonly node: FileNode;
  readonly lowering: Lowering;
  readonly builder: GraphBuilder;

  constructor(node: FileNode, lowering: Lowering) {
    this.node = node;
    this.lowering = lowering;
    this.builder = lowering.builder;
  }

  /** Version of the operator set that the node is written in. */
  get opset(): number {
    return this.node.opset;
  }

  has(index: number): boolean {
    return has(this.node, index);
  }

  /** What became of an input; throws where it is left out. */
  operand(index: number): Lowered {
    if (!this.has(index)) throw this.refuse(`at least ${index + 1} inputs`, this.node.inputs.length);
    return this.lowering.get(this.node.inputs[index], this.node);
  }

  /** An input as a value of the graph. */
  value(index = 0): string {
    return this.nameOf(this.operand(index));
  }

  /** An input as a value of the graph, `''` where it is left out. */
  optional(index: number): string {
    return this.has(index) ? this.value(index) : '';
  }

  /** The graph's name for a value or a constant. */
  nameOf(lowered: Lowered): string {
    return 'name' in lowered ? lowered.name : this.lowering.constantName(lowered);
  }

  /** An input that must be constant; nothing where it is left out. */
  constant(index: number): Constant | undefined {
    if (!this.has(index)) return undefined;
    const operand = this.operand(index);
    if ('name' in operand) throw this.refuse(`a constant as input ${index}`, `"${this.node.inputs[index]}", which depends on the image`);
    return operand;
  }

  /** The numbers of an input that must be constant; nothing where it is left out. */
  numbers(index: number): number[] | undefined {
    const constant = this.constant(index);
    if (constant && constant.data.length > MOST_NUMBERS)
      throw this.refuse(`at most ${MOST_NUMBERS} numbers as input ${index}`, constant.data.length);
    return constant && Array.from(constant.data);
  }

  /** Integers that are an attribute up to a version and an input after it; nothing where there are none. */
  listed(index: number, name: string): readonly number[] | undefined {
    return this.numbers(index) ?? ints(this.node, name);
  }

  shape(name: string): readonly number[] {
    return this.builder.shape(name);
  }

  int(name: string, otherwise: number): number {
    return int(this.node, name, otherwise);
  }

  float(name: string, otherwise: number): number {
    return float(this.node, name, otherwise);
  }

  ints(name: string): readonly number[] | undefined {
    return ints(this.node, name);
  }

  text(name: string, otherwise: string): string {
    return text(this.node, name, otherwise);
  }

  /** Adds an operator on the way, under a name made up for it. */
  add<O extends OpName>(op: O, inputs: readonly string[], attributes: Operators[O]): string {
    const stem = `${this.lowering.nameFor(this.node.outputs[0]) ?? this.node.outputs[0]}~${op}`;
    let name = stem;
    for (let n = 2; this.builder.has(name); n++) name = `${stem}-${n}`;
    return this.builder.add(op, inputs, attributes, { name, outputs: [name] });
  }

  /** Adds the operator that makes the node's first output, under the file's name for it. */
  make<O extends OpName>(op: O, inputs: readonly string[], attributes: Operators[O]): Lowered {
    const name = this.lowering.nameFor(this.node.outputs[0]);
    return { name: this.builder.add(op, inputs, attributes, name === undefined ? {} : { name, outputs: [name] }) };
  }

  /** Adds an operator that makes all of the node's outputs. */
  makeAll<O extends OpName>(op: O, inputs: readonly string[], attributes: Operators[O]): Lowered[] {
    const outputs = this.node.outputs.map((output, i) => this.lowering.nameFor(output) ?? `${this.node.outputs[0]}~${i}`);
    this.builder.append({ op, name: outputs[0], inputs, outputs, attributes } as unknown as Node);
    return outputs.map((name) => ({ name }));
  }

  /** A float32 scalar. */
  scalar(value: number): string {
    return this.builder.scalar(value);
  }

  /** An int64 vector. */
  integers(values: readonly number[]): string {
    return this.builder.integers(values);
  }

  /** The error for what this node asks and cannot be done. */
  refuse(expected: string, received: unknown, remedy?: string): Error {
    return this.lowering.refuse(this.node, expected, received, remedy);
  }
}
