/** Where in an image a unit responds most: the network once over the images that somebody shows, and nothing kept but a position each. */
import type { AtlasLayer } from '../../data/schema.ts';
import { type Grid, layerGrid } from '../measure/dissection/grid.ts';
import { scoresGraph } from '../measure/dissection/tally.ts';
import type { ImageSet } from '../measure/images/image-set.ts';
import { emptyInput, writeInput } from '../measure/passes/network-input.ts';
import { compileForHost, readOutput, releaseOutputs } from '../measure/passes/read-output.ts';
import { findLayer } from '../models/layers.ts';
import { INPUT, type Layer, type Model } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** A layer, its directions, and what is to be found. */
export interface Sought {
  readonly layer: Pick<AtlasLayer, 'name'>;
  /** `[M,C]`. */
  readonly directions: Float32Array;
  /** Rows of `directions` by the number of an image. */
  readonly wanted: ReadonlyMap<number, readonly number[]>;
}

/** What was found of a layer. */
export interface Found {
  readonly grid: Grid;
  /** The position (row by row) with a direction's greatest response, by image, in the order that they were wanted in; the first of equal ones. */
  readonly positions: ReadonlyMap<number, readonly number[]>;
}

export interface FindRequest {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly images: ImageSet;
  readonly sought: readonly Sought[];
  readonly signal?: AbortSignal;
  /** Called with the images seen so far, of {@link imagesToSee}, over all passes. */
  readonly onProgress?: (done: number) => void;
}

/** Bytes that the scores of a batch may take. */
const MOST_SCORES = 64 * 2 ** 20;
/** Images to a run of the network. */
const MOST_BATCH = 8;

interface Pass {
  readonly members: readonly (Sought & { readonly found: Layer })[];
  /** In ascending order. */
  readonly numbers: readonly number[];
  readonly batch: number;
}

/** How many images {@link findPositions} will have seen when it is done. */
export function imagesToSee(request: Pick<FindRequest, 'model' | 'images' | 'sought'>): number {
  return planPasses(request).reduce((sum, { numbers }) => sum + numbers.length, 0);
}

/**
 * All directions of a layer are one matrix product with its activations; layers share a run of the network as long as the scores of one image fit, and a
 * batch is as many images as do. Memory: {@link MOST_SCORES}, or one layer's scores of one image where they are more, and a batch of the network.
 */
export async function findPositions(request: FindRequest): Promise<Found[]> {
  const { model, images, sought, onProgress } = request;
  const positions = new Map(sought.map((one) => [one.wanted, new Map<number, readonly number[]>()]));
  let done = 0;
  for (const pass of planPasses(request))
    await runPass(
      request,
      pass,
      (member, number, found) => positions.get(member.wanted)?.set(number, found),
      (count) => {
        done += count;
        onProgress?.(done);
      },
    );
  return sought.map(({ layer, wanted }) => ({
    grid: layerGrid(model, findLayer(model, layer.name, images.size), images.size),
    positions: positions.get(wanted) ?? new Map(),
  }));
}

function planPasses({ model, images, sought }: Pick<FindRequest, 'model' | 'images' | 'sought'>): Pass[] {
  const passes: (Sought & { found: Layer })[][] = [];
  let room = 0;
  for (const one of sought) {
    if (one.wanted.size === 0) continue;
    const member = { ...one, found: findLayer(model, one.layer.name, images.size) };
    const bytes = scoreBytes(member);
    if (passes.length === 0 || bytes > room) {
      passes.push([]);
      room = MOST_SCORES;
    }
    passes.at(-1)?.push(member);
    room -= bytes;
  }
  return passes.map((members) => {
    const bytes = members.reduce((sum, member) => sum + scoreBytes(member), 0);
    const numbers = [...new Set(members.flatMap(({ wanted }) => [...wanted.keys()]))].sort((a, b) => a - b);
    return { members, numbers, batch: Math.max(1, Math.min(MOST_BATCH, Math.floor(MOST_SCORES / bytes), numbers.length)) };
  });
}

function scoreBytes({ directions, found: { shape } }: Pass['members'][number]): number {
  return (directions.length / shape[0]) * shape[1] * shape[2] * Float32Array.BYTES_PER_ELEMENT;
}

async function runPass(
  { model, runtime, images, signal }: FindRequest,
  { members, numbers, batch }: Pass,
  take: (member: Sought, number: number, positions: readonly number[]) => void,
  onImages: (count: number) => void,
): Promise<void> {
  const graph = scoresGraph(
    model,
    members.map(({ found, directions }) => ({ layer: found, directions })),
    batch,
    images.size,
  );
  const program = await compileForHost(runtime, graph);
  const input = emptyInput(model.preprocess, batch, images.size);
  const read = (from: number) => {
    const pictures = Promise.all(numbers.slice(from, from + batch).map((number) => images.picture(number)));
    // What goes wrong is told to whoever waits for it, who may have stopped.
    pictures.catch(() => {});
    return pictures;
  };
  try {
    let next = read(0);
    for (let from = 0; from < numbers.length; from += batch) {
      signal?.throwIfAborted();
      writeInput(await next, images.size, model.preprocess, input.data);
      const running = program.run({ [INPUT]: input });
      next = read(from + batch);
      const outputs = await running;
      const shown = numbers.slice(from, from + batch);
      for (const [k, member] of members.entries()) {
        const scores = await readOutput(outputs, graph.outputs[k]);
        const [, height, width] = member.found.shape;
        const area = height * width;
        for (const [at, number] of shown.entries()) {
          const start = (at * scores.length) / batch;
          const rows = member.wanted.get(number);
          if (rows)
            take(
              member,
              number,
              rows.map((row) => greatest(scores, start + row * area, area)),
            );
        }
      }
      releaseOutputs(outputs);
      onImages(shown.length);
    }
  } finally {
    await program.dispose();
  }
}

/** The place of the greatest of `count` values. */
function greatest(values: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let p = 1; p < count; p++) if (values[start + p] > values[start + best]) best = p;
  return best;
}
