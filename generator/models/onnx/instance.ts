/** A file's graph for one batch and size of the images: everything that can be read, or the way to some layers alone. */
import type { Graph } from '../../graph/graph.ts';
import { type FoldCache, foldAffine } from '../fold-affine.ts';
import { finishGraph, type Layout } from '../layouts.ts';
import { ROOM } from '../limit.ts';
import { type GraphRequest, INPUT } from '../model.ts';
import type { ImageInput } from './image-input.ts';
import { type Lowered, Lowering } from './lowering.ts';
import { RULES } from './rules/table.ts';
import type { Source } from './source.ts';
import { valueNames } from './value-names.ts';

/** All that can be lowered, folded, and the file's value behind each name of the graph. */
export interface Whole {
  readonly graph: Graph;
  readonly lowering: Lowering;
  readonly values: ReadonlyMap<string, string>;
  /** The graph's names of the file's outputs, those that could be made. */
  readonly outputs: readonly string[];
}

/** What is known of a layer's value once the whole graph was seen. */
export interface KnownLayer {
  /** The file's name for it. */
  readonly value: string;
  readonly layout: Layout;
}

/** Makes graphs of one file. */
export class Instances {
  /** The batch that the file is made for. */
  readonly ownBatch: number;
  readonly #source: Source;
  readonly #image: ImageInput;
  readonly #dependents: ReadonlySet<string>;
  readonly #names: ReadonlyMap<string, string>;
  readonly #limit: number;
  readonly #cache: FoldCache = new Map();

  constructor(source: Source, image: ImageInput) {
    this.#source = source;
    this.#image = image;
    this.ownBatch = image.batch ?? 1;
    this.#dependents = source.dependents(image.name);
    this.#names = valueNames(source);
    let weights = 0;
    for (const [, { data }] of source.initializers()) weights += data.length;
    this.#limit = ROOM + 8 * weights;
  }

  /** Everything that can be lowered at that size, whatever becomes of the rest. */
  whole(height: number, width: number): Whole {
    const lowering = this.#start(this.ownBatch, height, width);
    lowering.run(this.#source.nodes);
    const { builder } = lowering;
    const graph = foldAffine(builder.build(builder.nodes.flatMap(({ outputs }) => outputs)), new Set(), this.#cache);
    const outputs = this.#source.graph.outputs.flatMap(({ name }) => {
      const lowered = lowering.find(name);
      return lowered && 'name' in lowered ? [lowered.name] : [];
    });
    return { graph, lowering, values: this.#valuesOf(lowering), outputs };
  }

  /** The graph up to some layers. Throws where one of them cannot be made, saying why. */
  upTo({ layers, batch, height, width }: GraphRequest, known: ReadonlyMap<string, KnownLayer>): Graph {
    const lowering = this.#start(batch, height, width);
    const values = layers.map((layer) => known.get(layer)?.value ?? layer);
    lowering.run(this.#source.needed(values));
    const made = values.map((value) => {
      const lowered = lowering.find(value);
      if (lowered && 'name' in lowered) return lowered.name;
      throw lowering.failure(value) ?? new Error(`"${value}" does not depend on the image at ${height}×${width}`);
    });
    const graph = foldAffine(lowering.builder.build(made), new Set(made), this.#cache);
    const layouts = new Map(layers.map((layer) => [layer, known.get(layer)?.layout] as const));
    return finishGraph(graph, new Map(layers.map((layer, i) => [layer, made[i]])), layouts);
  }

  #start(batch: number, height: number, width: number): Lowering {
    const { name, channels, channelsLast, reversed, batch: fixedBatch } = this.#image;
    const lowering = new Lowering({
      source: this.#source,
      rules: RULES,
      input: name,
      dependents: this.#dependents,
      fixedBatch,
      shape: [batch, channels, height, width],
      names: this.#names,
      limit: this.#limit,
    });
    const { builder } = lowering;
    let image: string = INPUT;
    if (reversed) image = builder.add('Gather', [image, builder.integers([2, 1, 0])], { axis: 1 });
    if (channelsLast) image = builder.add('Transpose', [image], { perm: [0, 2, 3, 1] });
    lowering.set(name, { name: image });
    return lowering;
  }

  /** By name of the graph, the first value of the file that became it. */
  #valuesOf(lowering: Lowering): ReadonlyMap<string, string> {
    const values = new Map<string, string>();
    for (const { outputs } of this.#source.nodes) {
      for (const output of outputs) {
        const lowered: Lowered | undefined = output === '' ? undefined : lowering.find(output);
        if (lowered && 'name' in lowered && lowered.name !== INPUT && !values.has(lowered.name)) values.set(lowered.name, output);
      }
    }
    return values;
  }
}
