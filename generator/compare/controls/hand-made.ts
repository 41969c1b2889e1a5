/** A network made by hand, as a {@link Model}: what the controls plant their answers in. */
import { canonicalJson, float32Bytes, sha256 } from '../../batch/canonical.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import type { Graph, OpName } from '../../graph/graph.ts';
import { describeLayers } from '../../models/layers.ts';
import { type GraphRequest, INPUT, type Model } from '../../models/model.ts';

/** What makes it. */
export interface HandMade {
  readonly id: string;
  readonly title: string;
  /** Side of its pictures in pixels. */
  readonly size: number;
  /** Adds the network to a builder that holds the input, {@link INPUT}, `[batch,3,height,width]` with values from −.5 to .5. */
  add(builder: GraphBuilder): void;
}

/** Every value with four axes is a layer under its own name, which must be a slug. The weights' hash is over the graph and all its constants. */
export function handMadeModel({ id, title, size, add }: HandMade): Model {
  const build = ({ layers, batch, height, width }: GraphRequest): Graph => {
    const builder = new GraphBuilder();
    builder.input(INPUT, { dtype: 'float32', shape: [batch, 3, height, width] });
    add(builder);
    return builder.build(layers.length > 0 ? layers : [builder.nodes[builder.nodes.length - 1].outputs[0]]);
  };
  const whole = (side: number) => build({ layers: [], batch: 1, height: side, width: side });
  return {
    id,
    title,
    format: 'hand-made',
    source: 'generator/compare/controls',
    licence: 'unknown',
    weightsSha256: hashGraph(whole(size)),
    preprocess: { scale: [1, 1, 1], offset: [-0.5, -0.5, -0.5] },
    size,
    assumptions: [],
    graph: build,
    layers: (side = size) => {
      const graph = whole(side);
      const names = graph.nodes.flatMap(({ outputs }) => outputs);
      return describeLayers(graph, { slugs: new Map(names.map((name) => [name, name])), fileOperators: new Map<string, OpName>() });
    },
  };
}

/** SHA-256 over nodes and constants. */
export function hashGraph({ nodes, constants }: Graph): string {
  const held = [...constants].map(([name, { dtype, shape, data }]) => [
    name,
    dtype,
    [...shape],
    data instanceof Float32Array ? sha256(float32Bytes(data)) : Array.from(data as ArrayLike<unknown>, String).join(),
  ]);
  return sha256(canonicalJson({ nodes, held }));
}
