/** C1: what is the same, and what is not, when a layer has been rotated within its network. */
import { float32Data, type Tensor } from '../../graph/tensor.ts';
import { imageScores } from '../../measure/image-scores.ts';
import type { ImageSet } from '../../measure/images/image-set.ts';
import { emptyInput, writeInput } from '../../measure/passes/network-input.ts';
import { INPUT, type Model } from '../../models/model.ts';
import { type AgainstFrames, againstFrames, NULL_P, report } from './against-frames.ts';
import { columnsOf, rounded, rowsOf, type Scored, type Study } from './study.ts';

/** Largest difference of the outputs, over the largest output. */
export const OUTPUTS = 1e-4;
/** Largest difference of a direction's scores, over their standard deviation. */
export const SCORES = 1e-3;
/** Largest change of δ: equal scores may be cut in another order at the edge of a band. */
export const DELTA = 0.05;
/** Images that the outputs are compared on. */
const OUTPUT_IMAGES = 4;

/** A network, and the same with a layer rotated by R: `[C,C]`, row-major. */
export interface Rotation {
  readonly original: Model;
  readonly model: Model;
  readonly output: string;
  readonly images: ImageSet;
  readonly rotation: Float64Array;
  readonly before: Scored;
  readonly after: Scored;
}

/** How directions stand to frames: the channels before, the new channels, and the columns of R, which are the old channels. */
export interface Stands {
  readonly before: AgainstFrames;
  readonly basis: AgainstFrames;
  readonly columns: AgainstFrames;
}

/** `name` draws the frames, the same before and after. */
export async function standAgainstFrames(
  study: Pick<Study, 'runtime' | 'signal'>,
  { before, after, rotation }: Pick<Rotation, 'before' | 'after' | 'rotation'>,
  name: readonly [weights: string, layer: string],
): Promise<Stands> {
  const { channels } = before;
  const axes = rowsOf(undefined, channels);
  const [old] = await againstFrames(before, [axes], name, study);
  const [basis, columns] = await againstFrames(after, [axes, columnsOf(rotation, channels)], name, study);
  return { before: old, basis, columns };
}

/** Compares outputs, scores, and how the directions stand to frames before and after. */
export async function compareRotation(
  study: Study,
  { original, model, output, images, rotation, before, after }: Rotation,
  stands: Stands,
) {
  const difference = await compareOutputs(study, original, model, output, images);
  const scores = compareScores(before, after, rotation);
  const { before: old, basis, columns } = stands;
  return {
    passes: difference <= OUTPUTS && scores <= SCORES && basis.p >= NULL_P && Math.abs(columns.delta - old.delta) <= DELTA,
    output_difference: rounded(difference),
    score_difference: rounded(scores),
    before: report(old),
    new_channels: report(basis),
    turned_back: report(columns),
  };
}

/** The largest difference between two networks' outputs on some images, over the largest output. */
async function compareOutputs({ runtime }: Study, one: Model, other: Model, output: string, images: ImageSet): Promise<number> {
  const { size } = images;
  const input = emptyInput(one.preprocess, OUTPUT_IMAGES, size);
  writeInput(await Promise.all(Array.from({ length: OUTPUT_IMAGES }, (_, i) => images.picture(i))), size, one.preprocess, input.data);
  const outputs: Float32Array[] = [];
  for (const model of [one, other]) {
    const program = await runtime.compile(model.graph({ layers: [output], batch: OUTPUT_IMAGES, height: size, width: size }));
    try {
      outputs.push(float32Data((await program.run({ [INPUT]: input }))[output] as Tensor, output).slice());
    } finally {
      await program.dispose();
    }
  }
  let [largest, apart] = [0, 0];
  for (const [i, value] of outputs[0].entries()) {
    largest = Math.max(largest, Math.abs(value));
    apart = Math.max(apart, Math.abs(value - outputs[1][i]));
  }
  return largest > 0 ? apart / largest : apart;
}

/** The largest difference between s′(R·e_j) and s(e_j) over images and channels, over the deviation of s(e_j). */
export function compareScores(before: Scored, after: Scored, rotation: Float64Array): number {
  const { channels } = before;
  const n = before.means.length / channels;
  let worst = 0;
  const columns = columnsOf(rotation, channels);
  for (let j = 0; j < channels; j++) {
    const scores = imageScores(after.means, columns.subarray(j * channels, (j + 1) * channels));
    let [sum, squares, apart] = [0, 0, 0];
    for (let x = 0; x < n; x++) {
      const value = before.means[x * channels + j];
      sum += value / n;
      squares += value * value;
      apart = Math.max(apart, Math.abs(value - scores[x]));
    }
    const deviation = Math.sqrt(Math.max(0, squares / n - sum * sum));
    if (deviation > 0) worst = Math.max(worst, apart / deviation);
  }
  return worst;
}
