/** The held-out transformations of D2: eight, the same for every unit, drawn once by name. */
import { RandomStream } from '../render/random.ts';
import type { Picture } from './picture.ts';

/** Goes into the name of every draw: raise it when the same name would give another transformation. */
export const HELD_OUT = 'held-out-1';

export interface HeldOutTransform {
  /** `shift-1`, `blur`. */
  readonly name: string;
  apply(picture: Picture): Picture;
}

/**
 * Two shifts of 4 to 16 px along each axis, two rotations of 5 to 15° (one each way), two scalings (one of 0.8 to 0.95, one of 1.05 to 1.2), a
 * Gaussian blur of 0.8 to 1.2 px, and Gaussian noise of 4 to 8% of the range. Moves sample bilinearly; beyond the edge the picture is reflected.
 * Pitfall: the optimiser's own transformations overlap with the first three, so they are held out in their draws, not in their kind.
 */
export function heldOutTransforms(size: number): HeldOutTransform[] {
  const stream = (name: string): RandomStream => new RandomStream(HELD_OUT, name);
  const shift = (name: string): HeldOutTransform => {
    const draw = stream(name);
    const length = (): number => draw.between(4, 16) * (draw.uniform() < 0.5 ? -1 : 1);
    return moved(name, size, { shift: [length(), length()], degrees: 0, scale: 1 });
  };
  const rotate = (name: string, sign: number): HeldOutTransform =>
    moved(name, size, { shift: [0, 0], degrees: sign * stream(name).between(5, 15), scale: 1 });
  const scale = (name: string, low: number, high: number): HeldOutTransform =>
    moved(name, size, { shift: [0, 0], degrees: 0, scale: stream(name).between(low, high) });
  return [
    shift('shift-1'),
    shift('shift-2'),
    rotate('rotate-1', 1),
    rotate('rotate-2', -1),
    scale('scale-1', 0.8, 0.95),
    scale('scale-2', 1.05, 1.2),
    blurred('blur', size, stream('blur').between(0.8, 1.2)),
    noisy('noise', size, stream('noise')),
  ];
}

interface Move {
  /** In pixels, to the right and down. */
  readonly shift: readonly [number, number];
  /** About the centre, counter-clockwise as seen. */
  readonly degrees: number;
  /** Magnification about the centre. */
  readonly scale: number;
}

/** A movement, with its sampling places and weights computed once. */
function moved(name: string, size: number, move: Move): HeldOutTransform {
  const places = new Uint32Array(size * size * 4);
  const weights = new Float32Array(size * size * 4);
  const centre = (size - 1) / 2;
  const turn = (move.degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn) / move.scale, Math.sin(turn) / move.scale];
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [dx, dy] = [x - centre - move.shift[0], y - centre - move.shift[1]];
      const [u, v] = [cos * dx - sin * dy + centre, sin * dx + cos * dy + centre];
      const [u0, v0] = [Math.floor(u), Math.floor(v)];
      for (const [px, py] of [
        [u0, v0],
        [u0 + 1, v0],
        [u0, v0 + 1],
        [u0 + 1, v0 + 1],
      ] as const) {
        places[i] = (reflect(py, size) * size + reflect(px, size)) * 3;
        weights[i++] = (1 - Math.abs(u - px)) * (1 - Math.abs(v - py));
      }
    }
  }
  return {
    name,
    apply({ pixels }) {
      const out = new Uint8Array(pixels.length);
      for (let i = 0, o = 0; o < out.length; i += 4, o += 3) {
        for (let c = 0; c < 3; c++) {
          let sum = 0.5;
          for (let k = i; k < i + 4; k++) sum += weights[k] * pixels[places[k] + c];
          out[o + c] = sum;
        }
      }
      return { size, pixels: out };
    },
  };
}

/** An index reflected into [0, size), edges repeated: -1 → 0, size → size − 1. */
export function reflect(index: number, size: number): number {
  const period = 2 * size;
  const wrapped = ((index % period) + period) % period;
  return wrapped < size ? wrapped : period - 1 - wrapped;
}

/** Separable Gaussian of deviation `sigma` pixels, cut at 3σ. */
function blurred(name: string, size: number, sigma: number): HeldOutTransform {
  const radius = Math.ceil(3 * sigma);
  const raw = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)));
  const total = raw.reduce((sum, value) => sum + value, 0);
  const kernel = Float32Array.from(raw, (value) => value / total);
  const near = Int32Array.from({ length: size + 2 * radius }, (_, i) => reflect(i - radius, size));
  return {
    name,
    apply({ pixels }) {
      const rows = new Float32Array(pixels.length);
      const out = new Uint8Array(pixels.length);
      for (let y = 0, o = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          for (let c = 0; c < 3; c++, o++) {
            let sum = 0;
            for (let k = 0; k < kernel.length; k++) sum += kernel[k] * pixels[(y * size + near[x + k]) * 3 + c];
            rows[o] = sum;
          }
        }
      }
      const stride = size * 3;
      for (let y = 0, o = 0; y < size; y++) {
        for (let x = 0; x < stride; x++, o++) {
          let sum = 0.5;
          for (let k = 0; k < kernel.length; k++) sum += kernel[k] * rows[near[y + k] * stride + x];
          out[o] = sum;
        }
      }
      return { size, pixels: out };
    },
  };
}

/** Adds one field of Gaussian noise, the same to every picture, and clips. */
function noisy(name: string, size: number, stream: RandomStream): HeldOutTransform {
  const deviation = 255 * stream.between(0.04, 0.08);
  const field = Float32Array.from({ length: size * size * 3 }, () => deviation * stream.normal());
  return {
    name,
    apply({ pixels }) {
      // Clamped arrays round and clip by themselves.
      const out = new Uint8ClampedArray(pixels.length);
      for (let i = 0; i < out.length; i++) out[i] = pixels[i] + field[i];
      return { size, pixels: new Uint8Array(out.buffer) };
    },
  };
}
