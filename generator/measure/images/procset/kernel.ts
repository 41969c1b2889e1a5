/** Functions of the plane with numbers for parameters: called once a sample, they make no closure and no object. */

/**
 * The value at (`u`,`v`), pixels of a picture of 224 from the region's centre, `v` downwards. As an outline: the distance to it, negative inside
 * (near the outline to first order; elsewhere only the sign is meant). As a fill: a place in the palette, 0 the first colour, 1 the second.
 */
export type Kernel = (u: number, v: number, p: Float64Array) => number;

/** Of every kernel's parameters: what one pixel measures. */
export const PIXEL = 0;
/** Of every kernel's parameters: the outline's scale, or the fill's period. */
export const SCALE = 1;
/** Of every kernel's parameters: the seed of {@link hash2}. */
export const SEED = 2;
/** The first parameter that is the kernel's own. */
export const OWN = 3;

/** Parameters with places for all kernels. */
export function parameters(pixel: number, scale: number, seed: number, ...own: readonly number[]): Float64Array {
  const p = new Float64Array(20);
  p.set([pixel, scale, seed, ...own]);
  return p;
}

/** An unsigned 32-bit integer that looks random, for a cell of a lattice (the finaliser of MurmurHash3, Appleby 2011). */
export function hash2(x: number, y: number, seed: number): number {
  let h = Math.imul(x | 0, 0x85ebca6b) ^ Math.imul(y | 0, 0xc2b2ae35) ^ Math.imul(seed | 0, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** {@link hash2} in [0,1). */
export function random2(x: number, y: number, seed: number): number {
  return hash2(x, y, seed) / 2 ** 32;
}

/** Remainder in [0,m), for negative numbers too. */
export function modulo(x: number, m: number): number {
  return x - m * Math.floor(x / m);
}

/** 0 up to `low`, 1 from `high`, a cubic between. */
export function smoothStep(low: number, high: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - low) / (high - low)));
  return t * t * (3 - 2 * t);
}
