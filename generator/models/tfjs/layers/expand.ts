/** From Keras's layers to TensorFlow's nodes: every application of every layer once, networks within networks laid open. */
import { z } from 'zod';
import type { Tensor } from '../../../graph/tensor.ts';
import type { FileNode } from '../topology.ts';
import { Build, type Step, Unreadable } from './build.ts';
import { CLASSES } from './classes.ts';
import { isNetwork, type LayerConfig, type NetworkConfig, parseNetwork, type Reference } from './config.ts';

/** The nodes that a network amounts to, and the tensors of those that are constants. `where` is the file, for messages. */
export function expand(
  network: NetworkConfig,
  stored: ReadonlyMap<string, Tensor>,
  where: string,
): { nodes: ReadonlyMap<string, FileNode>; weights: ReadonlyMap<string, Tensor> } {
  const build = new Build(where, stored);
  new Expansion(network, undefined, '', build).all();
  return { nodes: build.nodes, weights: build.weights };
}

function keyOf(layer: string, call: number): string {
  return `${layer} ${call}`;
}

/** One network being laid open, with what its inputs stand for if it is a layer of another. */
class Expansion {
  readonly #layers: ReadonlyMap<string, LayerConfig>;
  /** Networks whose first application is called the second, after the one that they were made by; Keras writes them so, but nothing says it. */
  readonly #fromOne: ReadonlySet<string>;
  readonly #network: NetworkConfig;
  readonly #given: readonly string[] | undefined;
  readonly #prefix: string;
  readonly #build: Build;
  /** The values that an application of a layer makes, by `layer call`; empty while they are being made. */
  readonly #made = new Map<string, readonly string[]>();
  /** Those of which only the inputs were looked for. */
  readonly #begun = new Set<string>();

  constructor(network: NetworkConfig, given: readonly string[] | undefined, prefix: string, build: Build) {
    this.#network = network.ends ? network : chained(network);
    this.#layers = new Map(this.#network.layers.map((layer) => [layer.name, layer]));
    this.#fromOne = countedFromOne(this.#network);
    this.#given = given;
    this.#prefix = prefix;
    this.#build = build;
  }

  /** Makes every application of every layer, whether an output needs it or not; returns the outputs. */
  all(): readonly string[] {
    for (const { name, calls } of this.#network.layers)
      for (let call = 0; call < Math.max(calls?.length ?? 0, 1); call++) this.#values(name, call);
    return (this.#network.ends?.outputs ?? []).map((reference) => this.#value(reference));
  }

  #value(reference: Reference): string {
    const { layer, call, index } = reference;
    const key = keyOf(layer, this.#callOf(reference));
    const values = this.#made.get(key) ?? this.#values(layer, this.#callOf(reference));
    if (values[index] !== undefined) return values[index];
    throw this.#build.broken(`the layer "${layer}"`, 'an output, and no loop', `output ${index} of application ${call}`);
  }

  #values(name: string, call: number): readonly string[] {
    // By a stack of our own: a file may have more layers in a row than calls fit in one another.
    const waiting = [{ name, call }];
    for (let top = waiting.at(-1); top; top = waiting.at(-1)) {
      const key = keyOf(top.name, top.call);
      const layer = this.#layers.get(top.name);
      if (!layer) throw this.#build.broken('the layers', 'every layer that another reads', `none called "${top.name}"`);
      if (!this.#made.has(key)) {
        this.#made.set(key, []);
        const read = (layer.calls?.[top.call] ?? []).map((reference) => ({ name: reference.layer, call: this.#callOf(reference) }));
        this.#build.count(read.length);
        for (const reader of read.toReversed()) if (!this.#made.has(keyOf(reader.name, reader.call))) waiting.push(reader);
        this.#begun.add(key);
      } else {
        if (this.#begun.delete(key)) this.#made.set(key, this.#make(layer, top.call));
        waiting.pop();
      }
    }
    return this.#made.get(keyOf(name, call)) ?? [];
  }

  #callOf({ layer, call }: Reference): number {
    return call - (this.#fromOne.has(layer) ? 1 : 0);
  }

  #make(layer: LayerConfig, call: number): readonly string[] {
    // A layer that is applied again makes values of its own.
    const name = `${this.#prefix}${layer.name}${call > 0 ? `_call${call}` : ''}`;
    if (layer.className === 'InputLayer') return [this.#input(layer, name)];
    const inputs = (layer.calls?.[call] ?? []).map((reference) => this.#value(reference));
    if (isNetwork(layer.className)) {
      const network = parseNetwork(layer.className, layer.config, this.#build.where);
      return new Expansion(network, inputs, `${name}/`, this.#build).all();
    }
    const steps = this.#steps({ ...layer, scope: this.#prefix });
    // What cannot be read is only refused where it lies on the way to a layer: no operator is called as it is.
    return [typeof steps === 'string' ? this.#build.node(name, steps, inputs) : this.#build.chain(name, inputs, steps)];
  }

  #steps(layer: LayerConfig): readonly Step[] | string {
    if (!Object.hasOwn(CLASSES, layer.className)) return `${layer.className} layer`;
    try {
      return CLASSES[layer.className](layer, this.#build);
    } catch (error) {
      if (error instanceof Unreadable) return `${layer.className} layer, ${error.message}`;
      throw error;
    }
  }

  #input(layer: LayerConfig, name: string): string {
    const place = this.#network.ends?.inputs.findIndex((reference) => reference.layer === layer.name) ?? 0;
    const given = this.#given?.[Math.max(place, 0)];
    if (given !== undefined) return given;
    const shape = z.array(z.int().nullable()).safeParse(layer.config.batch_input_shape ?? layer.config.batch_shape).data ?? [];
    const dim = shape.map((extent) => ({ size: extent ?? -1 }));
    return this.#build.node(name, 'Placeholder', [], { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim } } });
  }
}

/** A reference beyond the last application tells. */
function countedFromOne({ layers, ends }: NetworkConfig): ReadonlySet<string> {
  const counts = new Map(layers.filter(({ className }) => isNetwork(className)).map(({ name, calls }) => [name, calls?.length ?? 0]));
  const references = [...layers.flatMap(({ calls }) => calls?.flat() ?? []), ...(ends?.outputs ?? [])];
  return new Set(references.filter(({ layer, call }) => call >= (counts.get(layer) ?? Infinity)).map(({ layer }) => layer));
}

/** A sequence as a network: each layer applied to the one before, the first to an input that is made up where the file has none. */
function chained({ layers }: NetworkConfig): NetworkConfig {
  const [first] = layers;
  const { batch_input_shape, batch_shape } = first.config;
  const input: LayerConfig = {
    className: 'InputLayer',
    name: `${first.name}_input`,
    config: { batch_input_shape, batch_shape },
    calls: [],
  };
  const all = first.className === 'InputLayer' ? layers : [input, ...layers];
  const at = (i: number): Reference => ({ layer: all[i].name, call: 0, index: 0 });
  return {
    layers: all.map((layer, i) => ({ ...layer, calls: i === 0 ? [] : [[at(i - 1)]] })),
    ends: { inputs: [at(0)], outputs: [at(all.length - 1)] },
  };
}
