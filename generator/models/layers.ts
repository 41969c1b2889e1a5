/** What can be said of a network's layers from its graph alone: taps, receptive fields, strides; and finding one by its name. */
import { fault } from '../graph/errors.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { Layer, Model, Tap } from './model.ts';

/** What {@link describeLayers} needs beside the graph. */
export interface LayerNames {
  /** Slug by value name, for the values to describe; others are left out. */
  readonly slugs: ReadonlyMap<string, string>;
  /** The operator that made a value, as the file names it: `Relu6`. */
  readonly fileOperators: ReadonlyMap<string, string>;
}

const NONLINEARITIES: ReadonlySet<string> = new Set(['Relu', 'Clip', 'Sigmoid', 'Tanh', 'Softmax']);
/** Non-linearities of files that take several ONNX operators. */
const COMPOSED: ReadonlySet<string> = new Set(['Prelu', 'LeakyRelu']);

/** Describes the four-dimensional values of `graph` that have a slug, in the graph's order. */
export function describeLayers(graph: Graph, { slugs, fileOperators }: LayerNames): readonly Layer[] {
  const fields = receptiveFields(graph);
  const activations = new Map<string, Node>();
  for (const node of graph.nodes)
    if (NONLINEARITIES.has(node.op) && !activations.has(node.inputs[0])) activations.set(node.inputs[0], node);
  const layers: Layer[] = [];
  for (const node of graph.nodes) {
    const [name] = node.outputs;
    const slug = slugs.get(name);
    const field = fields.get(name);
    const shape = graph.types.get(name)?.shape;
    if (!slug || !field || shape?.length !== 4) continue;
    const after = NONLINEARITIES.has(node.op) || COMPOSED.has(fileOperators.get(name) ?? '');
    const activation = after ? node : activations.get(name);
    const tap: Tap = after ? 'after' : activation ? 'before' : 'linear';
    const nonlinearity = activation && (fileOperators.get(activation.outputs[0].replace(/~.*$/, '')) ?? activation.op);
    layers.push({
      name,
      slug,
      tap,
      ...(nonlinearity ? { nonlinearity } : {}),
      operator: node.op,
      shape: [shape[1], shape[2], shape[3]],
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
  for (const node of graph.nodes) {
    const read = node.inputs.map((name) => fields.get(name)).filter((field) => field !== undefined);
    if (read.length === 0) continue;
    const side = Math.max(...read.map((field) => field.side));
    const stride = Math.max(...read.map((field) => field.stride));
    const { reach, step } = windowOf(node, graph);
    for (const output of node.outputs) fields.set(output, { side: side + (reach - 1) * stride, stride: stride * step });
  }
  return fields;
}

/** How many neighbouring positions of its input one position of a node's output sees, and how far apart those of neighbours begin. */
function windowOf(node: Node, graph: Graph): { reach: number; step: number } {
  const extents = (name: string) => graph.types.get(name)?.shape.slice(2) ?? [];
  if (node.op === 'Conv' || node.op === 'MaxPool' || node.op === 'AveragePool') {
    const kernel = node.op === 'Conv' ? extents(node.inputs[1]) : node.attributes.kernel_shape;
    const dilations = node.op === 'AveragePool' ? [1, 1] : node.attributes.dilations;
    return { reach: Math.max(...kernel.map((extent, i) => dilations[i] * (extent - 1) + 1)), step: Math.max(...node.attributes.strides) };
  }
  const whole = Math.max(1, ...extents(node.inputs[0]));
  if (node.op === 'GlobalAveragePool' || (node.op === 'ReduceMean' && node.attributes.axes.some((axis) => axis >= 2)))
    return { reach: whole, step: 1 }; // Its one position has no neighbour, and may be spread over a finer map again.
  return { reach: 1, step: 1 };
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
