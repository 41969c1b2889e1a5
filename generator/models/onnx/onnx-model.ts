/** An ONNX file as a {@link Model}: its layers, and a graph up to any of them. */
import { AtlasError, fault } from '../../graph/errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { composedActivations, normalisationInterior } from '../activations.ts';
import { labelGraph } from '../axis-labels.ts';
import type { Known } from '../known.ts';
import { describeLayers, unknownLayer } from '../layers.ts';
import { layoutOf, unrollGraph } from '../layouts.ts';
import { type GraphRequest, INPUT, type Layer, type Model, type Preprocess } from '../model.ts';
import { type PixelRange, toPreprocess } from '../pixel-range.ts';
import { slugsOf } from '../slugs.ts';
import { withoutBias } from '../without-bias.ts';
import { digest } from './digest.ts';
import { findRange } from './find-range.ts';
import { findImage, type ImageInput } from './image-input.ts';
import { Instances, type KnownLayer, type Whole } from './instance.ts';
import { type NaturalSize, naturalSize, sizeFault } from './sizes.ts';
import type { Source } from './source.ts';
import { tidyName } from './value-names.ts';

export class OnnxModel implements Model {
  readonly format = 'onnx';
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly licence: string;
  readonly weightsSha256: string;
  readonly preprocess: Preprocess;
  readonly size: number;
  readonly assumptions: readonly string[];
  readonly assumedPixels?: PixelRange;
  readonly #image: ImageInput;
  readonly #instances: Instances;
  readonly #natural: Pick<NaturalSize, 'height' | 'width'>;
  readonly #layers = new Map<string, readonly Layer[]>();
  readonly #slugs: ReadonlyMap<string, string>;
  /** By the layer's name. */
  readonly #known: ReadonlyMap<string, KnownLayer>;

  /** Throws where nothing of the file can be read up to a layer. */
  constructor(file: Source, metadata: ReadonlyMap<string, string>, known: Known) {
    this.id = known.id;
    this.title = known.title;
    this.source = known.source;
    this.licence = known.licence;
    this.weightsSha256 = digest(file);
    const entry = findImage(file, metadata, known.input);
    const image = known.preprocess?.order === 'BGR' ? { ...entry, reversed: true } : entry;
    this.#image = image;
    this.#instances = new Instances(file, image);
    const { whole, ...natural } = naturalSize(this.#instances, image, metadata, known.size);
    this.#natural = natural;
    this.size = natural.height;
    // Layers and slugs are fixed at the file's own size, so that a layer has one address whatever the size of the pictures.
    this.#known = offered(whole, this.#instances.ownBatch);
    if (this.#known.size === 0) throw nothing(file, whole.lowering.firstFailure);
    this.#slugs = slugsOf([...this.#known.keys()], tidyName);
    this.#layers.set(`${[natural.height, natural.width]}`, this.#describe(whole));
    const found = findRange(file, image, metadata);
    const told = known.preprocess ?? (known.pixels && toPreprocess(known.pixels, image.channels));
    this.preprocess = told ?? found.preprocess;
    if (!told && found.assumed) this.assumedPixels = found.assumed;
    const unread = whole.lowering.firstFailure?.message.split('\n')[0];
    this.assumptions = [
      ...image.assumptions,
      ...(told ? [] : [found.assumption]),
      ...(natural.stated ? [] : [`it was trained on images of ${this.size} pixels`]),
      ...whole.lowering.notes,
      ...(unread === undefined ? [] : [`layers behind what cannot be read are not offered: ${unread}`]),
    ];
  }

  layers(size?: number): readonly Layer[] {
    const { height, width } = this.#natural;
    const extents = size === undefined || size === this.size ? [height, width] : [size, size];
    const known = this.#layers.get(`${extents}`) ?? this.#describe(this.#instances.whole(extents[0], extents[1]));
    this.#layers.set(`${extents}`, known);
    return known;
  }

  graph(request: GraphRequest): Graph {
    const known = [...this.#slugs].map(([name, slug]) => ({ name, slug }));
    for (const name of request.layers) if (!this.#slugs.has(name)) throw unknownLayer(this.id, known, name);
    const { ownBatch } = this.#instances;
    try {
      const graph = this.#instances.upTo(request, this.#known);
      if (request.batch === ownBatch || agrees(graph, request.batch, this.#own(request))) return graph;
    } catch (error) {
      if (request.batch === ownBatch) throw this.#misfit(request, error);
    }
    if (request.batch % ownBatch !== 0) throw this.#wrongBatch(request.batch);
    // The file puts its images together in a way that no other batch goes through: so they go through by its own, one after another.
    return unrollGraph(this.#own(request), request.batch);
  }

  /** The graph for the file's own batch. */
  #own(request: GraphRequest): Graph {
    try {
      return this.#instances.upTo({ ...request, batch: this.#instances.ownBatch }, this.#known);
    } catch (error) {
      throw this.#misfit(request, error);
    }
  }

  #describe({ graph, lowering }: Whole): readonly Layer[] {
    const layouts = new Map([...this.#known].map(([name, { layout }]) => [name, layout]));
    return describeLayers(graph, { slugs: this.#slugs, fileOperators: lowering.fileOperators, layouts });
  }

  #misfit(request: GraphRequest, cause: unknown): unknown {
    const { height, width } = this.#natural;
    if (request.height === height && request.width === width) return cause;
    const fixed = this.#image.height !== undefined || this.#image.width !== undefined;
    return sizeFault({ ...request, where: this.id, own: this.#natural, fixed, cause }, (size) => {
      try {
        this.#instances.upTo({ ...request, batch: this.#instances.ownBatch, height: size, width: size }, this.#known);
        return true;
      } catch {
        return false;
      }
    });
  }

  #wrongBatch(batch: number): Error {
    const { ownBatch } = this.#instances;
    return fault({
      where: this.id,
      expected: `a multiple of ${ownBatch} images`,
      name: 'the batch',
      received: batch,
      remedy: `The file is made for ${ownBatch} at a time: use --batch ${ownBatch}, or export it with an open batch.`,
    });
  }
}

/** Operators whose value is only another arrangement of their input's. */
const REARRANGING: ReadonlySet<string> = new Set(
  'Reshape Transpose Squeeze Unsqueeze Expand Tile Slice Pad Cast Identity Split'.split(' '),
);

/** The values that are layers: told apart by image and channel, more than rearranged, and not in the middle of an operation spelled out. */
function offered({ graph, values }: Whole, batch: number): ReadonlyMap<string, KnownLayer> {
  const labelling = labelGraph(graph, INPUT);
  const inner = new Set([
    ...composedActivations(graph).flatMap((composed) => composed.inner),
    ...normalisationInterior(graph),
    ...withoutBias(graph),
  ]);
  const known = new Map<string, KnownLayer>();
  for (const { op, outputs } of graph.nodes) {
    const layout = layoutOf(labelling.of(outputs[0]));
    const value = values.get(outputs[0]);
    // Images that were brought together are no layer, whatever the axes once held.
    const apart = graph.types.get(outputs[0])?.shape[0] === batch;
    if (layout && apart && value !== undefined && !REARRANGING.has(op) && !inner.has(outputs[0])) known.set(outputs[0], { value, layout });
  }
  return known;
}

/** Whether a graph for another batch makes of each image what the file's own batch makes. */
function agrees(graph: Graph, batch: number, own: Graph): boolean {
  return graph.outputs.every((name) => {
    const [mine, others] = [graph.types.get(name)?.shape ?? [], own.types.get(name)?.shape ?? []];
    return mine[0] === batch && mine.slice(1).every((extent, i) => extent === others[i + 1]);
  });
}

function nothing({ where, nodes }: Source, cause?: Error): Error {
  if (cause)
    return new AtlasError(
      `${cause.message.split('\n')[0]}\nNo layer lies before it, so there is nothing to visualise. To teach the importer an operator: README.md, "Add an operator".`,
      { cause },
    );
  return fault({
    where,
    expected: 'a layer whose channels can be told apart',
    name: 'the network',
    received: `${nodes.length} nodes without one`,
    remedy: 'Only networks with convolutions, matrix products or normalisations over channels can be visualised.',
  });
}
