/** Twelve patterns that repeat. */
import { type Kernel, modulo, OWN, random2, SCALE, SEED, smoothStep } from './kernel.ts';

/** Distance to the nearest of the lines x = 0, ±m, ±2m… */
function toLine(x: number, m: number): number {
  return Math.abs(x - m * Math.round(x / m));
}

/** Which half of its period x is in: 0 or 1. */
function square(x: number, m: number): number {
  return modulo(x, m) < m / 2 ? 0 : 1;
}

/** Half of the distance between the two centres nearest to (x,y) of a lattice of regular hexagons `s` apart: 0 on their sides. */
function hexagonSide(x: number, y: number, s: number): number {
  const tall = s * Math.sqrt(3);
  const ax = x - s * Math.round(x / s);
  const ay = y - tall * Math.round(y / tall);
  const bx = x - s * (Math.floor(x / s) + 0.5);
  const by = y - tall * (Math.floor(y / tall) + 0.5);
  const [cx, cy] = ax * ax + ay * ay < bx * bx + by * by ? [ax, ay] : [bx, by];
  return s / 2 - Math.max(Math.abs(cx), Math.abs(cx) * 0.5 + Math.abs(cy) * (Math.sqrt(3) / 2));
}

/** Fills by name: `p` has the period in pixels of a picture of 224; OWN is a number in [0,1) that varies the pattern within its kind. */
export const PERIODIC = {
  checker: (u, v, p) => square(u, 1.6 * p[SCALE]) ^ square(v, 1.6 * p[SCALE]),
  dots: (u, v, p) => {
    const row = Math.round(v / (p[SCALE] * 0.87));
    const dx = toLine(u - (row & 1) * p[SCALE] * 0.5, p[SCALE]);
    const dy = v - row * p[SCALE] * 0.87;
    return dx * dx + dy * dy < ((0.24 + 0.08 * p[OWN]) * p[SCALE]) ** 2 ? 1 : 0;
  },
  honeycomb: (u, v, p) => (hexagonSide(u, v, 1.15 * p[SCALE]) < (0.07 + 0.04 * p[OWN]) * p[SCALE] ? 1 : 0),
  brick: (u, v, p) => {
    const tall = 0.85 * p[SCALE];
    const wide = 1.9 * p[SCALE];
    const row = Math.floor(v / tall);
    const joint = Math.min(toLine(v, tall), toLine(u + (row & 1) * wide * 0.5, wide));
    return joint < 0.09 * p[SCALE] ? 1 : 0;
  },
  grid: (u, v, p) => (Math.min(toLine(u, p[SCALE]), toLine(v, p[SCALE])) < (0.08 + 0.05 * p[OWN]) * p[SCALE] ? 1 : 0),
  plaid: (u, v, p) => 0.5 * (plaidThread(u, 1.7 * p[SCALE]) + plaidThread(v, 1.7 * p[SCALE])),
  zigzag: (u, v, p) => square(v + Math.abs(modulo(u, 1.4 * p[SCALE]) - 0.7 * p[SCALE]), p[SCALE]),
  concentric: (u, v, p) => square(Math.sqrt(u * u + v * v) + p[OWN] * p[SCALE], p[SCALE]),
  radial: (u, v, p) => square(Math.atan2(v, u) + Math.PI + p[OWN], (2 * Math.PI) / (7 + Math.round(6 * p[OWN]))),
  spiral: (u, v, p) => {
    const hand = p[OWN] < 0.5 ? -1 : 1;
    return square(Math.sqrt(u * u + v * v) + hand * p[SCALE] * 1.1 * (Math.atan2(v, u) / (2 * Math.PI) + 0.5), 1.1 * p[SCALE]);
  },
  scales: (u, v, p) => {
    // Rows of discs, each hiding the upper part of the row below it.
    const radius = 0.68 * p[SCALE];
    const wide = 1.25 * p[SCALE];
    const tall = 0.6 * p[SCALE];
    for (let row = Math.ceil((v - radius) / tall); row <= Math.floor((v + radius) / tall); row++) {
      const dx = toLine(u - (row & 1) * wide * 0.5, wide);
      const dy = v - row * tall;
      const r = Math.sqrt(dx * dx + dy * dy) / radius;
      if (r <= 1) return r > 0.82 ? 1 : 0.45 * r;
    }
    return 1;
  },
  crosshatch: (u, v, p) => {
    // Pen strokes of two directions 70° apart, each drawn again and again with gaps where the pen was lifted.
    const a = 0.819 * u + 0.574 * v;
    const b = 0.819 * u - 0.574 * v;
    return penStroke(a, b, p[SCALE], p[SEED]) || penStroke(b, a, p[SCALE], p[SEED] + 1) ? 1 : 0;
  },
} satisfies Record<string, Kernel>;

/** Whether a stroke along `along` covers the place: lines 0.42 of the scale apart, each with its own pressure, sway and gaps. */
function penStroke(across: number, along: number, scale: number, seed: number): boolean {
  const line = Math.round(across / (0.42 * scale));
  const hand = random2(line, 1, seed);
  if (random2(line, Math.floor(along / (2.2 * scale) + 9 * hand), seed) < 0.12) return false;
  const sway = 0.05 * scale * Math.sin(along / (1.3 * scale) + 20 * hand);
  return Math.abs(across - 0.42 * scale * line - sway) < (0.06 + 0.035 * hand) * scale;
}

/** A broad band with a narrow one beside it, as the threads of a tartan lie. */
function plaidThread(x: number, m: number): number {
  const place = modulo(x, m) / m;
  return smoothStep(0.02, 0.04, place) - smoothStep(0.4, 0.42, place) + smoothStep(0.66, 0.68, place) - smoothStep(0.76, 0.78, place);
}
