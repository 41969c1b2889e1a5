/** What a Keras layer becomes: TensorFlow's nodes, named so that the layer's own value bears the layer's name. */
import { z } from 'zod';
import { fault } from '../../../graph/errors.ts';
import type { Tensor } from '../../../graph/tensor.ts';
import { preactivation } from '../kernels.ts';
import type { Attribute, FileNode } from '../topology.ts';
import type { LayerConfig } from './config.ts';

/** One operation of a layer on the value before it. */
export interface Step {
  /** As TensorFlow, or generator/models/tfjs/operators.ts, names it. */
  readonly op: string;
  /** Further inputs: names of constants. */
  readonly inputs?: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Whether it is the non-linearity that the layer ends with. */
  readonly activation?: boolean;
  /** Its part of the name where several steps have one operation: `depthwise`. */
  readonly as?: string;
}

/** Far more than the largest network has. */
const MOST_APPLICATIONS = 100_000;
const MOST_INPUTS = 10_000;

/** The nodes and weights so far, and what the layers' rules may ask for. */
export class Build {
  readonly nodes = new Map<string, FileNode>();
  readonly weights = new Map<string, Tensor>();
  readonly where: string;
  readonly #stored: ReadonlyMap<string, Tensor>;
  #count = 0;

  constructor(where: string, stored: ReadonlyMap<string, Tensor>) {
    this.where = where;
    this.#stored = index(stored);
  }

  /** Counts an application of a layer. Throws where there are too many: networks that each apply another twice soon make any number. */
  count(inputs: number): void {
    if (++this.#count > MOST_APPLICATIONS || inputs > MOST_INPUTS)
      throw this.broken('the layers', `at most ${MOST_APPLICATIONS} applications, each to at most ${MOST_INPUTS} values`, 'more');
  }

  node(name: string, op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    if (this.nodes.has(name)) throw this.broken(name, 'one layer', 'two of that name');
    this.nodes.set(name, { name, op, inputs, attributes });
    return name;
  }

  /** Adds the steps of a layer one after another; the last makes the value `name`, the one before a non-linearity its preactivation. */
  chain(name: string, inputs: readonly string[], steps: readonly Step[]): string {
    let values = inputs;
    for (const [i, step] of steps.entries()) {
      const last = i === steps.length - 1;
      const next = steps[i + 1];
      const as = last ? name : next.activation && i === steps.length - 2 ? preactivation(name) : `${name}/${step.as ?? step.op}`;
      values = [this.node(as, step.op, [...values, ...(step.inputs ?? [])], step.attributes)];
    }
    return steps.length === 0 ? this.node(name, 'Identity', inputs) : name;
  }

  /** A fixed value, once for every name. */
  constant(name: string, tensor: Tensor): string {
    if (!this.weights.has(name)) this.node(name, 'Const', []);
    this.weights.set(name, tensor);
    return name;
  }

  /** What a constant of a layer is called. */
  named({ scope = '', name }: LayerConfig, constant: string): string {
    return `${scope}${name}/${constant}`;
  }

  /** A weight of a layer: `kernel`. Throws where the file has none of that name. */
  weight(layer: LayerConfig, name: string): string {
    return this.constant(this.named(layer, name), this.tensor(layer, name));
  }

  /** As {@link weight}, the tensor itself. */
  tensor(layer: LayerConfig, name: string): Tensor {
    const tensor = this.#stored.get(this.named(layer, name)) ?? this.#stored.get(`${layer.name}/${name}`);
    if (tensor) return tensor;
    throw this.broken(`the layer "${layer.name}" (${layer.className})`, `a weight "${name}"`, 'none in weightsManifest');
  }

  /** The error for a file that contradicts itself. */
  broken(name: string, expected: string, received: string) {
    return fault({ where: this.where, expected, name, received, remedy: 'The file is incomplete or was altered: export it again.' });
  }
}

/** What a layer asks for that nobody here can do. It matters only where the layer lies on the way to one that is asked for. */
export class Unreadable extends Error {
  constructor(expected: string, received: unknown) {
    super(`which is read with ${expected} only, not ${JSON.stringify(received)}`);
    this.name = 'Unreadable';
  }
}

/**
 * Weights by `layer/weight`. Keras and its converters put the scopes of networks before that, and the name of an operation in between, as
 * in `model/conv1/Conv2D/kernel`; where those make a name ambiguous the shortest wins.
 */
function index(stored: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  const found = new Map<string, Tensor>();
  const byLength = [...stored].sort(([a], [b]) => a.split('/').length - b.split('/').length);
  for (const [name, tensor] of byLength) {
    const parts = name.replace(/:\d+$/, '').split('/');
    const weight = parts.at(-1) ?? '';
    for (let start = 0; start < parts.length - 1; start++)
      for (const end of [parts.length - 1, parts.length - 2]) {
        const key = [...parts.slice(start, end), weight].join('/');
        if (end > start && !found.has(key)) found.set(key, tensor);
      }
  }
  return found;
}

/** Reads one field of a layer's configuration; throws {@link Unreadable} where it is of another form. */
export function field<T>(layer: LayerConfig, name: string, form: z.ZodType<T>, otherwise: T): T {
  const value = layer.config[name];
  if (value === undefined || value === null) return otherwise;
  const parsed = form.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Unreadable(`a "${name}" of another kind (${parsed.error.issues[0].message})`, value);
}

/** One number for height and width, or one for each. */
export const pair = z.union([
  z.int().transform((both): [number, number] => [both, both]),
  z.tuple([z.int()]).transform(([both]): [number, number] => [both, both]),
  z.tuple([z.int(), z.int()]),
]);

export const ints = (...values: number[]): Attribute => ({ list: { i: values } });
export const bytes = (text: string): Attribute => ({ s: [...Buffer.from(text)] });
export const real = (value: number): Attribute => ({ f: value });
export const int32 = (shape: readonly number[], values: readonly number[]): Tensor => ({
  dtype: 'int32',
  shape,
  data: Int32Array.from(values),
});
