/**
 * A unit's strongest weights in and out, expanded through linear operators (Voss et al., Visualizing Weights, Distill 2021): what it reads, back to
 * the nearest non-linearities, and what it feeds, on to the next ones. A linear map has one Jacobian, whatever goes in; here it is computed by the
 * gradient of the network's own graph, at the centre of the layer, at the size that the network was trained at.
 */
import type { AtlasLayer, Connection } from '../../data/schema.ts';
import type { Model } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type Adjoint, openAdjoint } from './connections-adjoint.ts';
import { extentOf, kernelOf, Strongest } from './connections-kernels.ts';
import { type Network, readNetwork } from './connections-network.ts';
import { isOffset, type Walk, type Way, walkBack, walkOn } from './connections-walk.ts';

/** What {@link connectLayer} needs. */
export interface ConnectRequest {
  readonly model: Model;
  readonly layer: AtlasLayer;
  /** The atlas's layers, which connections name by their slugs. */
  readonly layers: readonly AtlasLayer[];
  /** `[M,C]`, rows of length one. */
  readonly directions: Float32Array;
  /** The unit of each row. */
  readonly ids: readonly string[];
  readonly runtime: Runtime;
  readonly signal?: AbortSignal;
  /** Told, a sentence each, what is left out and why. */
  readonly note?: (sentence: string) => void;
}

/** Both nearest first. */
export interface Connections {
  reads: Connection[];
  feeds: Connection[];
}

/** Rows at a time. */
const BATCH = 8;
/** Channels of a value beyond which a connection is left out: a gradient each would take too long. */
const MOST_CHANNELS = 50_000;
/** Multiplications of a connection beyond which it is left out: minutes, where something reads a layer at every position at once. */
const MOST_WORK = 4e10;

/**
 * The connections of every unit, by its id. `reads` is what the layer is a linear function of: a residual sum reads several values. Its own
 * non-linearity, before or after which the layer is tapped, is taken for the identity either way; other non-linearities, products of two values
 * that depend on the picture (attention, gates), maxima and normalisations end a walk, and what comes out of them or goes into them is what is
 * named; where that has no axis of channels (attention's heads), the nearest value towards the layer that has one. Six channels a connection, by the length of their kernels. A kernel is as a convolution has it (no flip), of the smallest window that
 * holds every weight of the layer's units; of one over 15 a side the middle is kept. Left out, with a note: ways without any such value,
 * more than eight values either way, and what would take minutes. Weights on the network's input are by its own range, not by [0,1].
 */
export async function connectLayer(request: ConnectRequest): Promise<Map<string, Connections>> {
  const { model, layer, directions, ids, note } = request;
  const [channels] = layer.shape;
  const vectors = ids.map((_, i) => directions.subarray(i * channels, (i + 1) * channels));
  const found = new Map(ids.map((id): [string, Connections] => [id, { reads: [], feeds: [] }]));
  if (ids.length === 0) return found;
  const network = readNetwork(model, BATCH);
  const value = network.valueOf(layer.name);
  const part = { ...request, network, value, vectors };
  const walks = { reads: walkBack(network, value, layer.tap), feeds: walkOn(network, value, layer.tap) };
  for (const side of ['reads', 'feeds'] as const) {
    for (const sentence of walks[side].notes) note?.(`${layer.slug}, ${side}: ${sentence}`);
    for (const way of walks[side].ways) {
      const measured = await (side === 'reads' ? measureReads : measureFeeds)(part, walks[side], way);
      if ('reason' in measured) note?.(`${layer.slug}, ${side}: "${network.nameOf(way.value)}" ${measured.reason}: left out.`);
      else {
        const { size, channels: strongest } = measured.strongest.finish();
        const about = describeWay(part, walks[side], way);
        for (const [i, id] of ids.entries())
          if (strongest[i].length > 0) found.get(id)?.[side].push({ ...about, size, channels: strongest[i] });
      }
    }
  }
  return found;
}

interface Part extends ConnectRequest {
  readonly network: Network;
  /** The network's own value of the layer. */
  readonly value: string;
  readonly vectors: readonly Float32Array[];
}

type Measured = { readonly strongest: Strongest } | { readonly reason: string };

/** A gradient for each unit: of the unit at the layer's centre, with respect to what is read. */
async function measureReads({ network, value, vectors, runtime, signal }: Part, { own }: Walk, way: Way): Promise<Measured> {
  const adjoint = await openAdjoint(network, { from: way.value, to: value, steps: way.steps, identities: own }, runtime);
  const strongest = new Strongest(vectors.length);
  try {
    await eachRow(adjoint, vectors, signal, (row, unit) => {
      const box = extentOf(row, adjoint.from);
      if (!box) return;
      for (let c = 0; c < adjoint.from.channels; c++) strongest.offer(unit, c, box, kernelOf(row, adjoint.from, c, box));
    });
  } finally {
    await adjoint.dispose();
  }
  return { strongest };
}

/** A gradient for each channel of what is fed, with respect to the layer, and its product with every unit. */
async function measureFeeds({ network, value, vectors, runtime, signal }: Part, { own }: Walk, way: Way): Promise<Measured> {
  const channels = network.placeOf(way.value)?.channels ?? 0;
  if (channels > MOST_CHANNELS) return { reason: `has ${channels} channels` };
  const adjoint = await openAdjoint(network, { from: value, to: way.value, steps: way.steps, identities: own }, runtime);
  const strongest = new Strongest(vectors.length);
  const sparse = vectors.map((vector) => [...vector.keys()].filter((c) => vector[c] !== 0));
  const terms = sparse.reduce((sum, { length }) => sum + length, 0);
  try {
    let work = 0;
    await eachRow(adjoint, oneHot(channels), signal, (row, channel) => {
      const box = extentOf(row, adjoint.from);
      if (!box) return;
      const kernels = Array.from({ length: adjoint.from.channels }, (_, c) => nonZero(kernelOf(row, adjoint.from, c, box)));
      work += terms * (box.bottom - box.top) * (box.right - box.left);
      if (work > MOST_WORK) throw new TooMuch();
      for (const [unit, vector] of vectors.entries()) {
        const kernel = project(vector, sparse[unit], kernels);
        if (kernel) strongest.offer(unit, channel, box, kernel);
      }
    });
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return { reason: 'reads the layer at too many positions at once' };
  } finally {
    await adjoint.dispose();
  }
  return { strongest };
}

class TooMuch extends Error {}

async function eachRow(
  adjoint: Adjoint,
  weights: Iterable<Float32Array>,
  signal: AbortSignal | undefined,
  use: (row: Float32Array, index: number) => void,
): Promise<void> {
  let index = 0;
  for (const part of parts(weights)) {
    signal?.throwIfAborted();
    for (const row of await adjoint.rows(part)) use(row, index++);
  }
}

function* parts(weights: Iterable<Float32Array>): Generator<Float32Array[]> {
  let part: Float32Array[] = [];
  for (const vector of weights) {
    part.push(vector);
    if (part.length < BATCH) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

function* oneHot(channels: number): Generator<Float32Array> {
  for (let channel = 0; channel < channels; channel++) {
    const vector = new Float32Array(channels);
    vector[channel] = 1;
    yield vector;
  }
}

function nonZero(kernel: Float64Array): Float64Array | undefined {
  return kernel.some((value) => value !== 0) ? kernel : undefined;
}

/** The sum of the channels' kernels, each times the unit's share of the channel; nothing where all are zero. */
function project(
  vector: Float32Array,
  channels: readonly number[],
  kernels: readonly (Float64Array | undefined)[],
): Float64Array | undefined {
  let sum: Float64Array | undefined;
  for (const c of channels) {
    const kernel = kernels[c];
    if (!kernel) continue;
    sum ??= new Float64Array(kernel.length);
    for (let i = 0; i < kernel.length; i++) sum[i] += vector[c] * kernel[i];
  }
  return sum;
}

function describeWay({ network, layers }: Part, { own }: Walk, { value, steps }: Way): Pick<Connection, 'value' | 'layer' | 'through'> {
  // A curve keeps channels: what is read after it is the atlas's layer before it, and what is fed before it is the one after.
  const partners = [network.makers.get(value), ...(network.readers.get(value) ?? [])]
    .filter((step) => step?.kind === 'curve')
    .flatMap((step) => [...(step?.inputs ?? []), ...(step?.outputs ?? [])]);
  const find = (name: string) => layers.find((layer) => network.valueOf(layer.name) === name);
  const layer = [value, ...partners].map(find).find((found) => found !== undefined);
  return {
    value: network.nameOf(value),
    ...(layer ? { layer: layer.slug } : {}),
    through: steps.filter((step) => !own.has(step) && !isOffset(step)).map(({ op }) => op),
  };
}
