/** Oriented energy: how strongly a picture is striped, at which width and in which direction. */
import { reflect } from './held-out-transforms.ts';
import type { Lab } from './lab.ts';

/** Wavelength in pixels of the pyramid's level; each further level doubles it: 4, 8, 16, 32. */
const WAVELENGTH = 4;
const LEVELS = 4;
/** Horizontal frequencies are shared by an orientation and its mirror image: angles 0 to 90° in steps of 22.5°. */
const FREQUENCY_STEPS = 5;
export const ORIENTATIONS = 8;
/** Half-width: a bandwidth of one octave needs σ ≈ 0.56 λ (Kruizinga and Petkov 1999). */
const SIGMA = 0.56 * WAVELENGTH;
const RADIUS = 5;
const TAPS = 2 * RADIUS + 1;

/** Even (cosine) and odd (sine) parts of a Gaussian times a wave of frequency `k`. */
interface Wave {
  readonly even: Float32Array;
  readonly odd: Float32Array;
}

const WAVES: readonly Wave[] = Array.from({ length: FREQUENCY_STEPS }, (_, step) => {
  const k = ((2 * Math.PI) / WAVELENGTH) * Math.cos((step * Math.PI) / 8);
  const envelope = Array.from({ length: TAPS }, (_, i) => Math.exp(-((i - RADIUS) ** 2) / (2 * SIGMA * SIGMA)));
  const total = envelope.reduce((sum, value) => sum + value, 0);
  return {
    even: Float32Array.from(envelope, (value, i) => (value / total) * Math.cos(k * (i - RADIUS))),
    odd: Float32Array.from(envelope, (value, i) => (value / total) * Math.sin(k * (i - RADIUS))),
  };
});

/**
 * Means and standard deviations over positions of |I ∗ g_{λ,θ}|, with complex Gabor filters g = Gaussian(σ = 0.56 λ) · exp(i k·x), |k| = 2π/λ,
 * θ = 0°, 22.5° … 157.5° (0°: the stripes are vertical). Order: channel (L, a, b), scale, orientation. The two opponent colours skip the finest
 * scale, which people hardly see in colour. `[8·(4+3+3)]` each, in units of Lab; no position remains.
 *
 * Levels are halved by 2 × 2 averaging, and their mean is taken off, for the filters' small response to constants. A filter is separable:
 * exp(i(k_x x + k_y y)) in rows then columns, and its mirror image reuses the four products. Magnitudes are taken at every second pixel of a
 * level, which is denser than their envelope needs.
 */
export function gaborStatistics(lab: Lab, size: number): { means: Float32Array; deviations: Float32Array } {
  const means: number[] = [];
  const deviations: number[] = [];
  for (const [channel, plane] of [lab.l, lab.a, lab.b].entries()) {
    let level = plane;
    let side = size;
    for (let scale = 0; scale < LEVELS; scale++) {
      if (scale > 0) {
        level = halve(level, side);
        side /= 2;
      }
      if (channel > 0 && scale === 0) continue;
      const { sums, squares, positions } = levelEnergies(centre(level), side);
      for (let o = 0; o < ORIENTATIONS; o++) {
        const mean = sums[o] / positions;
        means.push(mean);
        deviations.push(Math.sqrt(Math.max(0, squares[o] / positions - mean * mean)));
      }
    }
  }
  return { means: Float32Array.from(means), deviations: Float32Array.from(deviations) };
}

function centre(plane: Float32Array): Float32Array {
  let mean = 0;
  for (const value of plane) mean += value / plane.length;
  return plane.map((value) => value - mean);
}

function halve(plane: Float32Array, side: number): Float32Array {
  const half = side / 2;
  const out = new Float32Array(half * half);
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      const i = 2 * y * side + 2 * x;
      out[y * half + x] = (plane[i] + plane[i + 1] + plane[i + side] + plane[i + side + 1]) / 4;
    }
  }
  return out;
}

/** Sums of magnitudes and of their squares for the eight orientations at one level, over every second row and column. */
function levelEnergies(plane: Float32Array, side: number): { sums: Float64Array; squares: Float64Array; positions: number } {
  const sums = new Float64Array(ORIENTATIONS);
  const squares = new Float64Array(ORIENTATIONS);
  const half = side >> 1;
  const padded = new Float32Array(side + 2 * RADIUS);
  const even = new Float32Array(half * (side + 2 * RADIUS));
  const odd = new Float32Array(even.length);
  for (let step = 0; step < FREQUENCY_STEPS; step++) {
    filterRows(plane, side, WAVES[step], padded, even, odd);
    const vertical = WAVES[FREQUENCY_STEPS - 1 - step];
    const mirror = step === 0 || step === FREQUENCY_STEPS - 1 ? -1 : ORIENTATIONS - step;
    for (let y = 0; y < half; y++) {
      for (let x = 0; x < half; x++) {
        let [ee, eo, oe, oo] = [0, 0, 0, 0];
        for (let k = 0, i = 2 * y * half + x; k < TAPS; k++, i += half) {
          ee += vertical.even[k] * even[i];
          eo += vertical.odd[k] * even[i];
          oe += vertical.even[k] * odd[i];
          oo += vertical.odd[k] * odd[i];
        }
        const energy = (ee - oo) ** 2 + (eo + oe) ** 2;
        sums[step] += Math.sqrt(energy);
        squares[step] += energy;
        if (mirror < 0) continue;
        const mirrored = (ee + oo) ** 2 + (oe - eo) ** 2;
        sums[mirror] += Math.sqrt(mirrored);
        squares[mirror] += mirrored;
      }
    }
  }
  return { sums, squares, positions: half * half };
}

/** Rows filtered at every second column, stored with reflected rows above and below: `even` and `odd` are `[side + 2·RADIUS, side/2]`. */
function filterRows(plane: Float32Array, side: number, wave: Wave, padded: Float32Array, even: Float32Array, odd: Float32Array): void {
  const half = side >> 1;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < padded.length; x++) padded[x] = plane[y * side + reflect(x - RADIUS, side)];
    for (let x = 0; x < half; x++) {
      let [e, o] = [0, 0];
      for (let k = 0; k < TAPS; k++) {
        e += wave.even[k] * padded[2 * x + k];
        o += wave.odd[k] * padded[2 * x + k];
      }
      even[(y + RADIUS) * half + x] = e;
      odd[(y + RADIUS) * half + x] = o;
    }
  }
  for (let pad = 0; pad < RADIUS; pad++) {
    for (const row of [pad, side + RADIUS + pad]) {
      const source = reflect(row - RADIUS, side) + RADIUS;
      even.copyWithin(row * half, source * half, (source + 1) * half);
      odd.copyWithin(row * half, source * half, (source + 1) * half);
    }
  }
}
