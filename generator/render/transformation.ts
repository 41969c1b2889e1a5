/**
 * Transformation robustness (Olah, Mordvintsev and Schubert 2017): the network sees the picture padded, shifted, scaled, rotated and shifted
 * again. All of it is one sparse matrix with four entries a row (bilinear interpolation), and its exact adjoint is the transposed matrix.
 */
import type { RenderSettings } from '../../data/schema.ts';
import { RandomStream } from './random.ts';

/** A draw of the transformation. Lengths in pixels. */
export interface Transformation {
  /** Offsets of the two crops, 0 to the jitter, as (x, y). */
  readonly shift: readonly [number, number];
  readonly finalShift: readonly [number, number];
  /** Magnification: above 1, things look larger. */
  readonly scale: number;
  /** Radians. */
  readonly angle: number;
}

/** The side of what the network sees: the picture with its padding, less what the crops take. */
export function canvasSize({ size, pad, jitter, final_jitter }: RenderSettings): number {
  return size + 2 * pad - jitter - final_jitter;
}

/** The transformation of a step: named by the seed and the step, the same for every unit of a batch and of an atlas. */
export function drawTransformation(seed: number, step: number, { jitter, final_jitter, scale, rotate }: RenderSettings): Transformation {
  const stream = new RandomStream('transformation', seed, step);
  return {
    shift: [stream.below(jitter + 1), stream.below(jitter + 1)],
    scale: stream.between(scale[0], scale[1]),
    angle: (stream.between(-rotate, rotate) * Math.PI) / 180,
    finalShift: [stream.below(final_jitter + 1), stream.below(final_jitter + 1)],
  };
}

/** The transformation that leaves the picture in the middle of the canvas, unturned. */
export function identityTransformation({ jitter, final_jitter }: RenderSettings): Transformation {
  return { shift: [jitter / 2, jitter / 2], finalShift: [final_jitter / 2, final_jitter / 2], scale: 1, angle: 0 };
}

/** The sparse matrix of a transformation: canvas position p reads `Σ_k weights[4p+k]·picture[indices[4p+k]] + rest[p]`. */
export interface Warp {
  /** Into one plane of the picture. */
  readonly indices: Int32Array;
  readonly weights: Float32Array;
  /** What the padding adds: grey, where it is shown; 0 with reflected borders. */
  readonly rest: Float32Array;
}

const GREY = 0.5;

/** Where canvas positions lie in the picture: x = originX + cosine·dx − sine·dy, y = originY + sine·dx + cosine·dy, dx and dy from `first` on. */
export interface Placement {
  readonly cosine: number;
  readonly sine: number;
  readonly origin: readonly [number, number];
  readonly first: readonly [number, number];
}

export function placementOf({ shift, finalShift, scale, angle }: Transformation, { size, pad, jitter }: RenderSettings): Placement {
  const middle = (size + 2 * pad - jitter - 1) / 2;
  return {
    cosine: Math.cos(angle) / scale,
    sine: Math.sin(angle) / scale,
    origin: [middle + shift[0] - pad, middle + shift[1] - pad],
    first: [finalShift[0] - middle, finalShift[1] - middle],
  };
}

/** Fills `warp` (made anew where left out) for a transformation. Every plane of every picture of a batch shares it. */
export function fillWarp(transformation: Transformation, settings: RenderSettings, warp: Warp = emptyWarp(settings)): Warp {
  const { size, border } = settings;
  const canvas = canvasSize(settings);
  const { cosine, sine, origin, first } = placementOf(transformation, settings);
  const { indices, weights, rest } = warp;
  const reflects = border === 'reflect';
  for (let row = 0, at = 0; row < canvas; row++) {
    const dy = row + first[1];
    for (let column = 0; column < canvas; column++, at += 4) {
      const dx = column + first[0];
      const x = origin[0] + cosine * dx - sine * dy;
      const y = origin[1] + sine * dx + cosine * dy;
      const left = Math.floor(x);
      const top = Math.floor(y);
      const right = x - left;
      const down = y - top;
      if (left >= 0 && left < size - 1 && top >= 0 && top < size - 1) {
        const corner = top * size + left;
        indices[at] = corner;
        indices[at + 1] = corner + 1;
        indices[at + 2] = corner + size;
        indices[at + 3] = corner + size + 1;
        weights[at] = (1 - right) * (1 - down);
        weights[at + 1] = right * (1 - down);
        weights[at + 2] = (1 - right) * down;
        weights[at + 3] = right * down;
        rest[at >> 2] = 0;
        continue;
      }
      let outside = 0;
      for (let k = 0; k < 4; k++) {
        const i = left + (k & 1);
        const j = top + (k >> 1);
        const weight = (k & 1 ? right : 1 - right) * (k >> 1 ? down : 1 - down);
        const inside = i >= 0 && i < size && j >= 0 && j < size;
        if (inside || reflects) {
          indices[at + k] = inside ? j * size + i : reflect(j, size) * size + reflect(i, size);
          weights[at + k] = weight;
        } else {
          indices[at + k] = 0;
          weights[at + k] = 0;
          outside += weight;
        }
      }
      rest[at >> 2] = GREY * outside;
    }
  }
  return warp;
}

/** Mirrors an index at the outermost pixels' centres, as often as needed: −1 → 1, size → size − 2. */
function reflect(index: number, size: number): number {
  const period = 2 * (size - 1);
  const folded = ((index % period) + period) % period;
  return folded < size ? folded : period - folded;
}

export function emptyWarp(settings: RenderSettings): Warp {
  const positions = canvasSize(settings) ** 2;
  return { indices: new Int32Array(4 * positions), weights: new Float32Array(4 * positions), rest: new Float32Array(positions) };
}

/** Applies the matrix to `planes` planes, then `· scale + offset` by the plane's colour: the network's preprocessing, at no extra pass. */
export function applyWarp(
  warp: Warp,
  picture: Float32Array,
  planes: number,
  scale: readonly number[],
  offset: readonly number[],
  canvas: Float32Array,
): void {
  applyWarpAt(0, warp, picture, planes, scale, offset, canvas);
}

/** The same for the canvas's positions from `first` on. */
export function applyWarpAt(
  first: number,
  { indices, weights, rest }: Warp,
  picture: Float32Array,
  planes: number,
  scale: readonly number[],
  offset: readonly number[],
  canvas: Float32Array,
): void {
  const positions = rest.length;
  const area = picture.length / planes;
  for (let plane = 0; plane < planes; plane++) {
    const from = picture.subarray(plane * area, (plane + 1) * area);
    const to = canvas.subarray(plane * positions, (plane + 1) * positions);
    const [a, b] = [scale[plane % scale.length], offset[plane % offset.length]];
    for (let p = first, k = 4 * first; p < positions; p++, k += 4) {
      const value =
        weights[k] * from[indices[k]] +
        weights[k + 1] * from[indices[k + 1]] +
        weights[k + 2] * from[indices[k + 2]] +
        weights[k + 3] * from[indices[k + 3]] +
        rest[p];
      to[p] = a * value + b;
    }
  }
}

/** Applies the transposed matrix: the gradient by the canvas becomes the gradient by the picture, `· scale` on the way. */
export function applyWarpAdjoint(warp: Warp, canvas: Float32Array, planes: number, scale: readonly number[], picture: Float32Array): void {
  picture.fill(0);
  applyWarpAdjointAt(0, warp, canvas, planes, scale, picture);
}

/** Adds what the canvas's positions from `first` on give. */
export function applyWarpAdjointAt(
  first: number,
  { indices, weights }: Warp,
  canvas: Float32Array,
  planes: number,
  scale: readonly number[],
  picture: Float32Array,
): void {
  const positions = canvas.length / planes;
  const area = picture.length / planes;
  for (let plane = 0; plane < planes; plane++) {
    const from = canvas.subarray(plane * positions, (plane + 1) * positions);
    const to = picture.subarray(plane * area, (plane + 1) * area);
    const a = scale[plane % scale.length];
    for (let p = first, k = 4 * first; p < positions; p++, k += 4) {
      const value = a * from[p];
      to[indices[k]] += weights[k] * value;
      to[indices[k + 1]] += weights[k + 1] * value;
      to[indices[k + 2]] += weights[k + 2] * value;
      to[indices[k + 3]] += weights[k + 3] * value;
    }
  }
}
