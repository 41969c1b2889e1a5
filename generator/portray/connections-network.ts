/** A network as the walks of connections.ts see it: steps between values, each known to be linear or not, non-linearities in one piece. */
import type { Graph, Node } from '../graph/graph.ts';
import { composedActivations } from '../models/activations.ts';
import { labelGraph } from '../models/axis-labels.ts';
import { type Layout, layerShape, layoutOf } from '../models/layouts.ts';
import { INPUT, type Layer, type Model } from '../models/model.ts';
import { isCurve, isLinear, movingValues } from './connections-linear.ts';

/** An operator, or several that a file spells a non-linearity out in. */
export interface Step {
  /** `Conv`; `Silu`. */
  readonly op: string;
  /** Those that depend on the picture. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly kind: 'linear' | 'curve' | 'other';
  /** Nothing where it is made of several operators. */
  readonly node?: Node;
}

/** Where the numbers of a value stand: `[C,H,W]`, and the place of each in an image's flat array. */
export interface Place {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  at(channel: number, row: number, column: number): number;
}

/** See the fields. */
export interface Network {
  readonly graph: Graph;
  readonly batch: number;
  /** In the network's order. */
  readonly steps: readonly Step[];
  readonly makers: ReadonlyMap<string, Step>;
  readonly readers: ReadonlyMap<string, readonly Step[]>;
  /** The network's own value behind a layer's name, which the model returns turned to `[N,C,H,W]`. */
  valueOf(layer: string): string;
  /** What the model file calls a value. */
  nameOf(value: string): string;
  /** Nothing where no axis is known to hold channels. */
  placeOf(value: string): Place | undefined;
}

/** The whole network for `batch` images, or for one at a time where its file holds it to a batch; at the size it was trained at, where every layer is there. */
export function readNetwork(model: Model, batch: number): Network {
  const layers = model.layers();
  const open = (images: number) =>
    model.graph({ layers: layers.map(({ name }) => name), batch: images, height: model.size, width: model.size });
  const one = open(1);
  const many = open(batch);
  // Where the network is repeated for every image of a batch, its values are no longer those of the file.
  return many.nodes.length === one.nodes.length ? networkOf(many, layers, batch) : networkOf(one, layers, 1);
}

function networkOf(graph: Graph, layers: readonly Layer[], batch: number): Network {
  const { views, own } = findViews(graph, layers);
  const names = new Map([...own].map(([layer, value]) => [value, layer]));
  const steps = listSteps(graph, views);
  const readers = new Map<string, Step[]>();
  for (const step of steps)
    for (const name of new Set(step.inputs)) {
      const known = readers.get(name);
      if (known) known.push(step);
      else readers.set(name, [step]);
    }
  const labels = labelGraph(graph, INPUT);
  return {
    graph,
    batch,
    steps,
    makers: new Map(steps.flatMap((step) => step.outputs.map((name) => [name, step] as const))),
    readers,
    valueOf: (layer) => own.get(layer) ?? layer,
    nameOf: (value) => names.get(value) ?? value.replace(/~.*$/, ''),
    placeOf: (value) => {
      const layout = layoutOf(labels.of(value));
      return layout && placeIn(layout, graph.types.get(value)?.shape ?? []);
    },
  };
}

function placeIn(layout: Layout, shape: readonly number[]): Place {
  const [channels, height, width] = layerShape(layout, shape);
  const last = layout === 'NHWC' || layout === 'NTC';
  const at = (channel: number, row: number, column: number) =>
    last ? (row * width + column) * channels + channel : (channel * height + row) * width + column;
  return { channels, height, width, at };
}

/** The operators at the end that do nothing but turn a layer to `[N,C,H,W]` for its reader, and the values that they turn. */
function findViews(graph: Graph, layers: readonly Layer[]): { views: Set<Node>; own: Map<string, string> } {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const read = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  const views = new Set<Node>();
  const own = new Map<string, string>();
  for (const { name, layout } of layers) {
    const operators = { NHWC: ['Transpose'], NTC: ['Reshape', 'Transpose'], NC: ['Reshape'], NCHW: ['Identity'] }[layout ?? 'NCHW'];
    const chain: Node[] = [];
    let value = name;
    for (const op of operators) {
      const maker = makers.get(value);
      if (maker?.op !== op || (value === name && read.has(name))) break;
      chain.push(maker);
      value = maker.inputs[0];
    }
    if (chain.length < operators.length) continue;
    for (const node of chain) views.add(node);
    own.set(name, value);
  }
  return { views, own };
}

/** Operators that depend on the picture, those of a composed non-linearity as one. */
function listSteps(graph: Graph, views: ReadonlySet<Node>): Step[] {
  const moving = movingValues(graph);
  const moves = (name: string) => moving.has(name);
  const composed = composedActivations(graph);
  const inner = new Set(composed.flatMap((activation) => activation.inner));
  const ends = new Map(composed.map((activation) => [activation.output, activation]));
  return graph.nodes.flatMap((node): Step[] => {
    const { op, outputs } = node;
    const end = ends.get(outputs[0]);
    if (end) return [{ op: end.name, inputs: [end.input], outputs, kind: 'curve' }];
    const inputs = node.inputs.filter(moves);
    if (inputs.length === 0 || views.has(node) || outputs.every((name) => inner.has(name))) return [];
    return [{ op, inputs, outputs, node, kind: isLinear(graph, node, moves) ? 'linear' : isCurve(node) ? 'curve' : 'other' }];
  });
}
