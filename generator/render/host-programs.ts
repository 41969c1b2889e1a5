/** What a host stepper runs, as plain data: a thread of its own can be given it. */
import type { RenderSettings } from '../../data/schema.ts';
import type { Graph } from '../graph/graph.ts';
import type { Model, Preprocess } from '../models/model.ts';
import { networkGraph, updateGraph } from './programs.ts';

export interface HostPrograms {
  /** The network and its gradient, for one picture. */
  readonly network: Graph;
  /** The same with redirected non-linearities, where the settings begin with them. */
  readonly redirected?: Graph;
  /** The parameters' update, for one picture. */
  readonly update: Graph;
  readonly settings: RenderSettings;
  readonly preprocess: Preprocess;
  /** `[C,H,W]` of the layer on the canvas. */
  readonly layerShape: readonly number[];
}

/**
 * The programs of a layer. They take one picture at a time, whatever the batch: its activations then stay in a core's cache, and what a picture
 * becomes cannot depend on its neighbours.
 */
export function hostPrograms(model: Model, layer: string, settings: RenderSettings): HostPrograms {
  const request = { model, layer, settings, batch: 1 };
  const network = networkGraph(request);
  return {
    network,
    ...(settings.redirect_steps > 0 ? { redirected: networkGraph(request, true) } : {}),
    update: updateGraph(request),
    settings,
    preprocess: model.preprocess,
    layerShape: network.types.get(layer)?.shape.slice(1) ?? [],
  };
}
