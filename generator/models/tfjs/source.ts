/** The graph of a TF.js file with its weights: who reads whom, what is constant, where the image enters. */
import { fault } from '../../graph/errors.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { Limit, ROOM } from '../limit.ts';
import { type Constant, evaluate, inlineConstant } from './constants.ts';
import { declaredShape, type FileNode, makerOf } from './topology.ts';

/** A file's graph, ready to be lowered from its image input on. */
export class Source {
  readonly nodes: ReadonlyMap<string, FileNode>;
  /** The value that the image takes the place of. */
  readonly input: string;
  readonly #weights: ReadonlyMap<string, Tensor>;
  readonly #constants = new Map<string, Constant | undefined>();
  readonly #dependent: ReadonlySet<string>;
  readonly #limit: Limit;
  /** How many values evaluating constants may make. */
  readonly room: number;

  constructor(nodes: ReadonlyMap<string, FileNode>, weights: ReadonlyMap<string, Tensor>, input: string) {
    this.nodes = nodes;
    this.#weights = weights;
    this.input = input;
    let stored = 0;
    for (const { data } of weights.values()) stored += data.length;
    this.room = ROOM + 8 * stored;
    this.#limit = new Limit(this.room);
    this.#dependent = this.#reached();
  }

  /** The node that makes a value; throws for a value that nothing makes. */
  node(value: string): FileNode {
    const node = this.nodes.get(makerOf(value));
    if (!node)
      throw fault({
        where: 'the model',
        expected: 'a node',
        name: `the value "${value}"`,
        received: 'none',
        remedy: 'The file is incomplete: export it again.',
      });
    return node;
  }

  /** The names of all nodes that depend on the image, each after what it reads (edges that close a loop aside). */
  dependents(): readonly string[] {
    return this.order([...this.#dependent]);
  }

  /** The nodes between the image and `targets`, each after what it reads. */
  order(targets: readonly string[]): readonly string[] {
    const order: string[] = [];
    const seen = new Set<string>([this.input]);
    const stack: { name: string; done: boolean }[] = targets.toReversed().map((name) => ({ name, done: false }));
    for (let top = stack.pop(); top; top = stack.pop()) {
      if (top.done) order.push(top.name);
      if (top.done || seen.has(top.name)) continue;
      seen.add(top.name);
      stack.push({ name: top.name, done: true });
      const inputs = this.node(top.name).inputs.map(makerOf);
      for (const name of inputs.toReversed()) if (!seen.has(name) && this.#dependent.has(name)) stack.push({ name, done: false });
    }
    return order;
  }

  /** Whether a value depends on the image. */
  isDependent(value: string): boolean {
    return this.#dependent.has(makerOf(value)) || makerOf(value) === this.input;
  }

  /** The value of something that does not depend on the image; nothing where it cannot be told. */
  constant(value: string): Constant | undefined {
    if (this.isDependent(value) || !this.nodes.has(makerOf(value))) return undefined;
    // By a stack of our own: a file may have more constants in a row than calls fit in one another.
    const waiting = this.#constants.has(value) ? [] : [value];
    const entered = new Set<string>();
    for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
      if (entered.has(top) || this.#constants.has(top)) {
        if (entered.delete(top)) this.#constants.set(top, this.#evaluate(top));
        waiting.pop();
        continue;
      }
      entered.add(top);
      this.#constants.set(top, undefined); // Ends the walk where constants stand in a loop.
      for (const name of this.node(top).inputs)
        if (!this.#constants.has(name) && !this.isDependent(name) && this.nodes.has(makerOf(name))) waiting.push(name);
    }
    return this.#constants.get(value);
  }

  #evaluate(value: string): Constant | undefined {
    const node = this.node(value);
    if (node.op === 'Const') {
      const weight = this.#weights.get(node.name);
      return weight?.dtype === 'float32' || weight?.dtype === 'int32' ? weight : inlineConstant(node, this.#limit);
    }
    const inputs = node.inputs.map((name) => this.#constants.get(name));
    const known = inputs.filter((constant) => constant !== undefined);
    return known.length === inputs.length && inputs.length > 0 ? evaluate(node, known, this.#limit) : undefined;
  }

  #reached(): ReadonlySet<string> {
    const readers = new Map<string, string[]>();
    for (const { name, inputs } of this.nodes.values()) {
      for (const value of inputs) {
        const list = readers.get(makerOf(value)) ?? [];
        list.push(name);
        readers.set(makerOf(value), list);
      }
    }
    const reached = new Set<string>();
    const stack = [this.input];
    for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
      for (const reader of readers.get(name) ?? []) {
        if (reader === this.input || reached.has(reader)) continue;
        reached.add(reader);
        stack.push(reader);
      }
    }
    return reached;
  }
}

/** Where the image enters a model that says nothing of it, and how that was found. */
export interface FoundInput {
  readonly input: string;
  /** For people: `the image enters at "input", the only …`. */
  readonly assumption: string;
  /** Height that the file declares, in pixels, where it does. */
  readonly size?: number;
}

const FLOAT: readonly unknown[] = [1, 'DT_FLOAT'];

/** The placeholder for float images `[N,H,W,3]`; else whatever the first convolution over three channels reads. */
export function findInput(nodes: ReadonlyMap<string, FileNode>, weights: ReadonlyMap<string, Tensor>, where: string): FoundInput {
  for (const node of nodes.values()) {
    const shape = declaredShape(node);
    if (node.op !== 'Placeholder' || !FLOAT.includes(node.attributes.dtype?.type) || shape?.length !== 4 || shape[3] !== 3) continue;
    return {
      input: node.name,
      assumption: `the image enters at the placeholder "${node.name}"`,
      ...(shape[1] > 0 ? { size: shape[1] } : {}),
    };
  }
  for (const node of nodes.values()) {
    const [image, kernel] = node.inputs;
    if (!/Conv2D$/.test(node.op) || kernel === undefined || weights.get(makerOf(kernel))?.shape[2] !== 3) continue;
    return { input: makerOf(image), assumption: `the image enters at "${image}", which the first convolution over three channels reads` };
  }
  throw fault({
    where,
    expected: 'a float placeholder of shape [N,H,W,3], or a convolution over three channels',
    name: "the model's input",
    received: 'neither',
    remedy: 'Only networks that take colour images can be visualised.',
  });
}
