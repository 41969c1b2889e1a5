/** Mirrored histograms, each laid out once: a layer's thousand pages draw the same ones. */
import { type Mirror, mirror } from '../charts/mirror.ts';

/** A mirror with the mean of each arm; null where it has no values. */
export interface DrawnMirror extends Mirror {
  readonly means: { readonly basis: number | null; readonly random: number | null };
}

/** By the array of the basis's values, which stands for the measure and layer. */
const drawn = new WeakMap<readonly number[], DrawnMirror>();

/** The histograms of both arms, values times `factor`. The same arrays and settings give the same object. */
export function mirrorOf(
  factor: number,
  basis: readonly number[],
  random: readonly number[],
  settings: Parameters<typeof mirror>[1],
): DrawnMirror {
  const known = drawn.get(basis);
  if (known) return known;
  const scaled = (values: readonly number[]) => values.map((value) => value * factor);
  const mean = (values: readonly number[]) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null);
  const means = { basis: mean(basis), random: mean(random) };
  const made = { ...mirror({ basis: scaled(basis), random: scaled(random) }, settings), means };
  drawn.set(basis, made);
  return made;
}
