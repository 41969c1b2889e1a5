/** A network made from another by changing its graph: rotated, with other weights, or fooled. */
import { canonicalJson, sha256 } from '../../batch/canonical.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import type { Graph, Node } from '../../graph/graph.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { GraphRequest, Model } from '../../models/model.ts';

/** What is changed. */
export interface Derivation {
  /** What is added to the model's id and goes into its hash: `rotated 641ac2…`. */
  readonly name: string;
  /** A layer that every graph must hold before it is changed, so that its value has a name in it. */
  readonly pinned?: string;
  /** Every graph of the network, to the one that takes its place; value names stay. */
  change(graph: Graph): Graph;
}

/** The network with the same layers and another graph. Its `weightsSha256` is a hash of the other's and the name. */
export function deriveModel(model: Model, { name, pinned, change }: Derivation): Model {
  return {
    id: `${model.id} ${name}`,
    title: `${model.title}, ${name}`,
    format: model.format,
    source: model.source,
    licence: model.licence,
    weightsSha256: sha256(canonicalJson([model.weightsSha256, name])),
    preprocess: model.preprocess,
    size: model.size,
    assumptions: model.assumptions,
    layers: (size) => model.layers(size),
    graph: (request: GraphRequest) => {
      const layers = pinned === undefined ? request.layers : [...new Set([...request.layers, pinned])];
      return GraphBuilder.from(change(model.graph({ ...request, layers }))).build(request.layers);
    },
  };
}

/** A graph with other constants at some inputs of some nodes: by the node's first output, then the input's place. Constants that nobody reads are left out. */
export function replaceConstants(graph: Graph, replaced: ReadonlyMap<string, ReadonlyMap<number, Tensor>>): Graph {
  const builder = new GraphBuilder();
  for (const [name, type] of graph.inputs) builder.input(name, type);
  for (const [name, tensor] of graph.constants) builder.constant(tensor, name);
  for (const node of graph.nodes) {
    const own = replaced.get(node.outputs[0]);
    const inputs = node.inputs.map((name, i) => {
      const tensor = own?.get(i);
      return tensor ? builder.constant(tensor, `${node.outputs[0]}~replaced-${i}`) : name;
    });
    builder.append({ ...node, inputs } as Node);
  }
  return builder.build(graph.outputs);
}
