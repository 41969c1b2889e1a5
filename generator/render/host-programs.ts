/** What a host stepper runs, as plain data: a thread of its own can be given it. */
import type { RenderSettings } from '../../data/schema.ts';
import { forProcessor } from '../compile/for-processor.ts';
import { hasRedirected } from '../gradient/redirect.ts';
import type { Graph } from '../graph/graph.ts';
import { findLayer } from '../models/layers.ts';
import type { Preprocess } from '../models/model.ts';
import { networkGraph, type ProgramRequest, updateGraph } from './programs.ts';
import { canvasSize } from './transformation.ts';

export interface HostPrograms {
  /** The network and its gradient, for `together` groups of pictures. */
  readonly network: Graph;
  /** The same with redirected non-linearities, where the settings begin with them and the network has any. */
  readonly redirected?: Graph;
  /** The parameters' update, for one group of pictures. */
  readonly update: Graph;
  readonly settings: RenderSettings;
  readonly preprocess: Preprocess;
  /** Pictures that are optimised together: one, unless the settings say that groups are. */
  readonly pictures: number;
  /** Groups that go through the network in one run. */
  readonly together: number;
  /** `[C,H,W]` on the canvas, of the layer rendered and of every further one. */
  readonly layerShapes: readonly (readonly number[])[];
}

/**
 * Groups that share a run of the network. With more, the activations of a shallow layer leave the cache; with one, the weights of a deep layer are
 * read for every picture (test/bench/RESULTS.md). What a picture becomes does not depend on it.
 */
const MOST_TOGETHER = 4;

/** How many groups of pictures a thread renders together that is given at most `share` pictures at a time. */
export function groupsTogether({ group }: RenderSettings, share: number): number {
  return Math.max(1, Math.min(MOST_TOGETHER, Math.floor(share / (group?.pictures ?? 1))));
}

/** The programs of a layer, for a thread that is given at most `share` pictures at a time. */
export function hostPrograms({ model, layer, others = [], settings }: Omit<ProgramRequest, 'batch'>, share = 1): HostPrograms {
  const pictures = settings.group?.pictures ?? 1;
  const together = groupsTogether(settings, share);
  const request = { model, layer, others, settings, batch: together * pictures };
  const network = networkGraph(request);
  return {
    network: forProcessor(network),
    ...(settings.redirect_steps > 0 && hasRedirected(network) ? { redirected: forProcessor(networkGraph(request, true)) } : {}),
    update: updateGraph({ ...request, batch: pictures }),
    settings,
    preprocess: model.preprocess,
    pictures,
    together,
    layerShapes: [layer, ...others].map((name) => findLayer(model, name, canvasSize(settings)).shape),
  };
}
