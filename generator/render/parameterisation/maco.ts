/**
 * MACO: the magnitudes of the spectrum stay, the phases alone are optimised (Fel et al., "Unlocking Feature Visualization for Deeper Networks
 * with MAgnitude Constrained Optimization", NeurIPS 2023, equation 5).
 */
import type { RenderSettings } from '../../../data/schema.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { fault } from '../../graph/errors.ts';
import { float32 } from '../../graph/tensor.ts';
import { readArray } from '../array-file.ts';
import { addImageSums } from '../image-sums.ts';
import { addColour, type ColourMatrix } from './colour.ts';
import { addInverseTransform, spectrumShape } from './fourier.ts';

/** Keeps a picture without any variation finite, as the paper's code does. */
const LEAST_DEVIATION = 1e-5;

/**
 * The magnitudes `[axes,size,size/2+1]`. Those of a file, or 1/f^power with f in cycles per picture and nothing at f = 0: the mean amplitude of
 * natural images falls as 1/f^1 (Field 1987; Torralba and Oliva 2003). The axes being decorrelated, they are alike in all, and the colour matrix
 * gives each its share.
 */
export function magnitudes({ size, decay_power, magnitude }: RenderSettings, axes: number): Float32Array {
  const [, rows, columns] = spectrumShape(size);
  if (magnitude) {
    const { shape, data } = readArray(magnitude);
    if (shape.length !== 3 || shape[0] !== axes || shape[1] !== rows || shape[2] !== columns)
      throw fault({
        where: typeof magnitude === 'string' ? magnitude : magnitude.file,
        expected: `shape (${axes},${rows},${columns})`,
        name: 'the magnitudes',
        received: `(${shape})`,
        remedy: `They are the mean of abs(rfft2(picture)) over pictures of ${size} pixels in decorrelated colour, an axis first.`,
      });
    return data;
  }
  const plane = Float32Array.from({ length: rows * columns }, (_, i) => {
    const ky = Math.floor(i / columns);
    const frequency = Math.hypot(Math.min(ky, size - ky), i % columns);
    return frequency === 0 ? 0 : frequency ** -decay_power;
  });
  return Float32Array.from({ length: axes * plane.length }, (_, i) => plane[i % plane.length]);
}

/**
 * Adds colour · (x − mean x) / (deviation of x + 1e-5) with x = irfft2(magnitude · exp(i·phase)), mean and deviation over a picture's axes and
 * pixels, `[batch,colours,size,size]`, for phases `[batch,axes,size,size/2+1]` in radians.
 */
export function addMaco(builder: GraphBuilder, phases: string, settings: RenderSettings, colour: ColourMatrix): string {
  const { size } = settings;
  const [batch, axes] = builder.shape(phases);
  const [, rows, columns] = spectrumShape(size);
  const magnitude = builder.constant(float32([1, axes, rows, columns], magnitudes(settings, axes)));
  const parts = (['Cos', 'Sin'] as const).map((part) => builder.add('Mul', [builder.add(part, [phases], {}), magnitude], {}));
  const plain = addInverseTransform(builder, builder.add('Concat', parts, { axis: 2 }), size);
  const share = builder.scalar(1 / (axes * size * size));
  const perImage = (value: string) => {
    const mean = builder.add('Mul', [addImageSums(builder, value), share], {});
    return builder.add('Reshape', [mean, builder.integers([batch, 1, 1, 1])], { allowzero: 0 });
  };
  const centred = builder.add('Sub', [plain, perImage(plain)], {});
  const variance = perImage(builder.add('Mul', [centred, centred], {}));
  const deviation = builder.add('Add', [builder.add('Sqrt', [variance], {}), builder.scalar(LEAST_DEVIATION)], {});
  return addColour(builder, builder.add('Div', [centred, deviation], {}), colour);
}
