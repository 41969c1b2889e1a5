/** The planted network's first convolution: waves under a Gaussian, in the generated gratings' orientations. */
import { ORIENTATIONS, stripeNormal } from '../../measure/images/procset/grating.ts';

/** Filters of a wavelength of `lambda` pixels, for each eye (weights of red, green and blue): `[eye, orientation, phase][3,side,side]`, of no mean, each giving its amplitude back on its own grating. */
export function gaborFilters(eyes: readonly (readonly number[])[], lambda: number, radius: number): Float32Array {
  const side = 2 * radius + 1;
  const sigma = 0.56 * lambda;
  const out: number[] = [];
  for (const eye of eyes)
    for (const orientation of ORIENTATIONS)
      for (const phase of [0, Math.PI / 2]) {
        const [nx, ny] = stripeNormal(orientation);
        const wave = Float64Array.from({ length: side * side }, (_, i) => {
          const [x, y] = [(i % side) - radius, Math.floor(i / side) - radius];
          return Math.exp(-(x * x + y * y) / (2 * sigma * sigma)) * Math.cos((2 * Math.PI * (x * nx + y * ny)) / lambda - phase);
        });
        const envelope = Float64Array.from({ length: side * side }, (_, i) => {
          const [x, y] = [(i % side) - radius, Math.floor(i / side) - radius];
          return Math.exp(-(x * x + y * y) / (2 * sigma * sigma));
        });
        const total = envelope.reduce((sum, value) => sum + value, 0);
        const mean = wave.reduce((sum, value) => sum + value, 0) / total;
        for (const weight of eye) for (let i = 0; i < wave.length; i++) out.push((weight * (wave[i] - mean * envelope[i]) * 2) / total);
      }
  return Float32Array.from(out);
}
