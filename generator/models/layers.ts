/** What can be said of a network's layers from its graph alone: taps, receptive fields, strides; and finding one by its name. */
import { fault } from '../graph/errors.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { composedActivations } from './activations.ts';
import { type Labelling, labelGraph } from './axis-labels.ts';
import { type Layout, layerShape } from './layouts.ts';
import type { Layer, Model, Tap } from './model.ts';

/** What {@link describeLayers} needs beside the graph. */
export interface LayerNames {
  /** Slug by value name, for the values to describe; others are left out. */
  readonly slugs: ReadonlyMap<string, string>;
  /** The operator that made a value, as the file names it: `Relu6`. */
  readonly fileOperators: ReadonlyMap<string, string>;
  /** How each value is laid out; where left out, all that have four axes are NCHW, and nothing else is a layer. */
  readonly layouts?: ReadonlyMap<string, Layout>;
}

const NONLINEARITIES: ReadonlySet<string> = new Set(
  'Relu Clip Sigmoid Tanh Softmax LeakyRelu PRelu Elu Selu Celu ThresholdedRelu HardSigmoid HardSwish Softplus Softsign LogSoftmax'.split(
    ' ',
  ),
);
/** Non-linearities of files that take several ONNX operators. */
const COMPOSED: ReadonlySet<string> = new Set(['Prelu', 'ReLU', 'LeakyRelu', 'Gelu', 'Mish', 'Swish', 'Shrink']);

/** Describes the values of `graph` that have a slug, in the graph's order. */
export function describeLayers(graph: Graph, { slugs, fileOperators, layouts }: LayerNames): readonly Layer[] {
  const fields = receptiveFields(graph);
  const activations = new Map<string, Node>();
  for (const node of graph.nodes)
    if (NONLINEARITIES.has(node.op) && !activations.has(node.inputs[0])) activations.set(node.inputs[0], node);
  const composed = composedActivations(graph);
  const made = new Map(composed.map(({ output, name }) => [output, name]));
  const applied = new Map(composed.map(({ input, name }) => [input, name]));
  const layers: Layer[] = [];
  for (const node of graph.nodes) {
    const [name] = node.outputs;
    const slug = slugs.get(name);
    const field = fields.get(name);
    const shape = graph.types.get(name)?.shape;
    const layout = layouts ? layouts.get(name) : 'NCHW';
    if (!slug || !field || !shape || !layout || (!layouts && shape.length !== 4)) continue;
    const after = made.has(name) || NONLINEARITIES.has(node.op) || COMPOSED.has(fileOperators.get(name) ?? '');
    const activation = after ? node : activations.get(name);
    const nonlinearity =
      (after ? made.get(name) : applied.get(name)) ??
      (activation && (fileOperators.get(activation.outputs[0].replace(/~.*$/, '')) ?? activation.op));
    const tap: Tap = after ? 'after' : nonlinearity ? 'before' : 'linear';
    layers.push({
      name,
      slug,
      tap,
      ...(nonlinearity ? { nonlinearity } : {}),
      operator: node.op,
      shape: layerShape(layout, shape),
      ...(layout === 'NCHW' ? {} : { layout }),
      receptiveField: field.side,
      stride: field.stride,
    });
  }
  return layers;
}

/** Side and stride in input pixels. */
interface Field {
  readonly side: number;
  readonly stride: number;
}

/** The receptive field of every value that depends on an input, the larger of height and width (Araujo, Norris & Sim 2019, equation 2). */
export function receptiveFields(graph: Graph): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>([...graph.inputs.keys()].map((name) => [name, { side: 1, stride: 1 }]));
  const labels = labelGraph(graph, [...graph.inputs.keys()][0] ?? '');
  for (const node of graph.nodes) {
    const read = node.inputs.map((name) => fields.get(name)).filter((field) => field !== undefined);
    if (read.length === 0) continue;
    const side = Math.max(...read.map((field) => field.side));
    const stride = Math.max(...read.map((field) => field.stride));
    const { reach, step } = windowOf(node, graph, labels);
    for (const output of node.outputs) fields.set(output, { side: side + (reach - 1) * stride, stride: stride * step });
  }
  return fields;
}

/** How many neighbouring positions of its input one position of a node's output sees, and how far apart those of neighbours begin. */
function windowOf(node: Node, graph: Graph, labels: Labelling): { reach: number; step: number } {
  const extents = (name: string) => graph.types.get(name)?.shape.slice(2) ?? [];
  if (node.op === 'Conv' || node.op === 'MaxPool' || node.op === 'AveragePool') {
    const kernel = node.op === 'Conv' ? extents(node.inputs[1]) : node.attributes.kernel_shape;
    const dilations = node.op === 'AveragePool' ? [1, 1] : node.attributes.dilations;
    return { reach: Math.max(...kernel.map((extent, i) => dilations[i] * (extent - 1) + 1)), step: Math.max(...node.attributes.strides) };
  }
  if (node.op === 'MatMul' && !graph.constants.has(node.inputs[0]) && !graph.constants.has(node.inputs[1])) {
    // Attention: as many positions as its square matrix of weights has, in a square.
    const [rows, columns] = (graph.types.get(node.inputs[0])?.shape ?? []).slice(-2);
    return { reach: rows === columns ? Math.ceil(Math.sqrt(rows)) : 1, step: 1 };
  }
  // Its one position has no neighbour, and may be spread over a finer map again.
  if (/^Global(Average|Max)Pool$/.test(node.op)) return { reach: Math.max(1, ...extents(node.inputs[0])), step: 1 };
  if (/^Reduce(Mean|Max|Min)$/.test(node.op)) return { reach: reducedPositions(node, graph, labels), step: 1 };
  return { reach: 1, step: 1 };
}

/** Side of the square of positions that a reduction takes together: tokens in a row are a square's; along the channels it is one. */
function reducedPositions(node: Node, graph: Graph, labels: Labelling): number {
  const shape = graph.types.get(node.inputs[0])?.shape ?? [];
  const own = labels.of(node.inputs[0]);
  const { axes } = node.attributes as { axes: readonly number[] };
  const spatial = axes.map((axis) => (axis < 0 ? axis + shape.length : axis)).filter((axis) => axis > 0 && own[axis] !== 'C');
  const extents = spatial.map((axis) => shape[axis]);
  return shape.length === 3 ? Math.ceil(Math.sqrt(Math.max(1, ...extents))) : Math.max(1, ...extents);
}

/**
 * The model's layer of that name or slug, at `size` (the trained size if left out). Throws naming the nearest ones where there is none, and
 * where the size is too small for it.
 */
export function findLayer(model: Model, nameOrSlug: string, size: number = model.size): Layer {
  const known = model.layers();
  const found = known.find(({ name }) => name === nameOrSlug) ?? known.find(({ slug }) => slug === nameOrSlug);
  if (!found) throw unknownLayer(model.id, known, nameOrSlug);
  model.graph({ layers: [found.name], batch: 1, height: size, width: size });
  return model.layers(size).find(({ name }) => name === found.name) ?? found;
}

/** The most layers that a plan gets by itself. */
const MOST_SUGGESTED = 12;
const LINEAR: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Add', 'Sum', 'Concat']);

/**
 * The layers to begin with: what comes out of non-linearities, of blocks (sums and joins) and of linear convolutions, where there is more than
 * one position, and the last vector (class logits); no more than a dozen, evenly through the network.
 */
export function suggestLayers(layers: readonly Layer[]): readonly Layer[] {
  const worth = layers.filter(({ operator, tap, shape, layout }) => {
    if (layout === 'NC' || shape[1] * shape[2] <= 1 || shape[0] <= 1) return false;
    return tap === 'after' ? operator !== 'Softmax' : tap === 'linear' && LINEAR.has(operator);
  });
  const last = layers.at(-1);
  const end = last && !worth.includes(last) && last.shape[0] > 1 ? [last] : [];
  const room = MOST_SUGGESTED - end.length;
  const spread =
    worth.length <= room ? worth : Array.from({ length: room }, (_, i) => worth[Math.round((i * (worth.length - 1)) / (room - 1))]);
  return spread.length + end.length > 0 ? [...spread, ...end] : layers.slice(-1);
}

/** The error for a layer that a model does not have. */
export function unknownLayer(where: string, known: readonly Pick<Layer, 'name' | 'slug'>[], received: string): Error {
  const near = known
    .map(({ name, slug }) => ({ slug, distance: Math.min(editDistance(slug, received), editDistance(name, received)) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3);
  return fault({
    where,
    expected: 'the name or slug of one of its layers',
    name: 'the layer',
    received,
    remedy: `Nearest: ${near.map(({ slug }) => slug).join(', ')}. "atlas layers MODEL" lists them all.`,
    exitCode: 2,
  });
}

/** Levenshtein's distance: insertions, deletions and replacements that turn one text into the other. */
function editDistance(a: string, b: string): number {
  const other = b.slice(0, 200);
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a.slice(0, 200)].entries()) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (letter === other[j] ? 0 : 1)));
    row = next;
  }
  return row[other.length];
}
