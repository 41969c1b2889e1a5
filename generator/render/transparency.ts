/**
 * Transparency. Where alpha is optimised, the network sees the picture over random backgrounds (lucid/optvis/transform/transparency.py) and the
 * score counts less the more there is of it (lucid/recipes/feature_visualization.py); for MACO, alpha is what the gradients add up to.
 */
import type { RenderSettings } from '../../data/schema.ts';
import { differentiate } from '../gradient/differentiate.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { float32, sizeOf, type Tensor } from '../graph/tensor.ts';
import { colourMatrix } from './parameterisation/colour.ts';
import { addFourier, FOURIER_CONTRAST, spectrumShape } from './parameterisation/fourier.ts';
import { RandomStream } from './random.ts';
import { addBlurPenalty } from './regulariser/lucid.ts';
import { FIXED } from './regulariser.ts';

/** Lucid's weights, and the deviation of its backgrounds' spectrum, which falls as 1/f. */
const MEAN_ALPHA = 1;
const ALPHA_BLUR = 0.1;
const BACKGROUND_DEVIATION = 0.5;
const BACKGROUND_DECAY = 1;

/** The names of the spectra of a step's background and of the next one's, `[1,colours,2,size,size/2+1]`, and of the step's score, `[batch]`. */
export const BACKGROUND = 'background';
export const NEXT_BACKGROUND = 'background_next';
export const SCORE_BEFORE = 'score_before';

/** Adds the background that the input `name` makes, `[1,colours,size,size]`. */
export function addBackground(builder: GraphBuilder, name: string, settings: RenderSettings, colours: number): string {
  const { size, decorrelate } = settings;
  const spectrum = builder.input(name, { dtype: 'float32', shape: [1, colours, ...spectrumShape(size)] });
  const { transparency: _, grey_scale: __, ...opaque } = settings;
  const colour = colourMatrix({ ...opaque, decorrelate }, colours, FOURIER_CONTRAST);
  return builder.add('Sigmoid', [addFourier(builder, spectrum, { size, decay_power: BACKGROUND_DECAY }, colour)], {});
}

/** Adds alpha · colours + (1 − alpha) · background, `[batch,colours,size,size]`, for an image whose last channel is alpha. */
export function addComposite(builder: GraphBuilder, image: string, background: string): string {
  const { colour, alpha } = split(builder, image);
  const front = builder.add('Mul', [alpha, builder.add('Sub', [colour, background], {})], {});
  return builder.add('Add', [front, background], {});
}

/**
 * The gradient by the image of score · (1 − k · mean alpha) − blur penalty of alpha, the score's gradient by the composite being given and the
 * score itself, `[batch]`, being the value that it had.
 */
export function addImageGradient(
  builder: GraphBuilder,
  image: string,
  composite: string,
  compositeGradient: string,
  score: string,
  { transparency = {} }: RenderSettings,
): string {
  const { mean_alpha = MEAN_ALPHA, alpha_blur = ALPHA_BLUR } = transparency;
  const [batch] = builder.shape(image);
  const { alpha } = split(builder, image);
  const mean = builder.add('ReduceMean', [alpha], { axes: [1, 2, 3], keepdims: 0 });
  const share = builder.add('Sub', [builder.scalar(1), builder.add('Mul', [mean, builder.scalar(mean_alpha)], {})], {});
  const shares = builder.add('Reshape', [share, builder.integers([batch, 1, 1, 1])], { allowzero: 0 });
  const seed = builder.add('Mul', [compositeGradient, shares], {});
  const parts = [differentiate(builder, composite, image, {}, seed)];
  if (mean_alpha > 0) parts.push(differentiate(builder, builder.add('Mul', [share, score], {}), image));
  const gradient = parts.length === 1 ? parts[0] : builder.add('Add', parts, {});
  if (alpha_blur === 0) return gradient;
  const blur = builder.add('Mul', [addBlurPenalty(builder, alpha), builder.scalar(alpha_blur)], {});
  return builder.add('Sub', [gradient, differentiate(builder, blur, image, FIXED)], {});
}

function split(builder: GraphBuilder, image: string): { colour: string; alpha: string } {
  const channels = builder.shape(image)[1];
  const slice = (start: number, end: number) =>
    builder.add('Slice', [image, ...[[start], [end], [1]].map((bound) => builder.integers(bound))], {});
  return { colour: slice(0, channels - 1), alpha: slice(channels - 1, channels) };
}

/** The spectrum of a step's background: named by the seed and the step, the same for every picture of a batch and of an atlas. */
export function drawBackground(
  seed: number,
  step: number,
  { size, transparency = {} }: RenderSettings,
  colours: number,
): Tensor<'float32'> {
  const deviation = transparency.background_deviation ?? BACKGROUND_DEVIATION;
  const stream = new RandomStream('background', seed, step);
  const shape = [1, colours, ...spectrumShape(size)];
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => deviation * stream.normal()),
  );
}

/** Adds the absolute values of a gradient to those of the steps before. */
export function addSizes(accumulated: Float32Array, gradient: Float32Array): void {
  for (let i = 0; i < accumulated.length; i++) accumulated[i] += Math.abs(gradient[i]);
}

/** The share of the values of an accumulated gradient below which alpha rises; above it all is opaque, as in the paper's figures. */
const OPAQUE_FROM = 0.8;

/**
 * MACO's alpha: the sum over the steps of |gradient by the picture| (Fel et al. 2023, section 3.2), averaged over the colours, cut at its 80th
 * percentile and scaled to 1. Appends it to pictures `[batch,colours,size,size]` as a last channel.
 */
export function appendGradientAlpha(images: Float32Array, accumulated: Float32Array, batch: number, colours: number): Float32Array {
  const area = images.length / batch / colours;
  const result = new Float32Array(batch * (colours + 1) * area);
  for (let b = 0; b < batch; b++) {
    const from = b * colours * area;
    const sums = new Float32Array(area);
    for (let i = 0; i < colours * area; i++) sums[i % area] += accumulated[from + i];
    const most = sums.toSorted()[Math.min(area - 1, Math.floor(OPAQUE_FROM * area))];
    const to = b * (colours + 1) * area;
    result.set(images.subarray(from, from + colours * area), to);
    for (let i = 0; i < area; i++) result[to + colours * area + i] = most > 0 ? Math.min(1, sums[i] / most) : 1;
  }
  return result;
}
