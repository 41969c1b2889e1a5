/** Outlines of regions: the ten shapes that are concepts, and the two kinds that are none (blobs and Voronoi cells). */
import type { RandomStream } from '../../../render/random.ts';
import { type Kernel, OWN, SCALE } from './kernel.ts';

const [COS30, SIN30] = [Math.sqrt(3) / 2, 0.5];
const STAR_INNER = 0.42;
const SPIRAL_GAP = 0.45;
const SPIRAL_HALF = 0.12;

/** Distances to a straight edge are exact; to an ellipse to first order (the implicit function over its gradient). */
export const SHAPES = {
  disc: (u, v, p) => Math.sqrt(u * u + v * v) - p[SCALE],
  ring: (u, v, p) => {
    const r = Math.sqrt(u * u + v * v);
    return Math.max(r - p[SCALE], 0.58 * p[SCALE] - r);
  },
  ellipse: (u, v, p) => ellipse(u / p[SCALE], v / p[SCALE], 1, 0.48) * p[SCALE],
  triangle: (u, v, p) => Math.max(Math.abs(u) * COS30 - v * SIN30, v) - 0.5 * p[SCALE],
  square: (u, v, p) => Math.max(Math.abs(u), Math.abs(v)) - p[SCALE],
  hexagon: (u, v, p) => Math.max(Math.abs(u) * COS30 + Math.abs(v) * SIN30, Math.abs(v)) - COS30 * p[SCALE],
  star: (u, v, p) => {
    // One of ten like parts: the edge runs from the tip at angle 0 to the notch at 36°.
    const r = Math.sqrt(u * u + v * v) / p[SCALE];
    const fifth = (2 * Math.PI) / 5;
    let angle = Math.abs(Math.atan2(u, -v)) % fifth;
    if (angle > fifth / 2) angle = fifth - angle;
    const x = r * Math.cos(angle);
    const y = r * Math.sin(angle);
    const ex = STAR_INNER * Math.cos(fifth / 2) - 1;
    const ey = STAR_INNER * Math.sin(fifth / 2);
    return (((x - 1) * ey - y * ex) / Math.sqrt(ex * ex + ey * ey)) * p[SCALE];
  },
  cross: (u, v, p) => {
    const x = Math.abs(u) / p[SCALE];
    const y = Math.abs(v) / p[SCALE];
    return Math.min(Math.max(x - 1, y - 0.34), Math.max(x - 0.34, y - 1)) * p[SCALE];
  },
  crescent: (u, v, p) => {
    const x = u / p[SCALE] - 0.45;
    const y = v / p[SCALE];
    return Math.max(Math.sqrt(u * u + v * v) - p[SCALE], (0.85 - Math.sqrt(x * x + y * y)) * p[SCALE]);
  },
  spiral: (u, v, p) => {
    const r = Math.sqrt(u * u + v * v) / p[SCALE];
    const turns = r / SPIRAL_GAP - Math.atan2(v, u) / (2 * Math.PI);
    const arm = Math.abs(turns - Math.round(turns)) * SPIRAL_GAP - SPIRAL_HALF;
    return Math.max(arm, r - 1.12) * p[SCALE];
  },
} satisfies Record<string, Kernel>;

/** Distance to the ellipse with half axes `a`, `b`, to first order. */
export function ellipse(x: number, y: number, a: number, b: number): number {
  const k0 = Math.sqrt((x / a) ** 2 + (y / b) ** 2);
  const k1 = Math.sqrt((x / a ** 2) ** 2 + (y / b ** 2) ** 2);
  return k1 === 0 ? -Math.min(a, b) : (k0 * (k0 - 1)) / k1;
}

/** Waves around the circle that make up a blob's rim. */
const WAVES = 4;

/** A noise blob: a circle whose radius wavers. */
export const blob: Kernel = (u, v, p) => {
  const r = Math.sqrt(u * u + v * v);
  const angle = Math.atan2(v, u);
  let radius = 1;
  for (let k = 0; k < WAVES; k++) radius += p[OWN + 2 * k] * Math.cos((k + 2) * angle + p[OWN + 2 * k + 1]);
  return r - radius * p[SCALE];
};

/** The wavering of a {@link blob}: amplitudes fall with the frequency, as in natural outlines. */
export function blobRim(stream: RandomStream): number[] {
  return Array.from({ length: WAVES }, (_, k) => [stream.between(0, 0.34 / (k + 1.4)), stream.between(0, 2 * Math.PI)]).flat();
}

/** A Voronoi cell: the places nearer to the centre than to any of five neighbours. */
export const voronoiCell: Kernel = (u, v, p) => {
  let far = -1e9;
  for (let k = OWN; k < OWN + 15; k += 3) far = Math.max(far, u * p[k] + v * p[k + 1] - p[k + 2] * p[SCALE]);
  return far;
};

/** The sides of a {@link voronoiCell}: unit normals and distances, five of them, around the circle. */
export function voronoiSides(stream: RandomStream): number[] {
  const turn = stream.between(0, 2 * Math.PI);
  return Array.from({ length: 5 }, (_, k) => {
    const angle = turn + ((k + stream.between(-0.25, 0.25)) * 2 * Math.PI) / 5;
    return [Math.cos(angle), Math.sin(angle), stream.between(0.65, 1.1)];
  }).flat();
}

const PROBE = 40;
const REACH = 1.8;

/** Area within an outline of scale 1, and how far it reaches from the centre, both found by sampling; `p`'s scale is set to 1 and left there. */
export function measureOutline(outline: Kernel, p: Float64Array): { area: number; reach: number } {
  p[SCALE] = 1;
  let inside = 0;
  let reach = 0;
  const step = (2 * REACH) / PROBE;
  for (let i = 0; i < PROBE; i++) {
    for (let j = 0; j < PROBE; j++) {
      const u = (i + 0.5) * step - REACH;
      const v = (j + 0.5) * step - REACH;
      if (outline(u, v, p) > 0) continue;
      inside++;
      reach = Math.max(reach, u * u + v * v);
    }
  }
  return { area: inside * step * step, reach: Math.sqrt(reach) + step };
}
