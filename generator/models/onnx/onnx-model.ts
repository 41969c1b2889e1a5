/** ONNX files: from the bytes and the files beside them to a {@link Model}. */
import { readFile, stat } from 'node:fs/promises';
import { fault, reason } from '../../graph/errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { labelGraph } from '../axis-labels.ts';
import { type FoldCache, foldAffine } from '../fold-affine.ts';
import { describeLayers, unknownLayer } from '../layers.ts';
import { finishGraph, type Layout, layoutOf, unrollGraph } from '../layouts.ts';
import { type GraphRequest, INPUT, type Layer, type Model, type Preprocess } from '../model.ts';
import { type PixelRange, toPreprocess } from '../pixel-range.ts';
import { slugsOf } from '../slugs.ts';
import { digest } from './digest.ts';
import { readExternal } from './external-data.ts';
import { findRange } from './find-range.ts';
import { findImage, type ImageInput } from './image-input.ts';
import { type Lowered, Lowering } from './lowering.ts';
import { readModel } from './proto.ts';
import { RULES } from './rules/table.ts';
import { Source } from './source.ts';
import { tidyName, valueNames } from './value-names.ts';

export { match } from './proto.ts';

/** What is known of a model beside its file; the rest is read off it or assumed, and said to be. */
export interface Knowledge {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly licence: string;
  /** Name of the input that takes the image. */
  readonly input?: string | undefined;
  readonly preprocess?: Preprocess | undefined;
  readonly pixels?: PixelRange | undefined;
  readonly size?: number | undefined;
}

/** Protobuf has no larger message. */
const LARGEST_FILE = 2 ** 31 - 1;
const ASSUMED_SIZE = 224;

/** Reads the model at the path `file`. Throws where it, or a file of weights that it names, is not what it should be. */
export async function open(file: string, knowledge: Knowledge): Promise<Model> {
  const { size } = await stat(file);
  if (size > LARGEST_FILE)
    throw fault({
      where: file,
      expected: 'less than 2 GiB',
      name: 'the file',
      received: `${size} bytes`,
      remedy: 'Save it with its weights in a file of their own: onnx.save(model, path, save_as_external_data=True).',
    });
  const { buffer, byteOffset, byteLength } = await readFile(file);
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let proto: ReturnType<typeof readModel>;
  try {
    proto = readModel(bytes);
  } catch (cause) {
    throw fault({
      where: file,
      expected: 'a whole ONNX file',
      name: 'the model',
      received: `${bytes.length} bytes that end or go wrong within (${reason(cause)})`,
      remedy: 'The file was altered or cut short: fetch or export the model again.',
      cause,
    });
  }
  const source = new Source(proto, await readExternal(proto, file), file);
  return new OnnxModel(source, proto.metadata, knowledge);
}

class OnnxModel implements Model {
  readonly format = 'onnx';
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly licence: string;
  readonly weightsSha256: string;
  readonly preprocess: Preprocess;
  readonly size: number;
  readonly assumptions: readonly string[];
  readonly #file: Source;
  readonly #image: ImageInput;
  readonly #reversed: boolean;
  readonly #dependents: ReadonlySet<string>;
  readonly #limit: number;
  readonly #names: ReadonlyMap<string, string>;
  readonly #cache: FoldCache = new Map();
  readonly #layers = new Map<string, readonly Layer[]>();
  readonly #slugs: ReadonlyMap<string, string>;
  /** How the network has each layer's value; that does not depend on the size. */
  readonly #layouts: ReadonlyMap<string, Layout>;
  /** The file's value behind a layer. */
  readonly #values: ReadonlyMap<string, string>;

  constructor(file: Source, metadata: ReadonlyMap<string, string>, known: Knowledge) {
    this.id = known.id;
    this.title = known.title;
    this.source = known.source;
    this.licence = known.licence;
    this.#file = file;
    this.#image = findImage(file, known.input);
    const image = this.#image;
    this.weightsSha256 = digest(file);
    let weights = 0;
    for (const [, { data }] of file.initializers()) weights += data.length;
    this.#limit = 2 ** 25 + 8 * weights;
    this.#dependents = file.dependents(image.name);
    this.#names = valueNames(file);
    this.size = known.size ?? image.height ?? image.width ?? sizeFrom(metadata) ?? ASSUMED_SIZE;
    this.#reversed = /^bgr/i.test(metadata.get('Image.BitmapPixelFormat') ?? '') && image.channels === 3;
    const { graph, lowering } = this.#whole(...this.#natural());
    const offered = this.#offered(graph, lowering);
    if (offered.size === 0) throw lowering.firstFailure ?? this.#nothing();
    this.#layouts = offered;
    this.#slugs = slugsOf([...offered.keys()], tidyName);
    this.#values = valuesOf(lowering, file);
    this.#layers.set(`${this.#natural()}`, this.#describe(graph, lowering));
    const found = findRange(file, image, metadata);
    this.preprocess = known.preprocess ?? (known.pixels ? toPreprocess(known.pixels, image.channels) : found.preprocess);
    const sized = known.size ?? image.height ?? image.width ?? sizeFrom(metadata);
    this.assumptions = [
      ...image.assumptions,
      ...(known.preprocess || known.pixels ? [] : found.assumptions),
      ...(sized === undefined ? [`it was trained on images of ${ASSUMED_SIZE} pixels`] : []),
      ...lowering.notes,
      ...this.#unread(lowering),
    ];
  }

  layers(size?: number): readonly Layer[] {
    const extents = size === undefined || size === this.size ? this.#natural() : ([size, size] as const);
    const known = this.#layers.get(`${extents}`);
    if (known) return known;
    const { graph, lowering } = this.#whole(...extents);
    const made = this.#describe(graph, lowering);
    this.#layers.set(`${extents}`, made);
    return made;
  }

  graph(request: GraphRequest): Graph {
    const known = [...this.#slugs].map(([name, slug]) => ({ name, slug }));
    for (const name of request.layers) if (!this.#slugs.has(name)) throw unknownLayer(this.id, known, name);
    const { batch } = request;
    const own = this.#image.batch ?? 1;
    try {
      const graph = this.#lower(request);
      if (batch === own || this.#image.batch === undefined || this.#agrees(graph, this.#lower({ ...request, batch: own }), batch))
        return graph;
    } catch (error) {
      if (batch === own) throw this.#sized(request, error);
    }
    if (batch % own !== 0) throw this.#wrongBatch(batch, own);
    // The file puts its images together in a way that no other batch goes through: so each goes through by itself.
    try {
      return unrollGraph(this.#lower({ ...request, batch: own }), batch);
    } catch (error) {
      throw this.#sized(request, error);
    }
  }

  /** Height and width that the file is made for. */
  #natural(): readonly [number, number] {
    const { height, width } = this.#image;
    return height !== undefined && width !== undefined && (this.size === height || this.size === width)
      ? [height, width]
      : [this.size, this.size];
  }

  #start(batch: number, height: number, width: number): Lowering {
    const { name, channels, channelsLast, batch: fixedBatch } = this.#image;
    const lowering = new Lowering({
      source: this.#file,
      rules: RULES,
      input: name,
      dependents: this.#dependents,
      fixedBatch,
      shape: [batch, channels, height, width],
      names: this.#names,
      limit: this.#limit,
    });
    const { builder } = lowering;
    let image = INPUT;
    if (this.#reversed) image = builder.add('Gather', [image, builder.integers([2, 1, 0])], { axis: 1 }, { name: '~reversed' });
    if (channelsLast) image = builder.add('Transpose', [image], { perm: [0, 2, 3, 1] }, { name: '~channels-last' });
    lowering.set(name, { name: image });
    return lowering;
  }

  /** Everything that can be lowered at that size, folded, whatever becomes of the rest. */
  #whole(height: number, width: number): { graph: Graph; lowering: Lowering } {
    const lowering = this.#start(this.#image.batch ?? 1, height, width);
    lowering.run(this.#file.nodes);
    const { builder } = lowering;
    const graph = builder.build(builder.nodes.flatMap(({ outputs }) => outputs));
    return { graph: foldAffine(graph, new Set(), this.#cache), lowering };
  }

  #lower({ layers, batch, height, width }: GraphRequest): Graph {
    const lowering = this.#start(batch, height, width);
    const values = layers.map((layer) => this.#values.get(layer) ?? layer);
    lowering.run(this.#file.needed(values));
    const made = values.map((value, i) => {
      const lowered = lowering.find(value);
      if (lowered && 'name' in lowered) return lowered.name;
      throw lowering.failure(value) ?? unknownLayer(this.id, [], layers[i]);
    });
    const graph = foldAffine(lowering.builder.build(made), new Set(made), this.#cache);
    const layouts = new Map(layers.map((layer): [string, Layout | undefined] => [layer, this.#layouts.get(layer)]));
    return finishGraph(graph, new Map(layers.map((layer, i) => [layer, made[i]])), layouts);
  }

  /** Layers are fixed at the trained size, so that a layer has one address whatever the size of the pictures. */
  #offered(graph: Graph, lowering: Lowering): ReadonlyMap<string, Layout> {
    const labelling = labelGraph(graph, INPUT);
    const values = valuesOf(lowering, this.#file);
    const offered = new Map<string, Layout>();
    for (const { op, outputs } of graph.nodes) {
      const layout = layoutOf(labelling.of(outputs[0]));
      if (layout && values.has(outputs[0]) && !REARRANGING.has(op)) offered.set(outputs[0], layout);
    }
    return offered;
  }

  #describe(graph: Graph, lowering: Lowering): readonly Layer[] {
    return describeLayers(graph, { slugs: this.#slugs, fileOperators: lowering.fileOperators, layouts: this.#layouts });
  }

  /** Whether a graph for another batch makes of each image what the file's own batch makes. */
  #agrees(graph: Graph, own: Graph, batch: number): boolean {
    return graph.outputs.every((name) => {
      const [mine, others] = [graph.types.get(name)?.shape ?? [], own.types.get(name)?.shape ?? []];
      return mine[0] === batch && mine.slice(1).every((extent, i) => extent === others[i + 1]);
    });
  }

  #unread(lowering: Lowering): string[] {
    const first = lowering.firstFailure;
    return first ? [`layers behind what cannot be read are not offered: ${first.message.split('\n')[0]}`] : [];
  }

  #nothing(): Error {
    return fault({
      where: this.#file.where,
      expected: 'a layer whose channels can be told apart',
      name: 'the network',
      received: `${this.#file.nodes.length} nodes without one`,
      remedy: 'Only networks with convolutions, matrix products or normalisations over channels can be visualised.',
    });
  }

  /** What an error at another size than the file's comes to. */
  #sized({ layers, height, width }: GraphRequest, cause: unknown): unknown {
    const [ownHeight, ownWidth] = this.#natural();
    if (height === ownHeight && width === ownWidth) return cause;
    const fixed = this.#image.height !== undefined || this.#image.width !== undefined;
    const least = height >= ownHeight && width >= ownWidth ? undefined : this.#leastSize(layers, Math.min(height, width));
    return fault({
      where: this.id,
      expected: least === undefined ? `images of ${ownHeight}×${ownWidth} pixels` : `an image size of at least ${least} pixels`,
      name: `the layer "${layers.join(', ')}"`,
      received: `${height}×${width}`,
      remedy:
        least === undefined
          ? `${fixed ? 'Shapes of that size are written into the file' : 'The layer does not fit the size'}: use ${ownHeight}×${ownWidth} pixels${
              fixed ? ', or export the model with open height and width' : ''
            }. (${reason(cause).split('\n')[0]})`
          : `The image size is too small for the layer: use ${least} pixels or more a side, or a layer nearer to the image.`,
      cause,
    });
  }

  /** The smallest size above `from` at which the layers have a graph, where every size between it and the file's own does. */
  #leastSize(layers: readonly string[], from: number): number | undefined {
    const fits = (size: number) => {
      try {
        this.#lower({ layers, batch: this.#image.batch ?? 1, height: size, width: size });
        return true;
      } catch {
        return false;
      }
    };
    let [small, large] = [from, Math.max(...this.#natural())];
    // A file with shapes written into it takes one size and none beside it.
    if (large - small < 1 || !fits(large - 1) || !fits((small + large) >> 1 || 1)) return undefined;
    large = (small + large) >> 1;
    while (large - small > 1) {
      const middle = (small + large) >> 1;
      if (fits(middle)) large = middle;
      else small = middle;
    }
    return large;
  }

  #wrongBatch(batch: number, own: number): Error {
    return fault({
      where: this.id,
      expected: `a multiple of ${own} images`,
      name: 'the batch',
      received: batch,
      remedy: `The file is made for ${own} at a time: use --batch ${own}, or export it with an open batch.`,
    });
  }
}

/** Operators whose value is only another arrangement of their input's. */
const REARRANGING: ReadonlySet<string> = new Set([
  'Reshape',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Expand',
  'Tile',
  'Slice',
  'Pad',
  'Cast',
  'Identity',
  'Split',
]);

/** The file's value behind each name of the graph: the first that became it. */
function valuesOf(lowering: Lowering, file: Source): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { outputs } of file.nodes) {
    for (const output of outputs) {
      const lowered: Lowered | undefined = output === '' ? undefined : lowering.find(output);
      if (lowered && 'name' in lowered && lowered.name !== INPUT && !values.has(lowered.name)) values.set(lowered.name, output);
    }
  }
  return values;
}

/** Ultralytics' exporter writes `imgsz`: `[640, 640]`. */
function sizeFrom(metadata: ReadonlyMap<string, string>): number | undefined {
  const [size] = (metadata.get('imgsz') ?? '').match(/\d+/) ?? [];
  return size === undefined ? undefined : Number(size);
}
