/** A {@link Model} from TensorFlow's nodes and weights, whichever of the TF.js formats they were read from. */
import { AtlasError, fault } from '../../graph/errors.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { Known } from '../known.ts';
import { describeLayers, unknownLayer } from '../layers.ts';
import type { GraphRequest, Layer, Model, Preprocess } from '../model.ts';
import { type PixelRange, toPreprocess } from '../pixel-range.ts';
import { slugsOf } from '../slugs.ts';
import { digest } from './digest.ts';
import { planFolding } from './fold.ts';
import { preactivation } from './kernels.ts';
import { type KernelCache, Lowering } from './lowering.ts';
import { OPERATORS } from './operators.ts';
import { findInput, Source } from './source.ts';
import type { FileNode } from './topology.ts';

/** What is known of a network beside its file; the rest is assumed, and said to be. */
export interface Knowledge extends Omit<Known, 'pixels'> {
  readonly heads?: readonly string[] | undefined;
  /** What is assumed about it elsewhere already, a sentence each. */
  readonly assumptions?: readonly string[] | undefined;
}

const ASSUMED_SIZE = 224;
const ASSUMED_PIXELS: PixelRange = { range: [-1, 1] };
/** Operators whose value is only another arrangement of their input's. */
const REARRANGING = new Set(
  'Identity StopGradient Pad PadV2 MirrorPad Reshape Squeeze ExpandDims Transpose Flatten ReshapeEach Cropping2D'.split(' '),
);

/** See {@link Model}; the constructor throws where there is no image input to be found. */
export class Network implements Model {
  readonly format: string;
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly licence: string;
  readonly weightsSha256: string;
  readonly preprocess: Preprocess;
  readonly size: number;
  readonly assumptions: readonly string[];
  readonly assumedPixels?: PixelRange;
  readonly #file: string;
  readonly #graph: Source;
  readonly #heads: readonly string[];
  readonly #kernels: KernelCache = new Map();
  readonly #layers = new Map<number, readonly Layer[]>();
  readonly #names: { slugs: ReadonlyMap<string, string>; fileOperators: ReadonlyMap<string, string>; failure: Error | undefined };

  constructor(format: string, file: string, nodes: ReadonlyMap<string, FileNode>, weights: ReadonlyMap<string, Tensor>, known: Knowledge) {
    const found = known.input === undefined ? findInput(nodes, weights, file) : { input: known.input, assumption: undefined };
    if (!nodes.has(found.input))
      throw fault({
        where: file,
        expected: 'a node of the model',
        name: 'the input',
        received: found.input,
        remedy: 'Name the node where the image enters.',
      });
    const declared = 'size' in found ? found.size : undefined;
    this.format = format;
    this.#file = file;
    this.#heads = known.heads ?? [];
    this.id = known.id;
    this.title = known.title;
    this.source = known.source;
    this.licence = known.licence;
    this.preprocess = known.preprocess ?? toPreprocess(ASSUMED_PIXELS, 3);
    if (!known.preprocess) this.assumedPixels = ASSUMED_PIXELS;
    this.size = known.size ?? declared ?? ASSUMED_SIZE;
    this.assumptions = [
      ...(known.assumptions ?? []),
      ...(found.assumption ? [found.assumption] : []),
      ...(known.preprocess ? [] : ['the network expects values from -1 to 1']),
      ...(known.size || declared ? [] : [`it was trained on images of ${ASSUMED_SIZE} pixels`]),
    ];
    this.weightsSha256 = digest(nodes, weights);
    this.#graph = new Source(nodes, weights, found.input);
    this.#names = this.#name();
  }

  layers(size = this.size): readonly Layer[] {
    if (this.#names.slugs.size === 0) throw this.#names.failure ?? this.#nothing();
    const known = this.#layers.get(size) ?? describeLayers(this.#whole(size).graph, this.#names);
    this.#layers.set(size, known);
    return known;
  }

  graph({ layers, batch, height, width }: GraphRequest): Graph {
    const known = [...this.#names.slugs].map(([name, slug]) => ({ name, slug }));
    for (const name of layers) {
      if (!this.#names.slugs.has(name)) throw this.#absent(name, known);
      const least = Math.min(this.layers().find((layer) => layer.name === name)?.stride ?? 1, this.size);
      if (Math.min(height, width) < least) throw this.#tooSmall(name, least, height, width);
    }
    try {
      const graph = this.#lower(layers, [batch, 3, height, width]).build(layers);
      for (const name of layers) this.#checkBatch(name, graph.types.get(name)?.shape ?? [], batch);
      return graph;
    } catch (error) {
      // The same layers have a graph at the trained size: so it is the size.
      const least = this.#leastSize(layers, Math.min(height, width));
      throw least === undefined ? error : this.#tooSmall(layers.join(', '), least, height, width, error);
    }
  }

  #lower(layers: readonly string[], shape: readonly number[]): Lowering {
    const nodes = layers.map((name) => this.#nodeOf(name));
    const order = this.#graph.order(nodes);
    const lowering = this.#start(order, new Set(layers), shape);
    for (const name of order) lowering.lower(name);
    return lowering;
  }

  #start(order: readonly string[], pinned: ReadonlySet<string>, shape: readonly number[]): Lowering {
    const folding = planFolding(this.#graph, order, pinned);
    const [where, colours] = [this.#file, this.preprocess.order];
    return new Lowering({ where, source: this.#graph, folding, kernels: this.#kernels, operators: OPERATORS, shape, colours });
  }

  /** Everything that can be lowered at that size, whatever becomes of the rest. */
  #whole(size: number): { graph: Graph; lowering: Lowering; failure: Error | undefined } {
    const order = this.#graph.dependents();
    const lowering = this.#start(order, new Set(), [1, 3, size, size]);
    let failure: Error | undefined;
    for (const name of order) {
      try {
        lowering.lower(name);
      } catch (error) {
        if (!(error instanceof AtlasError)) throw error;
        failure ??= error;
      }
    }
    return { graph: lowering.build(lowering.builder.nodes.flatMap((node) => node.outputs)), lowering, failure };
  }

  /** Slugs are fixed at the trained size, so that a layer has one address whatever the size of the pictures. */
  #name() {
    const { graph, lowering, failure } = this.#whole(this.size);
    const names = graph.nodes.flatMap(({ outputs: [name] }) => (graph.types.get(name)?.shape.length === 4 ? [name] : []));
    const offered = names.filter((name) => {
      const operator = lowering.fileOperators.get(name) ?? (this.#graph.nodes.has(this.#nodeOf(name)) ? 'preactivation' : undefined);
      if (operator === undefined || REARRANGING.has(operator) || lowering.folding.hidden.has(name)) return false;
      return !this.#heads.some((prefix) => name.startsWith(prefix));
    });
    return { slugs: slugsOf(offered), fileOperators: lowering.fileOperators, failure };
  }

  /** Throws where the file has brought images together, or made several of one: it was made for another batch. */
  #checkBatch(name: string, shape: readonly number[], batch: number): void {
    if (shape[0] === batch) return;
    throw fault({
      where: this.id,
      expected: `${batch} maps, one for each image`,
      name: `the layer "${name}"`,
      received: `[${shape}]`,
      remedy: 'The batch is written into the file: use --batch 1, a layer nearer to the image, or export it with an open batch.',
    });
  }

  #nothing(): Error {
    return fault({
      where: this.#file,
      expected: 'a map with channels, made of the image',
      name: 'the network',
      received: `${this.#graph.nodes.size} nodes without one`,
      remedy: 'Only networks with convolutions or the like can be visualised.',
    });
  }

  #nodeOf(layer: string): string {
    const suffix = preactivation('');
    return !this.#graph.nodes.has(layer) && layer.endsWith(suffix) ? layer.slice(0, -suffix.length) : layer;
  }

  /** Why a name is no layer: an operator on the way that is not supported, or no such thing. */
  #absent(name: string, known: readonly { name: string; slug: string }[]): Error {
    if (!this.#graph.nodes.has(name) || !this.#graph.isDependent(name) || name === this.#graph.input)
      return unknownLayer(this.id, known, name);
    try {
      this.#lower([name], [1, 3, this.size, this.size]);
    } catch (error) {
      if (error instanceof Error) return error;
    }
    return unknownLayer(this.id, known, name);
  }

  /** The smallest size above `from` at which the layers have a graph; nothing if even the trained size does not help. */
  #leastSize(layers: readonly string[], from: number): number | undefined {
    const fits = (size: number) => {
      try {
        this.#lower(layers, [1, 3, size, size]);
        return true;
      } catch {
        return false;
      }
    };
    if (from >= this.size || !fits(this.size)) return undefined;
    let [small, large] = [from, this.size];
    while (large - small > 1) {
      const middle = (small + large) >> 1;
      if (fits(middle)) large = middle;
      else small = middle;
    }
    return large;
  }

  #tooSmall(layer: string, least: number, height: number, width: number, cause?: unknown): Error {
    return fault({
      where: this.id,
      expected: `an image size of at least ${least} pixels`,
      name: `the layer "${layer}"`,
      received: `${height}×${width}`,
      remedy: `The image size is too small for the layer: use ${least} pixels or more a side, or a layer nearer to the image.`,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
