/** Ten textures without a period. */
import { RandomStream } from '../../../render/random.ts';
import { type NoiseTile, noiseTile, sampleTile } from '../../noise-tile.ts';
import { hash2, type Kernel, modulo, OWN, PIXEL, random2, SCALE, SEED, smoothStep } from './kernel.ts';

const TILE_SIDE = 256;
let tile: NoiseTile | undefined;

/** Noise of amplitude 1/f, mean 0 and variance 1, with a period of 256; made once. */
export function pinkNoise(u: number, v: number): number {
  tile ??= noiseTile(TILE_SIDE, 1, new RandomStream('procset', 'tile'));
  return sampleTile(tile, u, v);
}

/** Gradient noise on the unit lattice, about −0.7 to 0.7 (Perlin, "Improving noise", 2002; eight directions). */
export function perlin(x: number, y: number, seed: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const fx = x - ix;
  const fy = y - iy;
  const sx = fx * fx * fx * (fx * (6 * fx - 15) + 10);
  const sy = fy * fy * fy * (fy * (6 * fy - 15) + 10);
  const top = slope(ix, iy, fx, fy, seed) * (1 - sx) + slope(ix + 1, iy, fx - 1, fy, seed) * sx;
  const bottom = slope(ix, iy + 1, fx, fy - 1, seed) * (1 - sx) + slope(ix + 1, iy + 1, fx - 1, fy - 1, seed) * sx;
  return top * (1 - sy) + bottom * sy;
}

function slope(ix: number, iy: number, dx: number, dy: number, seed: number): number {
  const h = hash2(ix, iy, seed) & 7;
  const a = h & 1 ? dx : -dx;
  const b = h & 2 ? dy : -dy;
  if (h < 4) return (a + b) * Math.SQRT1_2;
  return h & 1 ? b : a;
}

/** Of the last {@link worley}: distance to the nearest point, to the side shared with the next, and the nearest point's own number. */
const nearest = { first: 0, side: 0, cell: 0 };

/** Cellular noise on the unit lattice (Worley, "A cellular texture basis function", 1996), one point a cell; into {@link nearest}. */
function worley(x: number, y: number, seed: number): void {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  let first = 9;
  let second = 9;
  for (let j = iy - 1; j <= iy + 1; j++) {
    for (let i = ix - 1; i <= ix + 1; i++) {
      const h = hash2(i, j, seed);
      const dx = i + 0.1 + (0.8 * (h & 0xffff)) / 65536 - x;
      const dy = j + 0.1 + (0.8 * (h >>> 16)) / 65536 - y;
      const d = dx * dx + dy * dy;
      if (d < first) {
        second = first;
        first = d;
        nearest.cell = h;
      } else if (d < second) second = d;
    }
  }
  nearest.first = Math.sqrt(first);
  nearest.side = Math.sqrt(second) - nearest.first;
}

const unit = (x: number): number => Math.min(1, Math.max(0, x));

/** The number in [0,1) of the Worley cell at (x,y). */
export function worleyCell(x: number, y: number, seed: number): number {
  worley(x, y, seed);
  return hash2(nearest.cell, 0, seed) / 2 ** 32;
}

/** A field of hairs along `v`, 0 to 1: noise stretched tenfold along ways that bend a little. */
export function fur(u: number, v: number, seed: number): number {
  const bend = u + 5 * perlin(u / 26, v / 26, seed);
  return unit(0.5 + 0.9 * perlin(bend / 2.6, v / 24, seed + 1) + 0.45 * perlin(bend / 5.2, v / 40, seed + 2));
}

/** Fills by name: `p` has the grain in pixels of a picture of 224, and a seed; (OWN, OWN+1) is where in the plane to look. */
export const STOCHASTIC = {
  white: (u, v, p) => random2(Math.round(u / p[PIXEL]), Math.round(v / p[PIXEL]), p[SEED]),
  'one-over-f': (u, v, p) => unit(0.5 + 0.28 * pinkNoise(u + p[OWN], v + p[OWN + 1])),
  perlin: (u, v, p) => unit(0.5 + 0.85 * perlin(u / p[SCALE], v / p[SCALE], p[SEED])),
  worley: (u, v, p) => {
    worley(u / p[SCALE], v / p[SCALE], p[SEED]);
    return unit(1.15 * nearest.first);
  },
  marble: (u, v, p) => {
    // Veins of a few widths where a wave of strongly disturbed phase is zero.
    const warp = perlin(u / 22, v / 22, p[SEED]) + 0.5 * perlin(u / 11, v / 11, p[SEED] + 1) + 0.25 * perlin(u / 5, v / 5, p[SEED] + 2);
    return Math.abs(Math.sin((Math.PI * (u + 0.3 * v)) / (2.6 * p[SCALE]) + 4.2 * warp)) ** 0.45;
  },
  wood: (u, v, p) => {
    // A plank: growth rings cut lengthwise into nested arches, each darker towards its end, and pores along the grain.
    const x = u + 5 * perlin(u / 30, v / 70, p[SEED]);
    const ring = Math.sqrt(x * x + (0.17 * v + 1) ** 2) + 1.2 * perlin(u / 12, v / 40, p[SEED] + 1);
    const place = modulo(ring / (0.42 * p[SCALE]), 1);
    return unit(0.08 + 0.8 * place ** 3 + 0.3 * Math.max(0, perlin(u / 1.5, v / 30, p[SEED] + 2)));
  },
  fur: (u, v, p) => fur(u, v, p[SEED]),
  pebbles: (u, v, p) => {
    worley(u / p[SCALE], v / p[SCALE], p[SEED]);
    const shade = 0.35 * (hash2(nearest.cell, 1, 0) / 2 ** 32);
    return smoothStep(0.05, 0.3, nearest.side) * (1 - shade - 0.45 * nearest.first);
  },
  cracks: (u, v, p) => {
    const wave = 0.55;
    const x = u / (1.5 * p[SCALE]) + wave * perlin(u / 9, v / 9, p[SEED] + 1);
    const y = v / (1.5 * p[SCALE]) + wave * perlin(u / 9 + 50, v / 9, p[SEED] + 1);
    worley(x, y, p[SEED]);
    return nearest.side < 0.07 ? 1 : 0.12 + 0.12 * perlin(u / 6, v / 6, p[SEED] + 2);
  },
  blobs: (u, v, p) => {
    const x = u / (1.1 * p[SCALE]);
    const y = v / (1.1 * p[SCALE]);
    return perlin(x, y, p[SEED]) + 0.3 * perlin(2 * x, 2 * y, p[SEED] + 1) > 0.05 ? 1 : 0;
  },
} satisfies Record<string, Kernel>;
