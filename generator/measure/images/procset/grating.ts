/** Sinusoidal gratings: six orientations by four wavelengths. */
import { type Kernel, OWN, SCALE } from './kernel.ts';

/** Degrees, counter-clockwise from the horizontal: the way the stripes run. */
export const ORIENTATIONS = [0, 30, 60, 90, 120, 150] as const;
/** Pixels of a picture of 224 from stripe to stripe. */
export const WAVELENGTHS = [4, 8, 16, 32] as const;

/** `p`: wavelength, then the components of the unit normal and the phase in radians (as OWN, OWN+1, OWN+2). */
export const grating: Kernel = (u, v, p) => 0.5 + 0.5 * Math.sin((2 * Math.PI * (u * p[OWN] + v * p[OWN + 1])) / p[SCALE] + p[OWN + 2]);

/** The unit normal of stripes at `orientation` degrees: `v` runs downwards. */
export function stripeNormal(orientation: number): [number, number] {
  const angle = (orientation * Math.PI) / 180;
  return [Math.sin(angle), Math.cos(angle)];
}
