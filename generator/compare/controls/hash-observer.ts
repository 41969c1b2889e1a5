/** C5: an observer that sees nothing but a hash of an image must be at chance, in both arms alike. */
import { NaturalTask } from '../../measure/natural-2afc.ts';
import { normalise } from '../../measure/observers/image-observer.ts';
import type { Rows } from '../../measure/rows.ts';
import { RandomStream } from '../../render/random.ts';
import { ARMS_COMPARED, average, type ControlDefinition, rounded, type StudyLayer } from './study.ts';

const TOLERANCE = 0.02;
/** Hash functions that are averaged, each with as many numbers an image. One alone strays by about .02, since directions share their images. */
const OBSERVERS = 24;
const DIMENSION = 32;

export const hashObserver: ControlDefinition = {
  id: 'C5',
  title: 'A hash-random observer',
  passes_if: `Mean M1 lies within .5 ± ${TOLERANCE} in both arms of every layer, for an observer that sees ${DIMENSION} normal draws named by the image's hash; the mean of ${OBSERVERS} such observers.`,
  run: async ({ layers, stages, signal }) => {
    stages.begin('C5: hash-random observers', OBSERVERS);
    const sums = layers.map(() => ARMS_COMPARED.map(() => [] as number[]));
    for (let observer = 0; observer < OBSERVERS; observer++) {
      signal?.throwIfAborted();
      const seen = new Map<string, Rows>();
      for (const [i, layer] of layers.entries()) {
        const { n, sha256 } = layer.images;
        const rows = seen.get(sha256) ?? hashRows(sha256, n, observer);
        seen.set(sha256, rows);
        for (const [k, arm] of ARMS_COMPARED.entries()) sums[i][k].push(...natural(layer, arm, rows));
      }
      stages.done(observer + 1);
    }
    const found = layers.map(({ layer }, i) => ({
      layer: layer.slug,
      ...Object.fromEntries(ARMS_COMPARED.map((arm, k) => [arm, rounded(average(sums[i][k]))])),
    }));
    const means = sums.flat().filter((values) => values.length > 0);
    return {
      pass: means.length === 0 ? null : means.every((values) => Math.abs(average(values) - 0.5) <= TOLERANCE),
      values: { observers: OBSERVERS, dimension: DIMENSION, layers: found },
    };
  },
};

/** What the hash says of every image: unit rows `[n,DIMENSION]`. The image is named by the hash of its set, and its number there. */
export function hashRows(sha256: string, n: number, observer: number): Rows {
  const rows = new Float32Array(n * DIMENSION);
  for (let image = 0; image < n; image++) {
    const stream = new RandomStream('C5', observer, sha256, image);
    const row = rows.subarray(image * DIMENSION, (image + 1) * DIMENSION);
    for (let i = 0; i < DIMENSION; i++) row[i] = stream.normal();
    normalise(row);
  }
  return { rows, dimension: DIMENSION };
}

/** M1 of an arm's directions, none constant, by an observer. */
export function natural({ directions }: Pick<StudyLayer, 'directions'>, arm: string, embeddings: Rows): number[] {
  const judged = directions.filter((one) => one.arm === arm && one.top.length > 0);
  if (judged.length === 0) return [];
  const task = new NaturalTask(embeddings, judged[0].top.length);
  return judged.map(({ top, middle }) => task.score({ top, middle, constant: false }));
}
