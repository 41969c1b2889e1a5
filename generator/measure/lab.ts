/** Colour as people see it: CIE Lab, and its histograms. */
import type { Picture } from './picture.ts';

/** Three planes `[size,size]`: lightness L in [0,100], a (green to red) and b (blue to yellow), about ±100. */
export interface Lab {
  readonly l: Float32Array;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

const LINEAR = Float64Array.from({ length: 256 }, (_, i) => (i / 255 <= 0.04045 ? i / 255 / 12.92 : ((i / 255 + 0.055) / 1.055) ** 2.4));
const CURVE_STEPS = 4096;
/** f(t) of CIE Lab on [0,1], tabulated; interpolated linearly, which is within 0.01 of a unit of Lab but for the darkest pixels. */
const CURVE = Float64Array.from({ length: CURVE_STEPS + 2 }, (_, i) => {
  const t = i / CURVE_STEPS;
  return t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116;
});

function curve(t: number): number {
  const place = Math.min(1, t) * CURVE_STEPS;
  const cell = Math.floor(place);
  return CURVE[cell] + (CURVE[cell + 1] - CURVE[cell]) * (place - cell);
}

/** sRGB (IEC 61966-2-1) to CIE Lab (CIE 15:2004), white point D65. */
export function toLab({ size, pixels }: Picture): Lab {
  const [l, a, b] = [new Float32Array(size * size), new Float32Array(size * size), new Float32Array(size * size)];
  for (let p = 0, i = 0; p < l.length; p++, i += 3) {
    const [red, green, blue] = [LINEAR[pixels[i]], LINEAR[pixels[i + 1]], LINEAR[pixels[i + 2]]];
    const x = curve((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047);
    const y = curve(0.2126729 * red + 0.7151522 * green + 0.072175 * blue);
    const z = curve((0.0193339 * red + 0.119192 * green + 0.9503041 * blue) / 1.08883);
    l[p] = 116 * y - 16;
    a[p] = 500 * (x - y);
    b[p] = 200 * (y - z);
  }
  return { l, a, b };
}

const LIGHTNESS_BINS = 10;
const CHROMA_BINS = 11;
/** Chromaticity beyond ±100 counts as the outermost bin's. */
const CHROMA_LIMIT = 100;

/**
 * Square roots of the soft histograms of lightness `[10]` and of chromaticity (a,b) `[11×11]`: a pixel is shared by the nearest bins with linear
 * weights, so that a small change of colour is a small change of the histogram.
 */
export function colourHistograms({ l, a, b }: Lab): { lightness: Float32Array; chromaticity: Float32Array } {
  const lightness = new Float64Array(LIGHTNESS_BINS);
  const chromaticity = new Float64Array(CHROMA_BINS * CHROMA_BINS);
  const unit = (CHROMA_BINS - 1) / (2 * CHROMA_LIMIT);
  for (let p = 0; p < l.length; p++) {
    const place = clamp((l[p] / 100) * (LIGHTNESS_BINS - 1), LIGHTNESS_BINS - 1);
    const cell = Math.min(LIGHTNESS_BINS - 2, Math.floor(place));
    lightness[cell] += cell + 1 - place;
    lightness[cell + 1] += place - cell;
    const u = clamp((a[p] + CHROMA_LIMIT) * unit, CHROMA_BINS - 1);
    const v = clamp((b[p] + CHROMA_LIMIT) * unit, CHROMA_BINS - 1);
    const [u0, v0] = [Math.min(CHROMA_BINS - 2, Math.floor(u)), Math.min(CHROMA_BINS - 2, Math.floor(v))];
    const [fu, fv] = [u - u0, v - v0];
    const bin = u0 * CHROMA_BINS + v0;
    chromaticity[bin] += (1 - fu) * (1 - fv);
    chromaticity[bin + 1] += (1 - fu) * fv;
    chromaticity[bin + CHROMA_BINS] += fu * (1 - fv);
    chromaticity[bin + CHROMA_BINS + 1] += fu * fv;
  }
  return { lightness: Float32Array.from(lightness, Math.sqrt), chromaticity: Float32Array.from(chromaticity, Math.sqrt) };
}

const clamp = (value: number, high: number): number => Math.min(high, Math.max(0, value));
