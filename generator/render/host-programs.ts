/** What a host stepper runs, as plain data: a thread of its own can be given it. */
import type { RenderSettings } from '../../data/schema.ts';
import { forProcessor, withLoops } from '../compile/for-processor.ts';
import type { Loop, LoopedGraph } from '../compile/loops.ts';
import { standForMaxPools } from '../compile/max-pools.ts';
import { hasRedirected, REDIRECTED } from '../gradient/redirect.ts';
import type { RuleTable } from '../gradient/rules/table.ts';
import type { Graph } from '../graph/graph.ts';
import { findLayer } from '../models/layers.ts';
import type { Preprocess } from '../models/model.ts';
import { hasUpdateKernels } from './kernels/update.ts';
import { coloursOf, networkGraph, type ProgramRequest, updateGraph } from './programs.ts';
import { canvasSize } from './transformation.ts';

export interface HostPrograms {
  /** The network and its gradient, for `together` groups of pictures. */
  readonly network: LoopedGraph;
  /** The same with redirected non-linearities, where the settings begin with them and the network has any. */
  readonly redirected?: LoopedGraph;
  /** The parameters' update, for one group of pictures, where the loops in WebAssembly cannot do it. */
  readonly update?: Graph;
  readonly settings: RenderSettings;
  readonly preprocess: Preprocess;
  /** Pictures that are optimised together: one, unless the settings say that groups are. */
  readonly pictures: number;
  /** Groups that go through the network in one run. */
  readonly together: number;
  /** Groups that are optimised at a time, at most. */
  readonly groups: number;
  /** `[C,H,W]` on the canvas, of the layer rendered and of every further one. */
  readonly layerShapes: readonly (readonly number[])[];
}

/**
 * Groups that share a run of the network. With more, the activations of a shallow layer leave the cache; with one, the weights of a deep layer are
 * read for every picture (test/bench/RESULTS.md). What a picture becomes does not depend on it.
 */
const MOST_TOGETHER = 4;

/**
 * How many groups of pictures a thread takes through the network at a time, of `share` pictures that it is given. A group of several goes alone:
 * onnxruntime's sums over its Gram matrices begin differently where they lie at an odd address, and a picture would depend on its place.
 */
export function groupsTogether({ group }: RenderSettings, share: number): number {
  return group ? 1 : Math.max(1, Math.min(MOST_TOGETHER, Math.floor(share)));
}

export interface LoopSettings {
  /** The values from which on gates and maxima over windows are loops; redirected gates all are. */
  readonly fewest: number;
  /** Channels of a block, where there are any: maxima over windows are loops in blocks alone. */
  readonly block: number | undefined;
}

export interface HostRequest extends Omit<ProgramRequest, 'batch'> {
  /** What the network is to run on; a processor if left out. */
  readonly device?: string;
  /** Which operators are loops, for onnxruntime on a processor. Where it is left out, none is, as other runtimes need it. */
  readonly loops?: LoopSettings;
}

/** The programs of a layer, for threads that are given `share` pictures at a time on average. */
export function hostPrograms({ model, layer, others = [], settings, device = 'cpu', loops }: HostRequest, share = 1): HostPrograms {
  const pictures = settings.group?.pictures ?? 1;
  const together = groupsTogether(settings, share);
  const request = { model, layer, others, settings, batch: together * pictures };
  const network = (rules: Partial<RuleTable>): LoopedGraph => {
    const none = new Map<string, Loop>();
    if (device !== 'cpu') return { graph: networkGraph(request, rules), loops: none };
    if (!loops) return { graph: forProcessor(networkGraph(request, rules)), loops: none };
    const { fewest, block } = loops;
    const standIns = new Map<string, Loop>();
    const apart = block ? { MaxPool: standForMaxPools(fewest, block, standIns) } : {};
    return withLoops(networkGraph(request, { ...rules, ...apart }), fewest, standIns);
  };
  const plain = network({});
  return {
    network: plain,
    ...(settings.redirect_steps > 0 && hasRedirected(plain.graph) ? { redirected: network(REDIRECTED) } : {}),
    ...(hasUpdateKernels(settings, coloursOf(model)) ? {} : { update: updateGraph({ ...request, batch: pictures }) }),
    settings,
    preprocess: model.preprocess,
    pictures,
    together,
    groups: Math.ceil(share / pictures),
    layerShapes: [layer, ...others].map((name) => findLayer(model, name, canvasSize(settings)).shape),
  };
}
