/** C1: finding a layer of a network that a rotation can be folded into, and a layer after it to see that nothing has changed. */
import { AtlasError } from '../../graph/errors.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Layer, Model } from '../../models/model.ts';
import { findRotated, type Rotated } from './fold-rotation.ts';
import type { Study } from './study.ts';

/** A layer, what is rotated with it, and the last layer that depends on it. */
export interface LinearLayer {
  readonly layer: Layer;
  readonly output: string;
  readonly rotated: Rotated;
}

/** The first layer that can be rotated: of the atlas's, then of the network's. Nothing where none is between convolutions alone. */
export function findLinearLayer({ atlas, model }: Pick<Study, 'atlas' | 'model'>, size: number): LinearLayer | undefined {
  const own = new Set(atlas.layers.map(({ name }) => name));
  const linear = model.layers(size).filter(({ tap }) => tap === 'linear');
  for (const layer of [...linear.filter(({ name }) => own.has(name)), ...linear.filter(({ name }) => !own.has(name))]) {
    const found = findOutput(model, layer, size);
    if (found) return found;
  }
  return undefined;
}

/** From the network's end: the first layer that has a graph at this size, in which the rotation is taken up before it is reached. */
function findOutput(model: Model, layer: Layer, size: number): LinearLayer | undefined {
  const names = model.layers(size).map(({ name }) => name);
  for (const output of names.slice(names.indexOf(layer.name) + 1).reverse()) {
    const rotated = tryRotating(model, layer.name, output, size);
    if (rotated) return { layer, output, rotated };
  }
  return undefined;
}

function tryRotating(model: Model, layer: string, output: string, size: number): Rotated | undefined {
  try {
    const graph = model.graph({ layers: [output, layer], batch: 1, height: size, width: size });
    const rotated = findRotated(graph, layer);
    return !rotated.values.includes(output) && dependsOn(graph, output, layer) ? rotated : undefined;
  } catch (error) {
    if (error instanceof AtlasError) return undefined;
    throw error;
  }
}

function dependsOn(graph: Graph, value: string, on: string): boolean {
  const reached = new Set([on]);
  for (const { inputs, outputs } of graph.nodes)
    if (inputs.some((name) => reached.has(name))) for (const name of outputs) reached.add(name);
  return reached.has(value);
}
