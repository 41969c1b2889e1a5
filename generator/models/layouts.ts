/** Layers that are not `[N,C,H,W]`: a transformer's tokens, channels-last maps, vectors. A model's graph returns them as `[N,C,H,W]` all the same. */
import { GraphBuilder } from '../graph/builder.ts';
import { fault } from '../graph/errors.ts';
import type { Graph, Node } from '../graph/graph.ts';
import type { AxisLabels } from './axis-labels.ts';

/** How the network itself has a layer's value: `NTC` are tokens, which become `[N,C,T,1]`; `NC` is a vector, which becomes `[N,C,1,1]`. */
export type Layout = 'NCHW' | 'NHWC' | 'NTC' | 'NC';

const LAYOUTS: Readonly<Record<string, Layout>> = { 'N C . .': 'NCHW', 'N . . C': 'NHWC', 'N . C': 'NTC', 'N C': 'NC' };

/** The layout of a value whose axes are labelled so; nothing where it is none that a layer can have. */
export function layoutOf(labels: AxisLabels): Layout | undefined {
  return LAYOUTS[labels.map((label) => label || '.').join(' ')];
}

/** `[C,H,W]` of a value of that layout. */
export function layerShape(layout: Layout, shape: readonly number[]): readonly [number, number, number] {
  if (layout === 'NCHW') return [shape[1], shape[2], shape[3]];
  if (layout === 'NHWC') return [shape[3], shape[1], shape[2]];
  return layout === 'NTC' ? [shape[2], shape[1], 1] : [shape[1], 1, 1];
}

/** The graph with every layer as `[N,C,H,W]` under its own name. `made` is the graph's name of each layer's value. */
export function finishGraph(graph: Graph, made: ReadonlyMap<string, string>, layouts: ReadonlyMap<string, Layout | undefined>): Graph {
  const changed = [...made].filter(([layer, name]) => layer !== name || layouts.get(layer) !== 'NCHW');
  if (changed.length === 0) return graph;
  const taken = new Set(changed.map(([layer]) => layer));
  // Whatever has the name of a layer that gets an operator more is called otherwise.
  const rename = (name: string) => (taken.has(name) ? `${name}~own` : name);
  const builder = new GraphBuilder();
  for (const [name, type] of graph.inputs) builder.input(name, type);
  for (const [name, tensor] of graph.constants) builder.constant(tensor, name);
  for (const node of graph.nodes)
    builder.append({ ...node, name: rename(node.name), inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) } as Node);
  for (const [layer, name] of changed) addLayer(builder, rename(name), layer, layouts.get(layer));
  return builder.build([...made.keys()]);
}

function addLayer(builder: GraphBuilder, value: string, layer: string, layout: Layout | undefined): void {
  const names = { name: layer, outputs: [layer] };
  const shape = builder.shape(value);
  if (layout === 'NCHW') builder.add('Identity', [value], {}, names);
  else if (layout === 'NHWC') builder.add('Transpose', [value], { perm: [0, 3, 1, 2] }, names);
  else if (layout === 'NTC') {
    const turned = builder.add('Transpose', [value], { perm: [0, 2, 1] });
    builder.add('Reshape', [turned, builder.integers([shape[0], shape[2], shape[1], 1])], { allowzero: 0 }, names);
  } else if (layout === 'NC') builder.add('Reshape', [value, builder.integers([...shape, 1, 1])], { allowzero: 0 }, names);
  else
    throw fault({
      where: 'the graph',
      expected: 'one axis of channels',
      name: `the layer "${layer}"`,
      received: `a value of shape [${shape}]`,
      remedy: 'Use another size of the image, or a layer nearer to it.',
    });
}

/** A graph for `batch` images out of one for fewer: the same operators for each part of the batch, one after another, with the same weights. */
export function unrollGraph(graph: Graph, batch: number): Graph {
  const builder = new GraphBuilder();
  for (const [name, tensor] of graph.constants) builder.constant(tensor, name);
  const parts = new Map<string, string[]>(graph.outputs.map((name) => [name, []]));
  const [[input, type]] = graph.inputs;
  const each = type.shape[0];
  builder.input(input, { ...type, shape: type.shape.with(0, batch) });
  for (let start = 0; start < batch; start += each) {
    const slice = [start, start + each, 0, 1].map((value) => builder.integers([value]));
    const part = builder.add('Slice', [input, ...slice], {}, { name: `${input}~${start}` });
    const rename = (name: string) => (name === input ? part : name === '' || graph.constants.has(name) ? name : `${name}~${start}`);
    for (const node of graph.nodes)
      builder.append({
        ...node,
        name: `${node.name}~${start}`,
        inputs: node.inputs.map(rename),
        outputs: node.outputs.map(rename),
      } as Node);
    for (const name of graph.outputs) parts.get(name)?.push(rename(name));
  }
  for (const [name, made] of parts) builder.add('Concat', made, { axis: 0 }, { name, outputs: [name] });
  return builder.build(graph.outputs);
}
