/** o2: another network as the observer, by its pooled features at several depths. */
import { GraphBuilder } from '../../graph/builder.ts';
import { fault } from '../../graph/errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { float32Data, type Tensor, zeros } from '../../graph/tensor.ts';
import { findLayer, suggestLayers } from '../../models/layers.ts';
import { INPUT, type Layer, type Model, type Preprocess } from '../../models/model.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type Picture, writePlanar } from '../picture.ts';
import { resample } from '../resample.ts';
import { batches, type ImageObserver, normalise } from './image-observer.ts';

/** At so many depths where the plan names no layers. */
const DEPTHS = 3;

/** Which network looks, at which, and how. */
export interface ModelObserverOptions {
  /** The observer. */
  readonly model: Model;
  readonly runtime: Runtime;
  /** The network that is studied. */
  readonly study: Pick<Model, 'id' | 'weightsSha256'>;
  /** Names or slugs; three, spread over the depth, if left out. */
  readonly layers?: readonly string[];
  /** Side in pixels at which it looks at every picture: what it was trained at if left out. Pictures of another size are resampled. */
  readonly size?: number;
  /** Pictures in one pass, 8 if left out. */
  readonly batch?: number;
}

/**
 * φ(x) = the spatial means of some layers, each over its length, joined, over the length of all: every depth counts alike, however many channels it has
 * or how large they are. Cosine of pooled features is the usual likeness of images (Zhang et al., "The unreasonable effectiveness of deep
 * features as a perceptual metric", 2018, by position; here without, as renders put a pattern anywhere).
 *
 * Throws for the studied network itself: its own features would call alike what its directions respond to, whatever that is. Pitfall: two networks
 * of one architecture and one training set are more alike than people and networks are; the record names the observer's weights.
 */
export async function openModelObserver(options: ModelObserverOptions): Promise<ImageObserver> {
  const { model, runtime, study, size = model.size, batch = 8 } = options;
  if (model.weightsSha256 === study.weightsSha256)
    throw fault({
      where: 'the observer',
      expected: 'a network with other weights',
      name: `the observer of ${study.id}`,
      received: `${model.id}, which has the same`,
      remedy: 'A network that judges its own features agrees with itself: name another model, or leave the hand-built observer alone.',
      exitCode: 2,
    });
  const layers = options.layers ? options.layers.map((name) => findLayer(model, name, size)) : spreadLayers(model.layers(size));
  const { graph, outputs } = featureGraph(model, layers, size, batch);
  const program = await runtime.compile(graph);
  const colours = model.preprocess.scale.length;
  const item = colours * size * size;
  const input = zeros([batch, colours, size, size]);
  const dimension = layers.reduce((sum, { shape }) => sum + shape[0], 0);
  const slugs = layers.map(({ slug }) => slug);
  const id = `${model.id}:${slugs.join('+')}@${size}`;

  /** Rows of one batch. */
  const describe = async (pictures: readonly Picture[]): Promise<Float32Array> => {
    for (const [i, picture] of pictures.entries()) writePlanar(resample(picture, size), input.data, i * item, colours);
    toInput(input.data, size * size, model.preprocess);
    const features = await program.run({ [INPUT]: input });
    const rows = new Float32Array(pictures.length * dimension);
    let start = 0;
    for (const [k, name] of outputs.entries()) {
      const channels = layers[k].shape[0];
      const values = float32Data(features[name] as Tensor, name);
      for (let i = 0; i < pictures.length; i++) {
        const block = values.slice(i * channels, (i + 1) * channels);
        rows.set(normalise(block), i * dimension + start);
      }
      start += channels;
    }
    for (let i = 0; i < pictures.length; i++) normalise(rows.subarray(i * dimension, (i + 1) * dimension));
    return rows;
  };

  return {
    id,
    about: `The network ${model.title} (weights ${model.weightsSha256.slice(0, 12)}): spatial means of ${slugs.join(', ')} at ${size} px, each of unit length.`,
    dimension,
    dispose: () => program.dispose(),
    embed: async (pictures, n, { signal, onProgress } = {}) => {
      const result = new Float32Array(n * dimension);
      signal?.throwIfAborted();
      for await (const { from, pictures: some } of batches(pictures, n, batch, id)) {
        result.set(await describe(some), from * dimension);
        signal?.throwIfAborted();
        onProgress?.(from + some.length);
      }
      return result;
    },
  };
}

/** Three layers of those worth looking at that have several positions: a third of the way through them, two thirds, and the last. */
export function spreadLayers(layers: readonly Layer[]): readonly Layer[] {
  const suggested = suggestLayers(layers);
  const spatial = suggested.filter(({ shape }) => shape[1] * shape[2] > 1);
  const worth = spatial.length > 0 ? spatial : suggested;
  if (worth.length <= DEPTHS) return worth;
  return Array.from({ length: DEPTHS }, (_, k) => worth[Math.round(((k + 1) * worth.length) / DEPTHS) - 1]);
}

/** The network to the spatial means of the layers, `[batch,C,1,1]` each, in one pass. */
function featureGraph(model: Model, layers: readonly Layer[], size: number, batch: number): { graph: Graph; outputs: readonly string[] } {
  const names = layers.map(({ name }) => name);
  const builder = GraphBuilder.from(model.graph({ layers: names, batch, height: size, width: size }));
  const outputs = names.map((name) => builder.add('GlobalAveragePool', [name], {}));
  return { graph: builder.build(outputs), outputs };
}

/** From values in [0,1] to the network's range, in place. */
function toInput(values: Float32Array, area: number, { scale, offset }: Preprocess): void {
  for (let start = 0; start < values.length; start += area) {
    const colour = (start / area) % scale.length;
    for (let i = start; i < start + area; i++) values[i] = values[i] * scale[colour] + offset[colour];
  }
}
