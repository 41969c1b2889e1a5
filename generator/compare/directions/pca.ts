/** The arm `pca`: the eigenvectors of the covariance, that of most variance first, each with its entry of largest size positive. */
import { covarianceSpectrum } from './covariance.ts';
import type { LayerInput } from './layer-input.ts';
import { type NamedDirection, nameDirection } from './named-direction.ts';

export function pca(layer: LayerInput, count: number): NamedDirection[] {
  const { vectors } = covarianceSpectrum(layer);
  return Array.from({ length: count }, (_, index) =>
    nameDirection(`pca-${index}`, 'pca', index, vectors.subarray(index * layer.channels, (index + 1) * layer.channels)),
  );
}
