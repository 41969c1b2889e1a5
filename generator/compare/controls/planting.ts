/** The planted network, made ready: its images, what the hand-built observer sees of them, what its detectors make of them, and its rotated copy. */

import type { Activations } from '../../measure/activations.ts';
import { LEAST_IMAGES } from '../../measure/bands.ts';
import type { ImageSet } from '../../measure/images/image-set.ts';
import { openImages } from '../../measure/images/open-images.ts';
import { openLabGabor } from '../../measure/observers/lab-gabor.ts';
import type { Rows } from '../../measure/rows.ts';
import type { Model } from '../../models/model.ts';
import { type Stands, standAgainstFrames } from './compare-rotation.ts';
import { rotateLayer } from './fold-rotation.ts';
import { BANK, PLANTED, plantedBank } from './planted-bank.ts';
import { haarRotation, readLayerOf, type Scored, type Study } from './study.ts';

export interface Planting {
  readonly images: ImageSet;
  readonly bank: Model;
  /** What the bank makes of the images, and how it is scored. */
  readonly read: Activations;
  readonly scored: Scored;
  /** R, row-major `[64,64]`, and the bank with {@link BANK} rotated by it. */
  readonly rotation: Float64Array;
  readonly copy: Model;
  readonly copyScored: Scored;
  /** How the bank's channels, the copy's, and the columns of R stand to frames. */
  readonly stands: Stands;
}

/** Side of the planted network's pictures: that of the presets, so that an atlas made with them has the images already. */
const SIZE = 128;

export interface PlantingRequest {
  readonly cache: string;
  /** Images; all of the generated set if left out. */
  readonly n?: number;
}

/** The generated images always, whatever the comparison looked at: the planted concepts are theirs. */
export async function plant(study: Omit<Study, 'planting'>, { cache, n }: PlantingRequest): Promise<Planting> {
  const whole: Study = { ...study, planting: () => Promise.reject(new Error('not planted yet')) };
  const { stages } = study;
  const images = await openImages({
    size: SIZE,
    cache,
    minimum: LEAST_IMAGES,
    ...(n === undefined ? {} : { n }),
    onProgress: (done, total) => {
      if (done === 1) stages.begin(`Images of ${SIZE} pixels for the planted network`, total);
      stages.done(done);
    },
  });
  const embeddings = await look(study, images);
  const channels = PLANTED.length;
  // Every channel is divided by its deviation over the images; the network is linear from there on, so its numbers are the first ones, divided.
  const plain = await readLayerOf(whole, plantedBank(SIZE), BANK, images, `${images.n} images through the planted network`);
  const scales = deviations(plain.means, channels).map((deviation) => 1 / deviation);
  const bank = plantedBank(SIZE, scales);
  const scale = (values: Float32Array) => values.map((value, i) => value * Math.fround(scales[i % channels]));
  const read = { ...plain, means: scale(plain.means), sample: scale(plain.sample) };
  const rotation = haarRotation(channels, [bank.weightsSha256, BANK]);
  const copy = rotateLayer(bank, BANK, rotation, 'rotated');
  const copyRead = await readLayerOf(whole, copy, BANK, images, `${images.n} images through its rotated copy`);
  const scored = { channels, embeddings, seed: images.sha256 };
  const [before, after] = [
    { ...scored, means: read.means },
    { ...scored, means: copyRead.means },
  ];
  stages.begin('The planted network against frames', 1);
  const stands = await standAgainstFrames(study, { before, after, rotation }, [copy.weightsSha256, BANK]);
  stages.done(1);
  return { images, bank, read, scored: before, rotation, copy, copyScored: after, stands };
}

/** What the hand-built observer sees, from the comparison's evidence where it has looked at the same images. */
async function look({ layers, comparison, runtime, stages, signal }: Omit<Study, 'planting'>, images: ImageSet): Promise<Rows> {
  const known = layers.find((layer) => layer.images.sha256 === images.sha256);
  const observer = await openLabGabor({ threads: runtime.threads });
  try {
    if (known && comparison.observers[0].id === observer.id) return known.embeddings;
    stages.begin(`What ${observer.id} sees of ${images.n} images`, images.n);
    const walk = async function* () {
      for (let index = 0; index < images.n; index++) yield images.picture(index);
    };
    const rows = await observer.embed(walk(), images.n, { onProgress: stages.done, ...(signal ? { signal } : {}) });
    return { rows, dimension: observer.dimension };
  } finally {
    await observer.dispose();
  }
}

/** Standard deviations of columns, of `[n,C]`; 1 for a constant one. */
function deviations(means: Float32Array, channels: number): number[] {
  const n = means.length / channels;
  return Array.from({ length: channels }, (_, c) => {
    let [sum, squares] = [0, 0];
    for (let i = c; i < means.length; i += channels) sum += means[i] / n;
    for (let i = c; i < means.length; i += channels) squares += (means[i] - sum) ** 2 / n;
    return Math.sqrt(squares) || 1;
  });
}
