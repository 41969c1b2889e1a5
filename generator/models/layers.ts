/** What can be said of a network's layers from its graph alone: taps, receptive fields, strides; finding one by its name; which to begin with. */
import { fault } from '../graph/errors.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { composedActivations } from './activations.ts';
import { type Layout, layerShape } from './layouts.ts';
import type { Layer, Model, Tap } from './model.ts';
import { receptiveFields } from './receptive-fields.ts';

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
      receptiveField: Math.ceil(field.side),
      stride: Math.max(1, Math.round(field.stride)),
    });
  }
  return layers;
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
    .map(({ name, slug }) => ({
      slug,
      // `layer3` is what `layer3-0-conv1` begins with, however many letters more that has.
      part: received !== '' && (slug.startsWith(received) || name.includes(received)) ? 0 : 1,
      distance: Math.min(editDistance(slug, received), editDistance(name, received)),
    }))
    .sort((a, b) => a.part - b.part || a.distance - b.distance)
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
export function editDistance(a: string, b: string): number {
  const other = b.slice(0, 200);
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a.slice(0, 200)].entries()) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (letter === other[j] ? 0 : 1)));
    row = next;
  }
  return row[other.length];
}
