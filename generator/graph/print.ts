/** Graphs as text, for messages and debugging. */
import type { Graph, Node } from './graph.ts';

/** A line a node: `a~3 = Conv(input, W, B) {strides: [2,2], …}  # name`. */
export function printNodes(nodes: readonly Node[]): string {
  return nodes
    .map((node) => {
      const attributes = Object.entries(node.attributes).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
      const inputs = node.inputs.map((name) => name || '–');
      const name = node.name === node.outputs[0] ? '' : `  # ${node.name}`;
      return `${node.outputs.join(', ')} = ${node.op}(${inputs.join(', ')})${attributes.length ? ` {${attributes.join(', ')}}` : ''}${name}`;
    })
    .join('\n');
}

/** The whole graph: inputs and constants with their types, nodes, outputs. */
export function printGraph(graph: Graph): string {
  const declared = (kind: string, names: Iterable<string>) =>
    [...names].map((name) => {
      const type = graph.types.get(name);
      return `${kind} ${name}: ${type?.dtype}[${type?.shape}]`;
    });
  return [
    ...declared('input', graph.inputs.keys()),
    ...declared('constant', graph.constants.keys()),
    printNodes(graph.nodes),
    ...declared('output', graph.outputs),
  ].join('\n');
}
