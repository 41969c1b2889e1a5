/** What the rarer settings need of a step on the host beside the picture: backgrounds, the picture of a caricature, MACO's alpha. */
import { float32Data, type Tensor, zeros } from '../graph/tensor.ts';
import type { Value } from '../runtime/runtime.ts';
import { hasAlpha } from './parameterisation/colour.ts';
import { coloursOf, type PictureRequest, REFERENCE } from './programs.ts';
import { readPicture } from './regulariser/lucid.ts';
import { applyWarp, canvasSize, type Warp } from './transformation.ts';
import { addSizes, appendGradientAlpha, BACKGROUND, drawBackground, NEXT_BACKGROUND, SCORE_BEFORE } from './transparency.ts';

/** One batch's; every function answers nothing where the settings need nothing. */
export interface FurtherInputs {
  /** What the network looks at, `[batch,colours,size,size]`: the picture, or the picture over a background. */
  readonly view: Tensor<'float32'>;
  start(seed: number): void;
  /** For the network, under a transformation. */
  networkInputs(warp: Warp): Record<string, Tensor>;
  /** For the update that ends step `step` (−1: for the one that makes the first picture), whose score it was. */
  updateInputs(step: number, score?: Value): Record<string, Value>;
  /** Takes an update's outputs. */
  accept(outputs: Record<string, Value>): void;
  /** The pictures, with alpha as a last channel where the settings ask for it. */
  images(): Float32Array;
}

/** `image` and `gradient` are the stepper's own, filled at every step. */
export function openFurtherInputs(
  { model, settings, batch }: PictureRequest,
  image: Tensor<'float32'>,
  gradient: Tensor<'float32'>,
): FurtherInputs {
  const colours = coloursOf(model);
  const { size } = settings;
  const optimised = hasAlpha(settings);
  const view = optimised ? zeros([batch, colours, size, size]) : image;
  const accumulated = settings.transparency && !optimised ? new Float32Array(gradient.data.length) : undefined;
  const picture = settings.reference && readPicture(settings.reference, [colours, size, size], 'the picture of the caricature');
  const reference = zeros([1, colours, canvasSize(settings), canvasSize(settings)]);
  const silent = zeros([batch]);
  let seed = 0;
  return {
    view,
    start: (of) => {
      seed = of;
      accumulated?.fill(0);
    },
    networkInputs: (warp): Record<string, Tensor> => {
      if (!picture) return {};
      const { scale, offset } = model.preprocess;
      applyWarp(warp, picture.data, colours, scale, offset, reference.data);
      return { [REFERENCE]: reference };
    },
    updateInputs: (step, score = silent): Record<string, Value> => {
      if (accumulated && step >= 0) addSizes(accumulated, gradient.data);
      if (!optimised) return {};
      const background = (of: number) => drawBackground(seed, of, settings, colours);
      return { [BACKGROUND]: background(Math.max(0, step)), [NEXT_BACKGROUND]: background(step + 1), [SCORE_BEFORE]: score };
    },
    accept: ({ view: seen }) => {
      if (seen) view.data.set(float32Data(seen as Tensor, 'view'));
    },
    images: () => (accumulated ? appendGradientAlpha(image.data, accumulated, batch, colours) : image.data),
  };
}
