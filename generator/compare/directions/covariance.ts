/** The arms `covariance` and `whitened`: random directions that follow the layer's covariance Σ, or undo it. */
import { fault } from '../../graph/errors.ts';
import { activationsOf, gaussian, type LayerInput, once, streamOf } from './layer-input.ts';
import { type NamedDirection, nameDirection } from './named-direction.ts';
import { applyFunction, type Spectrum, spectrumOf } from './spectrum.ts';

/** Of tr Σ/C, added to every eigenvalue before the inverse root: the null directions of a layer must not drown the others. */
const RIDGE = 1e-4;

/** The spectrum of Σ. Throws where the layer never varies. */
export const covarianceSpectrum = once((layer): Spectrum => {
  const { covariance } = activationsOf(layer, 'covariance');
  const variance = totalVariance(covariance, layer.channels);
  if (variance > 0) return spectrumOf(covariance, layer.channels);
  throw fault({
    where: layer.layerName,
    expected: 'a covariance that is not zero',
    name: 'the layer',
    received: `a total variance of ${variance}`,
    remedy: 'The arms made from the covariance need a layer that varies over the images: leave them out here.',
  });
});

/** v ∝ Σ^½ g. */
export function covariance(layer: LayerInput, count: number): NamedDirection[] {
  return list('covariance', layer, count, colouredDraw);
}

/** v ∝ (Σ + 1e-4·tr Σ/C)^−½ g. */
export function whitened(layer: LayerInput, count: number): NamedDirection[] {
  return list('whitened', layer, count, whitenedDraw);
}

/** Σ^½ g: its covariance over g is Σ. Eigenvalues that rounding made negative count as zero. */
export function colouredDraw(spectrum: Spectrum, g: Float64Array): Float64Array {
  return applyFunction(spectrum, (eigenvalue) => Math.sqrt(Math.max(0, eigenvalue)), g);
}

/** Σ^−½ g, with the ridge: its covariance over g is the inverse of Σ. */
export function whitenedDraw(spectrum: Spectrum, g: Float64Array): Float64Array {
  const ridge = (RIDGE * spectrum.values.reduce((sum, value) => sum + value, 0)) / spectrum.channels;
  return applyFunction(spectrum, (eigenvalue) => 1 / Math.sqrt(Math.max(0, eigenvalue) + ridge), g);
}

function list(arm: string, layer: LayerInput, count: number, draw: typeof colouredDraw): NamedDirection[] {
  const spectrum = covarianceSpectrum(layer);
  return Array.from({ length: count }, (_, index) =>
    nameDirection(`${arm}-${index}`, arm, index, draw(spectrum, gaussian(streamOf(layer, arm, index), layer.channels))),
  );
}

function totalVariance(covariance: Float64Array, channels: number): number {
  let sum = 0;
  for (let i = 0; i < channels; i++) sum += covariance[i * channels + i];
  return sum;
}
