/** Turning an ONNX file's nodes into a graph of the operators that the generator knows, node by node, for one size of the input. */
import { GraphBuilder } from '../../graph/builder.ts';
import { AtlasError, fault, reason } from '../../graph/errors.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { type AxisLabels, Labelling } from '../axis-labels.ts';
import { Limit } from '../limit.ts';
import { INPUT } from '../model.ts';
import { canEvaluate, evaluate } from './evaluate/evaluate.ts';
import type { FileNode } from './file-nodes.ts';
import { type Rule, Step } from './rule.ts';
import { describe, type Source } from './source.ts';
import type { Constant } from './tensors.ts';

/** What a value of the file has become: a value of the graph, or a constant. */
export type Lowered = { readonly name: string } | Constant;

export interface LoweringSettings {
  readonly source: Source;
  /** The rule of every operator, by ONNX's name. */
  readonly rules: Readonly<Record<string, Rule>>;
  /** The file's value that the image takes the place of, and what depends on it. */
  readonly input: string;
  readonly dependents: ReadonlySet<string>;
  /** The batch that the file is made for, where it fixes one. */
  readonly fixedBatch: number | undefined;
  /** `[batch,C,height,width]`. */
  readonly shape: readonly number[];
  /** What values of the file are called in the graph, where not by their own names. */
  readonly names: ReadonlyMap<string, string>;
  /** How many values evaluating constants may make. */
  readonly limit: number;
}

/** The state of one translation. */
export class Lowering {
  readonly builder = new GraphBuilder();
  readonly source: Source;
  readonly batch: number;
  readonly fixedBatch: number | undefined;
  readonly limit: Limit;
  /** What the file says is done to a value, for the layer's description: `/act/Mul_output_0` → `Mul`. */
  readonly fileOperators = new Map<string, string>();
  /** Things that were left out or changed on the way, a sentence each. */
  readonly notes = new Set<string>();
  readonly #settings: LoweringSettings;
  readonly #values = new Map<string, Lowered>();
  readonly #failures = new Map<string, Error>();
  readonly #constants = new Map<Constant, string>();
  readonly #labels: Labelling;
  #labelled = 0;

  constructor(settings: LoweringSettings) {
    this.#settings = settings;
    this.source = settings.source;
    this.batch = settings.shape[0];
    this.fixedBatch = settings.fixedBatch;
    this.limit = new Limit(settings.limit);
    this.builder.input(INPUT, { dtype: 'float32', shape: settings.shape });
    this.#labels = new Labelling(
      {
        shape: (name) => this.builder.shape(name),
        isConstant: (name) => this.builder.constantValue(name) !== undefined,
        integers: (name) => Array.from<bigint | number, number>(this.builder.constantValue(name)?.data ?? [], Number),
      },
      INPUT,
    );
  }

  /** Says what a value of the file is. */
  set(value: string, lowered: Lowered): void {
    if (value !== '') this.#values.set(value, lowered);
  }

  /** What became of a value of the file. Throws where it could not be made, saying why. */
  get(value: string, reader: FileNode): Lowered {
    const known = this.find(value);
    if (known) return known;
    throw (
      this.#failures.get(value) ??
      this.refuse(reader, 'an input that comes from the image or from constants', `"${value}", which must be given from outside`)
    );
  }

  /** What became of a value of the file; nothing where it was not made. */
  find(value: string): Lowered | undefined {
    return this.#values.get(value) ?? this.source.folded.get(value) ?? this.source.initializer(value);
  }

  /** Why a value could not be made. */
  failure(value: string): Error | undefined {
    return this.#failures.get(value);
  }

  /** The first thing that could not be read. */
  get firstFailure(): Error | undefined {
    return this.#failures.values().next().value;
  }

  /** How many values could not be made because operators do not fit each other, as opposed to one that is not known. */
  get misfits(): number {
    return [...this.#failures.values()].filter(({ cause }) => cause !== undefined).length;
  }

  /** Adds what the nodes stand for, each after what it reads. One that cannot be said fails alone, with whatever needs it. */
  run(nodes: readonly FileNode[]): void {
    for (const node of nodes) {
      if (node.outputs.every((output) => output === '' || this.source.folded.has(output))) continue;
      try {
        this.lower(node);
      } catch (error) {
        const told = error instanceof AtlasError ? error : this.refuse(node, 'inputs that fit', reason(error), undefined, error);
        for (const output of node.outputs) this.#failures.set(output, told);
      }
    }
  }

  /** Adds what one node stands for; `inBranch`: of a graph in an attribute, whose constants may hang on the image's size. Throws where it cannot. */
  lower(node: FileNode, inBranch = false): void {
    const made = this.#made(node);
    const depends = inBranch || node.outputs.some((output) => this.#settings.dependents.has(output));
    made.forEach((lowered, i) => {
      const output = node.outputs[i] ?? '';
      if (output === '') return;
      if ('name' in lowered) this.fileOperators.set(lowered.name, this.fileOperators.get(lowered.name) ?? node.op);
      if (depends || 'name' in lowered) this.set(output, lowered);
      else this.source.folded.set(output, lowered);
    });
  }

  /** What a value of the file is called in the graph; nothing if that name is taken. */
  nameFor(value: string): string | undefined {
    const name = this.#settings.names.get(value) ?? value;
    return this.builder.has(name) ? undefined : name;
  }

  /** The graph's name for a constant. */
  constantName(constant: Constant): string {
    const known = this.#constants.get(constant);
    if (known !== undefined) return known;
    const name = this.builder.constant(tensorOf(constant));
    this.#constants.set(constant, name);
    return name;
  }

  /** What the axes of a value of the graph hold. */
  labels(name: string): AxisLabels {
    const { nodes } = this.builder;
    for (; this.#labelled < nodes.length; this.#labelled++) this.#labels.add(nodes[this.#labelled]);
    return this.#labels.of(name);
  }

  /** The error for a node that cannot be lowered. */
  refuse(node: FileNode, expected: string, received: unknown, remedy = CHOOSE_ANOTHER, cause?: unknown): Error {
    return fault({ where: this.source.where, expected, name: describe(node), received, remedy, ...(cause === undefined ? {} : { cause }) });
  }

  #made(node: FileNode): readonly Lowered[] {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : this.get(name, node)));
    const constants = inputs.flatMap((input) => (input !== undefined && 'name' in input ? [] : [input]));
    if (inputs.length > 0 && constants.length === inputs.length && canEvaluate(node, constants))
      return evaluate(node, constants, this.limit);
    const rule = node.domain === '' && Object.hasOwn(this.#settings.rules, node.op) ? this.#settings.rules[node.op] : undefined;
    if (!rule) throw this.#unknown(node);
    const made = rule(new Step(node, this));
    return Array.isArray(made) ? made : [made as Lowered];
  }

  #unknown(node: FileNode): Error {
    if (/^(QLinear|QGemm$|QAttention$)|Integer$|^DynamicQuantize/.test(node.op))
      return this.refuse(node, 'an operator of floats', 'a quantised operator', QUANTISED);
    if (/^(Loop|Scan|Sequence|SplitToSequence|Optional|String|ConcatFromSequence)/.test(node.op))
      return this.refuse(
        node,
        'an operator of tensors',
        'a loop, a sequence or a text',
        `${CHOOSE_ANOTHER} Loops are unrolled by exporting with fixed sizes.`,
      );
    if (node.domain !== '')
      return this.refuse(
        node,
        "one of ONNX's own operators",
        `one of ${node.domain}`,
        `${CHOOSE_ANOTHER} A file that a runtime has optimised has operators of its own: use the file from before.`,
      );
    return this.refuse(node, 'an operator that is supported', node.op);
  }
}

const CHOOSE_ANOTHER =
  'It lies on the way to the layer asked for: choose a layer before it, or write a rule for it (generator/models/onnx/rules/).';
const QUANTISED =
  'Use the file from before it was quantised, or quantise to QDQ form (QuantizeLinear and DequantizeLinear around operators of floats).';

function tensorOf({ dtype, shape, data }: Constant): Tensor {
  if (dtype === 'float32') return { dtype, shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
  if (dtype === 'int64') return { dtype, shape, data: BigInt64Array.from(data as Float64Array, BigInt) };
  return { dtype, shape, data: data instanceof Uint8Array ? data : Uint8Array.from(data) };
}
