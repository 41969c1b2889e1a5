/** What onnxruntime's WebGPU provider takes and then fails to run, or runs wrongly: found by the contract tests, and left to the CPU. */
import type { Graph, Node } from '../graph/graph.ts';

/** Whether a node must stay on the CPU. */
export function mustStayOnHost(node: Node, { types, constants }: Graph): boolean {
  const rank = (name: string) => types.get(name)?.shape.length ?? 0;
  const isSingle = (weights: string) =>
    types
      .get(weights)
      ?.shape.slice(2)
      .every((extent) => extent === 1) ?? false;
  switch (node.op) {
    // Pooling that tells where its maxima were.
    case 'MaxPool':
      return node.outputs.length > 1;
    // Steps backwards give wrong values.
    case 'Slice': {
      const steps = constants.get(node.inputs[4]);
      return steps !== undefined && Array.from<bigint | number, number>(steps.data, Number).some((step) => step < 0);
    }
    // Exponents that broadcast, but for one number.
    case 'Pow':
      return rank(node.inputs[1]) > 0;
    // Axes behind an ellipsis.
    case 'Einsum':
      return node.attributes.equation.includes('.');
    // Volumes, and a 1×1 convolution with padding, which it takes for a matrix product.
    case 'Conv':
      return rank(node.inputs[0]) > 4 || (isSingle(node.inputs[1]) && node.attributes.pads.some((pad) => pad > 0));
    case 'ConvTranspose':
      return rank(node.inputs[0]) > 4;
    default:
      return false;
  }
}
