/** Turning a TF.js graph (NHWC) into one of ONNX operators (NCHW), node by node. */

import { GraphBuilder } from '../../graph/builder.ts';
import { AtlasError, fault, reason } from '../../graph/errors.ts';
import type { Graph, Operators, OpName } from '../../graph/graph.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { Limit } from '../limit.ts';
import { INPUT } from '../model.ts';
import { type Constant, evaluate } from './constants.ts';
import type { Folding } from './fold.ts';
import type { Source } from './source.ts';
import type { FileNode } from './topology.ts';

/** What a value of the file has become: a value of the graph (NCHW where it has four axes), or a constant in the file's layout. */
export type Lowered = { readonly name: string } | Constant;

/** Makes a node's value, under the name it is given. */
export type Lower = (node: FileNode, lowering: Lowering, output: string) => Lowered;

/** Kernels in ONNX's layout, kept for the next graph of the same model, by what was folded into them. */
export type KernelCache = Map<string, { kernel: Tensor<'float32'>; bias: Tensor<'float32'> }>;

interface Settings {
  /** The file, for messages. */
  readonly where: string;
  readonly source: Source;
  readonly folding: Folding;
  readonly kernels: KernelCache;
  /** The rule of every operator that can be read, by TensorFlow's name. */
  readonly operators: Readonly<Record<string, Lower>>;
  /** `[batch,3,height,width]`. */
  readonly shape: readonly number[];
  /** In which order the file takes the colours; the graph's input has red first whatever it is. */
  readonly colours?: 'RGB' | 'BGR' | undefined;
}

/** A shape, its axes or its pads are a dozen. */
const MOST_INTEGERS = 4096;

/** The state of one translation, and what its rules may ask for. */
export class Lowering {
  readonly builder = new GraphBuilder();
  readonly where: string;
  readonly source: Source;
  readonly folding: Folding;
  readonly kernels: KernelCache;
  /** Which operator of the file made a value: `FeatureExtractor/…/Relu6` → `Relu6`. */
  readonly fileOperators = new Map<string, string>();
  readonly #operators: Readonly<Record<string, Lower>>;
  readonly #values = new Map<string, Lowered>();
  readonly #limit: Limit;

  constructor({ where, source, folding, kernels, operators, shape, colours }: Settings) {
    this.where = where;
    this.source = source;
    this.folding = folding;
    this.kernels = kernels;
    this.#operators = operators;
    this.#limit = new Limit(source.room);
    const image = this.builder.input(INPUT, { dtype: 'float32', shape });
    const turned = colours === 'BGR' ? this.builder.add('Gather', [image, this.builder.integers([2, 1, 0])], { axis: 1 }) : image;
    this.#values.set(source.input, { name: turned });
  }

  /** Adds what a node stands for. Throws, naming the node, where it cannot be said in ONNX operators. */
  lower(name: string): void {
    if (this.folding.done.has(name)) return;
    const node = this.source.node(name);
    const output = this.folding.chains.get(name)?.output ?? this.folding.renamed.get(name) ?? name;
    this.fileOperators.set(output, this.source.node(output).op);
    this.#values.set(output, this.#made(node, output));
  }

  #made(node: FileNode, output: string): Lowered {
    try {
      return this.#constant(node) ?? this.#rule(node)(node, this, output);
    } catch (error) {
      if (error instanceof AtlasError) throw error;
      throw this.refuse(node, 'inputs that fit', reason(error), error);
    }
  }

  /** Whether a value of the file has been made. */
  has(value: string): boolean {
    return this.#values.has(value) || !this.source.isDependent(value);
  }

  /** What became of an input of a node. */
  operand(node: FileNode, index: number): Lowered {
    const value = node.inputs[index];
    if (value === undefined) throw this.refuse(node, `at least ${index + 1} inputs`, `${node.inputs.length}`);
    const lowered = this.#values.get(value) ?? this.source.constant(value);
    if (!lowered) throw this.refuse(node, `an input that depends on the image or on constants alone`, value);
    return lowered;
  }

  /** An input that must come from the image, as a value of the graph. */
  value(node: FileNode, index = 0): string {
    const lowered = this.operand(node, index);
    if ('name' in lowered) return lowered.name;
    throw this.refuse(node, 'an input that depends on the image', node.inputs[index]);
  }

  /** An input that must be constant. */
  constant(node: FileNode, index: number): Constant {
    const lowered = this.operand(node, index);
    if (!('name' in lowered)) return lowered;
    throw this.refuse(node, 'a constant', node.inputs[index]);
  }

  /** The integers of an input that must be constant, such as axes. */
  integers(node: FileNode, index: number): number[] {
    const { data } = this.constant(node, index);
    if (data.length > MOST_INTEGERS) throw this.refuse(node, `at most ${MOST_INTEGERS} integers`, `${data.length}`);
    return [...data];
  }

  /** The shape of a value of the graph as the file sees it, NHWC. */
  fileShape(value: string): readonly number[] {
    const shape = this.builder.shape(value);
    return shape.length === 4 ? [shape[0], shape[2], shape[3], shape[1]] : shape;
  }

  /** Adds an ONNX node under a name of the file. */
  add<O extends OpName>(op: O, inputs: readonly string[], attributes: Operators[O], output: string): Lowered {
    return { name: this.builder.add(op, inputs, attributes, { name: output, outputs: [output] }) };
  }

  /** The error for a node that cannot be lowered: what would have been right, and what it is. */
  refuse(node: FileNode, expected: string, received: string, cause?: unknown): Error {
    return fault({
      where: this.where,
      expected,
      name: `the node "${node.name}" (${node.op})`,
      received,
      remedy:
        'It lies on the way to the layer asked for: choose a layer before it, or teach generator/models/tfjs/operators.ts to read it.',
      ...(cause === undefined ? {} : { cause }),
    });
  }

  /** The finished graph up to these values. */
  build(outputs: readonly string[]): Graph {
    return this.builder.build(outputs);
  }

  #constant(node: FileNode): Constant | undefined {
    const inputs = node.inputs.map((value) => this.#values.get(value) ?? this.source.constant(value));
    const known = inputs.filter((input): input is Constant => input !== undefined && !('name' in input));
    return known.length === inputs.length ? evaluate(node, known, this.#limit) : undefined;
  }

  #rule(node: FileNode): Lower {
    if (Object.hasOwn(this.#operators, node.op)) return this.#operators[node.op];
    throw this.refuse(node, 'an operator that is supported', node.op);
  }
}
