/**
 * Eight drawings of several parts, each after a unit that was found in a network: eyes, faces, wheels and windows (Olah et al., "Zoom in", 2020),
 * flowers, leaves and houses (Olah, Mordvintsev and Schubert, "Feature visualization", 2017), and fur with an edge (Cammarata et al., "Curve
 * circuits", 2021: the oriented-fur families).
 */
import { type Kernel, modulo, PIXEL, SCALE, SEED } from './kernel.ts';
import { blob, ellipse } from './shapes.ts';
import { fur } from './stochastic.ts';

/** A drawing: where it is, and which of three colours (0, 1, 2) each of its places has. The scale is the outline's. */
export interface Composite {
  readonly outline: Kernel;
  readonly fill: Kernel;
  /** Degrees by which it may be turned either way. */
  readonly tilt: number;
}

/** Two arcs that meet in points at x = ±1; half as high as sqrt(1+d²) − d. */
function lens(x: number, y: number, d: number): number {
  return Math.sqrt(x * x + (Math.abs(y) + d) ** 2) - Math.sqrt(1 + d * d);
}

const petals = (x: number, y: number): number =>
  Math.sqrt(x * x + y * y) - (0.42 + 0.58 * Math.sqrt(Math.abs(Math.cos(2.5 * Math.atan2(x, -y)))));

const eye: Composite = {
  tilt: 20,
  outline: (u, v, p) => lens(u / p[SCALE], v / p[SCALE], 0.45) * p[SCALE],
  fill: (u, v, p) => {
    const x = u / p[SCALE];
    const y = v / p[SCALE];
    const r = Math.sqrt(x * x + y * y);
    if (Math.sqrt((x + 0.12) ** 2 + (y + 0.14) ** 2) < 0.08) return 0;
    if (r < 0.22 || lens(x, y, 0.45) > -0.07) return 2;
    return r < 0.47 ? 1 : 0;
  },
};

const face: Composite = {
  tilt: 15,
  outline: (u, v, p) => ellipse(u / p[SCALE], v / p[SCALE], 0.82, 1) * p[SCALE],
  fill: (u, v, p) => {
    const x = Math.abs(u / p[SCALE]);
    const y = v / p[SCALE];
    if (ellipse(x - 0.34, y + 0.22, 0.17, 0.12) < 0) return Math.sqrt((x - 0.34) ** 2 + (y + 0.22) ** 2) < 0.08 ? 2 : 1;
    if (x > 0.17 && x < 0.53 && Math.abs(y + 0.45 - 0.1 * (x - 0.34)) < 0.045) return 2;
    if (x < 0.045 && y > -0.12 && y < 0.24) return 2;
    return x < 0.42 && Math.abs(y - 0.62 + 0.75 * x * x) < 0.075 ? 2 : 0;
  },
};

const wheel: Composite = {
  tilt: 180,
  outline: (u, v, p) => Math.sqrt(u * u + v * v) - p[SCALE],
  fill: (u, v, p) => {
    const x = u / p[SCALE];
    const y = v / p[SCALE];
    const r = Math.sqrt(x * x + y * y);
    // Tyre, rim, hub with its axle, and six spokes.
    if (r > 0.76 || r < 0.09) return 0;
    if (r < 0.24 || r > 0.64) return 2;
    const angle = modulo(Math.atan2(y, x), Math.PI / 3) - Math.PI / 6;
    return Math.abs(r * Math.sin(angle)) < 0.05 ? 2 : 1;
  },
};

const flower: Composite = {
  tilt: 180,
  outline: (u, v, p) => petals(u / p[SCALE], v / p[SCALE]) * p[SCALE] * 0.7,
  fill: (u, v, p) => {
    const x = u / p[SCALE];
    const y = v / p[SCALE];
    const r = Math.sqrt(x * x + y * y);
    if (r < 0.27) return 1;
    const angle = modulo(Math.atan2(x, -y) + Math.PI / 5, (2 * Math.PI) / 5) - Math.PI / 5;
    return r < 0.72 && Math.abs(r * Math.sin(angle)) < 0.03 ? 2 : 0;
  },
};

const leaf: Composite = {
  tilt: 180,
  outline: (u, v, p) => lens(u / p[SCALE], v / p[SCALE], 0.75) * p[SCALE],
  fill: (u, v, p) => {
    const x = u / p[SCALE];
    const y = v / p[SCALE];
    if (Math.abs(y) < 0.05) return 1;
    const vein = modulo(x - 1.1 * Math.abs(y), 0.27);
    return vein < 0.06 && lens(x, y, 0.75) < -0.05 ? 1 : 0;
  },
};

const windowPanes: Composite = {
  tilt: 8,
  outline: (u, v, p) => Math.max(Math.abs(u) - 0.76 * p[SCALE], Math.abs(v) - p[SCALE]),
  fill: (u, v, p) => {
    const x = Math.abs(u / p[SCALE]);
    const y = Math.abs(v / p[SCALE]);
    if (x > 0.61 || y > 0.85 || x < 0.06 || y < 0.06) return 0;
    // Light falls across the panes.
    return modulo((u + v) / p[SCALE] + 0.3, 1.4) < 0.22 ? 2 : 1;
  },
};

const house: Composite = {
  tilt: 6,
  outline: (u, v, p) => {
    const x = Math.abs(u / p[SCALE]);
    const y = v / p[SCALE];
    const walls = Math.max(x - 0.78, y - 0.9, -y);
    const roof = Math.max((0.95 * (x - 1.12) - 1.12 * y) / 1.47, y);
    return Math.min(walls, Math.max(roof, -0.95 - y)) * p[SCALE];
  },
  fill: (u, v, p) => {
    const x = u / p[SCALE];
    const y = v / p[SCALE];
    if (y < 0) return 1;
    if (Math.abs(x - 0.3) < 0.19 && y > 0.3) return 2;
    return Math.abs(x + 0.32) < 0.2 && Math.abs(y - 0.38) < 0.18 && Math.abs(x + 0.32) > 0.025 && Math.abs(y - 0.38) > 0.025 ? 2 : 0;
  },
};

const furEdge: Composite = {
  tilt: 180,
  outline: blob,
  fill: (u, v, p) => {
    // Hairs hang down to a boundary across the middle and end there, each at its own length; below it is bare.
    const tip = 9 * (fur(u * 0.7, 0, p[SEED] + 7) - 0.5);
    if (v > tip + 0.5 * p[PIXEL]) return 2;
    return fur(u, v, p[SEED]);
  },
};

/** By name. */
export const COMPOSITES = {
  eye,
  face,
  wheel,
  flower,
  leaf,
  window: windowPanes,
  house,
  'fur-edge': furEdge,
} satisfies Record<string, Composite>;
