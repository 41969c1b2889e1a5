/** Pass one: every image through the network once, and what is kept of each layer is enough for any direction. */
import { fault } from '../../graph/errors.ts';
import { float32, type Tensor } from '../../graph/tensor.ts';
import { findLayer } from '../../models/layers.ts';
import { INPUT, type Layer, type Model } from '../../models/model.ts';
import type { Program, Runtime, Value } from '../../runtime/runtime.ts';
import type { Activations } from '../activations.ts';
import type { ImageSet } from '../images/image-set.ts';
import type { Picture } from '../picture.ts';
import { activationGraph, valueNames } from './activation-graph.ts';
import { Moments } from './moments.ts';
import { emptyInput, writeInput } from './network-input.ts';
import { compileForHost, readOutput, releaseOutputs } from './read-output.ts';
import { type SamplePlan, samplePlan } from './sample-positions.ts';

export interface ReadRequest {
  readonly model: Model;
  readonly runtime: Runtime;
  /** Names or slugs. */
  readonly layers: readonly string[];
  readonly images: ImageSet;
  /** Images to a run of the network. Nothing that is kept depends on it. */
  readonly batch: number;
  /** Positions to keep of each layer; 32,768 if left out. */
  readonly samplePositions?: number;
  /** Names the draw of the positions; 0 if left out. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** Called with the number of images seen so far. */
  readonly onProgress?: (done: number) => void;
}

/** Positions of a layer that are kept where the caller does not say. */
export const SAMPLE_POSITIONS = 32_768;

/**
 * One pass of the network for all layers together. Memory: C² and C·(n + sample) numbers a layer, and one batch; nothing by image and position.
 * Returns the layers under the names asked for, in their order. Throws for an unknown layer, a set without images, and activations that are
 * not finite.
 */
export async function readActivations(request: ReadRequest): Promise<Map<string, Activations>> {
  const { model, runtime, images, batch, samplePositions = SAMPLE_POSITIONS, seed = 0, signal, onProgress } = request;
  if (images.n < 1)
    throw fault({
      where: 'the images',
      expected: 'one or more',
      name: images.id,
      received: images.n,
      remedy: 'Give a folder with images.',
    });
  const layers = request.layers.map((name) => findLayer(model, name, images.size));
  const plans = layers.map(({ name, shape: [, height, width] }) => samplePlan(name, images.n, height * width, samplePositions, seed));
  const graph = activationGraph(
    model,
    layers.map((layer, i) => ({ layer, most: plans[i].most })),
    batch,
    images.size,
  );
  const program = await compileForHost(runtime, graph);
  try {
    const input = emptyInput(model.preprocess, batch, images.size);
    writeInput([await images.picture(0)], images.size, model.preprocess, input.data);
    const readers = layers.map((layer, i) => new LayerReader(layer, plans[i], i, images.n, batch));
    // The first image's means are the provisional ones: whatever the batch, the same.
    await run(program, input, readers, 0, 0);
    let next = readPictures(images, 0, batch);
    for (let from = 0; from < images.n; from += batch) {
      signal?.throwIfAborted();
      const until = Math.min(images.n, from + batch);
      writeInput(await next, images.size, model.preprocess, input.data);
      const running = run(program, input, readers, from, until);
      // The next images are made while the network runs.
      next = readPictures(images, until, batch);
      await running;
      onProgress?.(until);
    }
    return new Map(readers.map((reader, i) => [request.layers[i], reader.finish()]));
  } finally {
    await program.dispose();
  }
}

/** The pictures of a batch. What goes wrong is told to whoever waits for them, who may have stopped. */
function readPictures(images: ImageSet, from: number, batch: number): Promise<Picture[]> {
  const count = Math.max(0, Math.min(batch, images.n - from));
  const pictures = Promise.all(Array.from({ length: count }, (_, i) => images.picture(from + i)));
  pictures.catch(() => {});
  return pictures;
}

/** Runs the program on the images `from` to `until` − 1 and lets each layer take what is its own; with none, the first is looked at. */
async function run(program: Program, input: Tensor, readers: readonly LayerReader[], from: number, until: number): Promise<void> {
  const outputs = await program.run(Object.assign({ [INPUT]: input }, ...readers.map((reader) => reader.inputs(from, until))));
  for (const reader of readers) await reader.take(outputs, from, until);
  releaseOutputs(outputs);
}

/** What is gathered of one layer while the images go by. */
class LayerReader {
  readonly #layer: Layer;
  readonly #plan: SamplePlan;
  readonly #names: ReturnType<typeof valueNames>;
  readonly #batch: number;
  readonly #means: Float32Array;
  readonly #sample: Float32Array;
  #shift: Tensor<'float32'>;
  #moments: Moments | undefined;

  constructor(layer: Layer, plan: SamplePlan, index: number, n: number, batch: number) {
    const [channels] = layer.shape;
    this.#layer = layer;
    this.#plan = plan;
    this.#names = valueNames(index);
    this.#batch = batch;
    this.#means = new Float32Array(n * channels);
    this.#sample = new Float32Array(plan.total * channels);
    this.#shift = float32([channels], new Float32Array(channels));
  }

  get #area(): number {
    return this.#layer.shape[1] * this.#layer.shape[2];
  }

  inputs(from: number, until: number): Record<string, Tensor> {
    const rows = new BigInt64Array(this.#batch * this.#plan.most);
    for (let image = from; image < until; image++)
      for (const [k, position] of this.#plan.positions(image).entries())
        rows[(image - from) * this.#plan.most + k] = BigInt((image - from) * this.#area + position);
    return { [this.#names.shift]: this.#shift, [this.#names.rows]: { dtype: 'int64', shape: [rows.length], data: rows } };
  }

  async take(outputs: Record<string, Value>, from: number, until: number): Promise<void> {
    const [channels] = this.#layer.shape;
    const { mean, product, sample: rows } = this.#names;
    const [means, products, sample] = await Promise.all([mean, product, rows].map((name) => readOutput(outputs, name)));
    if (!this.#moments) {
      this.#shift = float32([channels], means.slice(0, channels));
      this.#moments = new Moments(this.#shift.data);
    }
    for (let image = from; image < until; image++) {
      const at = image - from;
      this.#moments.add(means, at * channels, products, at * channels ** 2, this.#area);
      for (let c = 0; c < channels; c++) this.#means[image * channels + c] = this.#shift.data[c] + means[at * channels + c];
      const row = this.#plan.start(image);
      const count = this.#plan.start(image + 1) - row;
      const start = at * this.#plan.most * channels;
      this.#sample.set(sample.subarray(start, start + count * channels), row * channels);
    }
  }

  finish(): Activations {
    const [channels] = this.#layer.shape;
    if (!this.#means.every(Number.isFinite))
      throw fault({
        where: this.#layer.slug,
        expected: 'finite activations',
        name: 'the layer',
        received: 'NaN or infinity',
        remedy: 'Look at the layer with "atlas check"; its network may expect another range of pixels.',
      });
    const { mean, covariance } = (this.#moments as Moments).finish();
    return { n: this.#means.length / channels, channels, means: this.#means, mean, covariance, sample: this.#sample };
  }
}
