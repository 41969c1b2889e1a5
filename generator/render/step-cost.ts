/** How long a step takes, told from the graph: what the layers of a plan are weighed by before anything is rendered. */
import type { RenderSettings } from '../../data/schema.ts';
import { parseEquation } from '../graph/einsum.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor.ts';
import type { Model } from '../models/model.ts';
import { networkGraph } from './programs.ts';
import { canvasSize } from './transformation.ts';

/** What a layer's step is made of. */
export interface StepWork {
  /** Multiplications of convolutions and matrix products, forward and back. */
  readonly products: number;
  /** Numbers that the operators write. */
  readonly values: number;
  /** Pixels of the canvas: parameters, transformation and update. */
  readonly pixels: number;
}

/** Milliseconds on one core for a million of each, fitted to measurements (test/bench/RESULTS.md). */
const MILLISECONDS = { products: 0.0202, values: 0.153, pixels: 42 };

/**
 * About how many milliseconds a step of one picture takes on one core. What counts is the proportion of layers to each other; the number depends
 * on the network, the layer and the settings alone, so that every machine finds the same.
 */
export function stepCost(request: { model: Model; layer: string; settings: RenderSettings }): number {
  const work = stepWork(request);
  const parts = (['products', 'values', 'pixels'] as const).map((part) => (work[part] / 1e6) * MILLISECONDS[part]);
  return parts.reduce((sum, part) => sum + part, 0);
}

/** Counts a step's work. `layer` is a layer's name. */
export function stepWork({ model, layer, settings }: { model: Model; layer: string; settings: RenderSettings }): StepWork {
  const pictures = settings.group?.pictures ?? 1;
  const network = networkGraph({ model, layer, settings, batch: pictures });
  const sum = (count: (node: Node) => number) => network.nodes.reduce((total, node) => total + count(node), 0) / pictures;
  return {
    products: sum((node) => countProducts(node, network)),
    values: sum((node) => node.outputs.reduce((total, name) => total + sizeOf(shapeOf(network, name)), 0)),
    pixels: canvasSize(settings) ** 2,
  };
}

function countProducts({ op, inputs, outputs, attributes }: Node, graph: Graph): number {
  const [first, second] = inputs.map((name) => shapeOf(graph, name));
  const result = sizeOf(shapeOf(graph, outputs[0]));
  switch (op) {
    case 'Conv':
      return result * sizeOf(second.slice(1));
    case 'ConvTranspose':
      return sizeOf(first) * sizeOf(second.slice(1));
    case 'MatMul':
      return result * (first.at(-1) ?? 1);
    case 'Gemm':
      return result * first[attributes.transA === 1 ? 0 : 1];
    case 'Einsum':
      return countSummed(
        attributes.equation,
        inputs.map((name) => shapeOf(graph, name)),
      );
    default:
      return 0;
  }
}

/** The extents of all indices of an equation, multiplied. */
function countSummed(equation: string, shapes: readonly (readonly number[])[]): number {
  const { terms } = parseEquation(
    equation,
    shapes.map(({ length }) => length),
  );
  const extents = new Map(terms.flatMap((term, i) => [...term].map((index, axis) => [index, shapes[i][axis]] as const)));
  return sizeOf([...extents.values()]);
}

function shapeOf({ types }: Graph, name: string): readonly number[] {
  return types.get(name)?.shape ?? [];
}
