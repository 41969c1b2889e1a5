/** Exchanging nodes of a finished graph. */
import { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Node } from '../graph/graph.ts';

/** Adds nodes that make the outputs of the node replaced, under their names, from what was made before it. */
export type Replacement = (builder: GraphBuilder) => void;

/** Who makes and who reads what in a graph. */
export interface Wiring {
  readonly graph: Graph;
  readonly makers: ReadonlyMap<string, Node>;
  readonly readers: ReadonlyMap<string, readonly Node[]>;
}

/**
 * The graph with every node replaced that `find` has something for, without what nothing reads any more; the same graph where there is
 * none.
 */
export function rewrite(graph: Graph, find: (node: Node) => Replacement | undefined): Graph {
  const replacements = new Map(graph.nodes.map((node) => [node, find(node)]));
  if ([...replacements.values()].every((replacement) => replacement === undefined)) return graph;
  const builder = new GraphBuilder((name) => graph.types.has(name));
  for (const [name, type] of graph.inputs) builder.input(name, type);
  for (const [name, tensor] of graph.constants) builder.constant(tensor, name);
  for (const [node, replace] of replacements) {
    if (replace) replace(builder);
    else builder.append(node);
  }
  return builder.build(graph.outputs);
}

/** Whether one input of one node is all that reads a value. */
export function isReadOnce({ graph, readers }: Wiring, value: string): boolean {
  return readers.get(value)?.length === 1 && !graph.outputs.includes(value);
}

export function wiringOf(graph: Graph): Wiring {
  const readers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of node.inputs) {
      const known = readers.get(name);
      if (known) known.push(node);
      else readers.set(name, [node]);
    }
  }
  return { graph, makers: new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const))), readers };
}
