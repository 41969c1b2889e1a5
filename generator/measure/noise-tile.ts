/** Periodic noise whose spectrum falls as a power of the frequency, like that of natural images. */
import type { RandomStream } from '../render/random.ts';

/** A periodic field of mean 0 and variance 1, `[side,side]`. */
export interface NoiseTile {
  readonly side: number;
  readonly values: Float32Array;
}

/**
 * Amplitude ∝ 1/f^exponent (Field 1987: about 1 in natural images; 0 is white). A sum of octaves: white noise on a lattice of 4, 8, … `side`
 * points, interpolated by the cubic B-spline. In two dimensions an octave holds equal power when the amplitude falls as 1/f, so the octaves'
 * deviations go as `cells^(1-exponent)`. `side` is a power of two, at least 8.
 */
export function noiseTile(side: number, exponent: number, stream: RandomStream): NoiseTile {
  const values = new Float32Array(side * side);
  for (let cells = 4; cells <= side; cells *= 2) addOctave(values, side, cells, cells ** (1 - exponent), stream);
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / values.length;
  const scale = 1 / Math.sqrt(variance);
  for (let i = 0; i < values.length; i++) values[i] = (values[i] - mean) * scale;
  return { side, values };
}

/** Adds one octave: `cells`² Gaussian draws, brought to unit variance after interpolation, times `deviation`. */
function addOctave(values: Float32Array, side: number, cells: number, deviation: number, stream: RandomStream): void {
  const lattice = Float32Array.from({ length: cells * cells }, () => stream.normal());
  const step = side / cells;
  const rows = new Float32Array(cells * side);
  const weights = Array.from({ length: step }, (_, phase) => splineWeights(phase / step));
  for (let y = 0; y < cells; y++) {
    for (let x = 0; x < side; x++) {
      const [cell, phase] = [Math.floor(x / step), x % step];
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += weights[phase][k] * lattice[y * cells + ((cell + k) % cells)];
      rows[y * side + x] = sum;
    }
  }
  const power = weights.reduce((total, w) => total + w.reduce((s, v) => s + v * v, 0), 0) / step;
  const scale = deviation / power;
  for (let y = 0; y < side; y++) {
    const [cell, phase] = [Math.floor(y / step), y % step];
    for (let k = 0; k < 4; k++) {
      const row = ((cell + k) % cells) * side;
      const weight = weights[phase][k] * scale;
      for (let x = 0; x < side; x++) values[y * side + x] += weight * rows[row + x];
    }
  }
}

/** The four weights of the cubic B-spline at phase t in [0,1); they add to 1. */
function splineWeights(t: number): [number, number, number, number] {
  const s = 1 - t;
  return [s ** 3 / 6, (3 * t ** 3 - 6 * t ** 2 + 4) / 6, (3 * s ** 3 - 6 * s ** 2 + 4) / 6, t ** 3 / 6];
}

/** The tile at any point, in tile pixels, wrapped around; bilinear. */
export function sampleTile(tile: NoiseTile, x: number, y: number): number {
  const mask = tile.side - 1;
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const fx = x - x0;
  const fy = y - y0;
  const top = (y0 & mask) * tile.side;
  const bottom = ((y0 + 1) & mask) * tile.side;
  const left = x0 & mask;
  const right = (x0 + 1) & mask;
  const { values } = tile;
  const upper = values[top + left] * (1 - fx) + values[top + right] * fx;
  const lower = values[bottom + left] * (1 - fx) + values[bottom + right] * fx;
  return upper * (1 - fy) + lower * fy;
}
