/** The picture while it is painted: colours, and which region every pixel belongs to. */
import type { RandomStream } from '../../../render/random.ts';
import type { Swatch } from './colours.ts';
import type { Kernel } from './kernel.ts';

/** Side of the picture for which sizes are stated. */
export const STATED_SIZE = 224;

/** An outline on the pixel lattice around its centre: distances in stated pixels, `[side,side]`. */
export interface Sprite {
  readonly side: number;
  readonly distance: Float32Array;
}

/** What an area is painted with; `cos`, `sin` turn it counter-clockwise as seen. */
export interface Paint {
  readonly fill: Kernel;
  readonly p: Float64Array;
  readonly cos: number;
  readonly sin: number;
  /** Red, green, blue of every colour of the palette in turn. */
  readonly palette: Float32Array;
}

/** The palette of some colours. */
export function paletteOf(colours: readonly Swatch[]): Float32Array {
  return Float32Array.from(colours.flatMap(({ rgb }) => rgb));
}

/** Four samples a pixel, no two in a row or column, so that edges of any slope are smoothed. */
const SAMPLES = [-0.125, -0.375, 0.375, -0.125, 0.125, 0.375, -0.375, 0.125];
const TRIES = 90;
/** Stated pixels that are kept free around every region. */
const CLEARANCE = 3;

/** Square, `[size,size]`. */
export class Canvas {
  readonly size: number;
  /** What a pixel measures in stated pixels. */
  readonly pixel: number;
  /** Red, green and blue, 0 to 255. */
  readonly colour: Float32Array;
  /** 0: background; otherwise the number of the region. */
  readonly region: Uint8Array;
  /** Where nothing more may be placed. */
  readonly #taken: Uint8Array;

  constructor(size: number) {
    this.size = size;
    this.pixel = STATED_SIZE / size;
    this.colour = new Float32Array(size * size * 3);
    this.region = new Uint8Array(size * size);
    this.#taken = new Uint8Array(size * size);
  }

  /** An outline that reaches `reach` stated pixels from its centre, turned by an angle given as cosine and sine. */
  sprite(outline: Kernel, p: Float64Array, reach: number, cos: number, sin: number): Sprite {
    const half = Math.ceil((reach + CLEARANCE) / this.pixel);
    const side = 2 * half + 1;
    const distance = new Float32Array(side * side);
    for (let j = 0, i = 0; j < side; j++) {
      for (let k = 0; k < side; k++, i++) {
        const dx = (k - half) * this.pixel;
        const dy = (j - half) * this.pixel;
        distance[i] = outline(dx * cos - dy * sin, dx * sin + dy * cos, p);
      }
    }
    return { side, distance };
  }

  /** Finds a free place for what lies within `reach` of a sprite's outline, and takes it: the centre's pixel, or −1 where none was found. */
  place({ side, distance }: Sprite, reach: number, stream: RandomStream): number {
    const half = side >> 1;
    const limit = reach + CLEARANCE;
    for (let tries = 0; tries < TRIES; tries++) {
      const cx = stream.below(this.size);
      const cy = stream.below(this.size);
      if (!this.#free(cx - half, cy - half, side, distance, limit)) continue;
      for (let j = 0, i = 0; j < side; j++) {
        for (let k = 0; k < side; k++, i++) {
          const x = cx - half + k;
          const y = cy - half + j;
          if (distance[i] < limit && x >= 0 && y >= 0 && x < this.size && y < this.size) this.#taken[y * this.size + x] = 1;
        }
      }
      return cy * this.size + cx;
    }
    return -1;
  }

  /** The area itself must lie within the picture, the margin around it need not. */
  #free(x0: number, y0: number, side: number, distance: Float32Array, limit: number): boolean {
    for (let j = 0, i = 0; j < side; j++) {
      const y = y0 + j;
      for (let k = 0; k < side; k++, i++) {
        if (distance[i] >= limit) continue;
        const x = x0 + k;
        if (x < 0 || y < 0 || x >= this.size || y >= this.size) {
          if (distance[i] < limit - CLEARANCE) return false;
        } else if (this.#taken[y * this.size + x] === 1) return false;
      }
    }
    return true;
  }

  /** Paints the inside of a sprite at `centre`, smoothed over a pixel at the outline; pixels that are mostly inside become region `region`. */
  paint({ side, distance }: Sprite, centre: number, paint: Paint, region: number): void {
    const half = side >> 1;
    const x0 = (centre % this.size) - half;
    const y0 = Math.floor(centre / this.size) - half;
    for (let j = 0, i = 0; j < side; j++) {
      for (let k = 0; k < side; k++, i++) {
        const cover = Math.min(1, 0.5 - distance[i] / this.pixel);
        const x = x0 + k;
        const y = y0 + j;
        if (cover <= 0 || x < 0 || y < 0 || x >= this.size || y >= this.size) continue;
        const at = y * this.size + x;
        this.mix(at, k - half, j - half, paint, cover);
        if (cover >= 0.5) this.region[at] = region;
      }
    }
  }

  /** Covers pixel `at`, which lies (`dx`,`dy`) pixels from the paint's centre, by `cover` of 1: the mean of the paint's samples. */
  mix(at: number, dx: number, dy: number, { fill, p, cos, sin, palette }: Paint, cover: number): void {
    const last = palette.length / 3 - 1;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let s = 0; s < SAMPLES.length; s += 2) {
      const x = (dx + SAMPLES[s]) * this.pixel;
      const y = (dy + SAMPLES[s + 1]) * this.pixel;
      const value = fill(x * cos - y * sin, x * sin + y * cos, p);
      const from = Math.min(last, Math.floor(value));
      const t = value - from;
      const a = 3 * from;
      const b = 3 * Math.min(last, from + 1);
      red += palette[a] + (palette[b] - palette[a]) * t;
      green += palette[a + 1] + (palette[b + 1] - palette[a + 1]) * t;
      blue += palette[a + 2] + (palette[b + 2] - palette[a + 2]) * t;
    }
    const weight = (cover * 2) / SAMPLES.length;
    this.colour[3 * at] += red * weight - this.colour[3 * at] * cover;
    this.colour[3 * at + 1] += green * weight - this.colour[3 * at + 1] * cover;
    this.colour[3 * at + 2] += blue * weight - this.colour[3 * at + 2] * cover;
  }
}
