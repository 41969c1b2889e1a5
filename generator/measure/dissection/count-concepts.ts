/** Pass two: how the active pixels of thousands of directions fall on the concepts of the images. Network and counting; nothing is judged here. */
import { availableParallelism } from 'node:os';
import { fault } from '../../graph/errors.ts';
import { findLayer } from '../../models/layers.ts';
import type { Layer, Model } from '../../models/model.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { ImageSet } from '../images/image-set.ts';
import { type DissectionCounts, noImageCounts } from './counts.ts';
import { layerGrid } from './grid.ts';
import { type ConceptTable, conceptTable } from './image-labels.ts';
import { LabelWindow } from './label-window.ts';
import { permutationRuns, permuteRun } from './permutation.ts';
import { openTally, scoresGraph, type TallyPlan } from './tally.ts';
import { type Counting, countHere, openThreads } from './threads.ts';

/** The directions of a layer to count. */
export interface LayerDirections {
  /** Its name or slug. */
  readonly layer: string;
  /** `[M,C]`. */
  readonly directions: Float32Array;
  /** T_v, `[M]`: {@link quantiles} of pass one. */
  readonly levels: Float64Array;
}

export interface CountRequest {
  readonly model: Model;
  readonly layers: readonly LayerDirections[];
  /** A set that says what its pixels show. */
  readonly images: ImageSet;
  /** Images to a run of the network: 1 if left out, since more are no faster on a CPU. Nothing counted depends on it. */
  readonly batch?: number;
  /** Counts in this thread with the runtime given, as a graphics card needs. */
  readonly runtime?: Runtime;
  /** Without a runtime: threads that count, on the CPU; every core if left out. */
  readonly threads?: number;
  /** Names the permutation of the masks; 0 if left out. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** Called with the number of images given out so far. */
  readonly onProgress?: (done: number) => void;
}

/**
 * One pass of the network for all layers and directions together: the scores V·a of every image, upsampled bilinearly to the image's size
 * ({@link layerGrid} says how the grids lie), are active above T_v (Bau et al. 2017, §2.2). Returns the layers in the order given. Memory: a batch's
 * scores, the masks of two runs of 256 images, and the counts. Throws for a set that has no concepts, or fewer than four images.
 */
export async function countConcepts(request: CountRequest): Promise<DissectionCounts[]> {
  const { images, batch = 1, runtime, threads = availableParallelism(), seed = 0, signal, onProgress } = request;
  const set = checkSet(images);
  const table = conceptTable(set.concepts);
  const plan = planTally(request, table, batch);
  const counting: Counting = runtime ? countHere(await openTally(plan, runtime)) : await openThreads(plan, threads);
  const seen = noImageCounts(table);
  try {
    const labels = new LabelWindow(set.labels, images.size, seen);
    for (const run of permutationRuns(images.n)) {
      const [from, until] = run;
      const permuted = permuteRun(run, seed);
      await labels.readUntil(until, signal);
      for (let start = from; start < until; start += batch) {
        signal?.throwIfAborted();
        const end = Math.min(until, start + batch);
        const ready = Array.from({ length: end - start }, async (_, i) => ({
          index: start + i,
          picture: await images.picture(start + i),
          labels: labels.at(start + i),
          permuted: labels.at(permuted[start + i - from]),
        }));
        await counting.add(await Promise.all(ready));
        // The next run's masks are made while this one is counted.
        await labels.readUntil(Math.min(images.n, until + end - from), signal);
        onProgress?.(end);
      }
      labels.forget(from, until);
    }
    const counts = await counting.finish();
    signal?.throwIfAborted();
    return counts.map((layer) => ({ ...seen, ...layer }));
  } finally {
    await counting.dispose();
  }
}

/** The concepts and labels of a set that has what is needed. */
function checkSet(images: ImageSet) {
  const { concepts, labels, n, id } = images;
  const wrong = (expected: string, name: string, received: unknown) =>
    fault({ where: `the images "${id}"`, expected, name, received, remedy: 'The generated set, procset-1, has what dissection needs.' });
  if (!concepts || concepts.length === 0 || !labels) throw wrong('masks of concepts', 'the set', 'none');
  if (n < 4) throw wrong('four or more, so that each half has another image’s masks', 'the number of images', n);
  return { concepts, labels: (index: number) => labels.call(images, index) };
}

function planTally({ model, layers, images }: CountRequest, table: ConceptTable, batch: number): TallyPlan {
  const found = layers.map((one) => ({ ...one, layer: findLayer(model, one.layer, images.size) }));
  for (const one of found) checkDirections(one);
  return {
    graph: scoresGraph(model, found, batch, images.size),
    layers: found.map(({ layer, levels }) => ({ grid: layerGrid(model, layer, images.size), levels })),
    preprocess: model.preprocess,
    table,
    batch,
    size: images.size,
  };
}

function checkDirections({ layer, directions, levels }: { layer: Layer; directions: Float32Array; levels: Float64Array }): void {
  if (directions.length !== levels.length * layer.shape[0] || levels.length === 0)
    throw fault({
      where: layer.slug,
      expected: `${levels.length}×${layer.shape[0]} values, one row or more`,
      name: 'the directions (with a level each)',
      received: directions.length,
      remedy: 'Give as many levels as directions.',
    });
}
