/** What a host stepper runs, as plain data: a thread of its own can be given it. */
import type { RenderSettings } from '../../data/schema.ts';
import type { Graph } from '../graph/graph.ts';
import { findLayer } from '../models/layers.ts';
import type { Preprocess } from '../models/model.ts';
import { networkGraph, type ProgramRequest, updateGraph } from './programs.ts';
import { canvasSize } from './transformation.ts';

export interface HostPrograms {
  /** The network and its gradient, for one group of pictures. */
  readonly network: Graph;
  /** The same with redirected non-linearities, where the settings begin with them. */
  readonly redirected?: Graph;
  /** The parameters' update, for one group of pictures. */
  readonly update: Graph;
  readonly settings: RenderSettings;
  readonly preprocess: Preprocess;
  /** Pictures that are optimised together: one, unless the settings say that groups are. */
  readonly pictures: number;
  /** `[C,H,W]` on the canvas, of the layer rendered and of every further one. */
  readonly layerShapes: readonly (readonly number[])[];
}

/**
 * The programs of a layer. They take one picture at a time, whatever the batch: its activations then stay in a core's cache, and what a picture
 * becomes cannot depend on its neighbours.
 */
export function hostPrograms({ model, layer, others = [], settings }: Omit<ProgramRequest, 'batch'>): HostPrograms {
  const pictures = settings.group?.pictures ?? 1;
  const request = { model, layer, others, settings, batch: pictures };
  return {
    network: networkGraph(request),
    ...(settings.redirect_steps > 0 ? { redirected: networkGraph(request, true) } : {}),
    update: updateGraph(request),
    settings,
    preprocess: model.preprocess,
    pictures,
    layerShapes: [layer, ...others].map((name) => findLayer(model, name, canvasSize(settings)).shape),
  };
}
