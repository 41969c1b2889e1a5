/** Products that a file gives their bias by a sum of its own: without it they are no layer. */
import type { Graph } from '../graph/graph.ts';

/** The products that nothing reads but a sum with a vector. */
export function withoutBias(graph: Graph): readonly string[] {
  const readers = Map.groupBy(
    graph.nodes.flatMap((node) => node.inputs.map((name) => ({ name, node }))),
    ({ name }) => name,
  );
  const isVector = (name: string) =>
    graph.constants
      .get(name)
      ?.shape.slice(0, -1)
      .every((extent) => extent === 1) ?? false;
  return graph.nodes.flatMap(({ op, outputs: [made] }) => {
    if (op !== 'MatMul') return [];
    const [first, ...others] = readers.get(made) ?? [];
    return first?.node.op === 'Add' && others.length === 0 && first.node.inputs.some(isVector) ? [made] : [];
  });
}
