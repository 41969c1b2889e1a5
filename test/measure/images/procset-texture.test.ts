import { describe, expect, it } from 'vitest';
import { type Kernel, parameters } from '../../../generator/measure/images/procset/kernel.ts';
import { PERIODIC } from '../../../generator/measure/images/procset/periodic.ts';
import { measureOutline, SHAPES } from '../../../generator/measure/images/procset/shapes.ts';
import { STOCHASTIC } from '../../../generator/measure/images/procset/stochastic.ts';

const S = 14;
const p = () => parameters(1, S, 5, 0.3, 0.2);
/** Places that lie on no lattice. */
const places = Array.from({ length: 400 }, (_, k) => [((k * 37.77) % 61) - 30.3, ((k * 91.13) % 67) - 33.1] as const);

/** Correlation of a fill with itself, moved. */
function correlation(fill: Kernel, du: number, dv: number): number {
  const here = places.map(([u, v]) => fill(u, v, p()));
  const there = places.map(([u, v]) => fill(u + du, v + dv, p()));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [a, b] = [mean(here), mean(there)];
  const dot = (x: number[], y: number[], mx: number, my: number) => x.reduce((sum, value, k) => sum + (value - mx) * (y[k] - my), 0);
  return dot(here, there, a, b) / Math.sqrt(dot(here, here, a, a) * dot(there, there, b, b));
}

describe('periodic fills', () => {
  const root3 = Math.sqrt(3);
  it.each<[keyof typeof PERIODIC, [number, number], [number, number]]>([
    ['checker', [1.6, 0], [0.8, 0.8]],
    ['dots', [1, 0], [0, 2 * 0.87]],
    ['honeycomb', [1.15, 0], [1.15 / 2, (1.15 * root3) / 2]],
    ['brick', [1.9, 0], [0, 1.7]],
    ['grid', [1, 0], [0, 1]],
    ['plaid', [1.7, 0], [0, 1.7]],
    ['zigzag', [1.4, 0], [0, 1]],
    ['scales', [1.25, 0], [0, 1.2]],
  ])('%s repeats by its two periods and not by parts of them', (name, first, second) => {
    for (const [du, dv] of [first, second]) {
      expect(correlation(PERIODIC[name], du * S, dv * S)).toBeGreaterThan(0.97);
      expect(correlation(PERIODIC[name], 0.37 * du * S, 0.37 * dv * S)).toBeLessThan(0.7);
    }
  });

  it.each(['radial', 'spiral', 'concentric'] as const)('%s turns about its centre as it should', (name) => {
    const ring = (radius: number) =>
      Array.from({ length: 360 }, (_, k) =>
        PERIODIC[name](radius * Math.cos((k * Math.PI) / 180), radius * Math.sin((k * Math.PI) / 180), p()),
      );
    const changes = (values: number[]) => values.filter((value, k) => value !== values[(k + 359) % 360]).length;
    // Spokes cross a ring; rings do not; one arm of a spiral crosses it once, light and dark.
    expect(changes(ring(11.3))).toBe({ radial: 18, spiral: 2, concentric: 0 }[name]);
  });

  it('crosshatch has strokes both ways, about a third of the area', () => {
    const ink = places.filter(([u, v]) => PERIODIC.crosshatch(u, v, p()) === 1).length / places.length;
    expect(ink).toBeGreaterThan(0.2);
    expect(ink).toBeLessThan(0.5);
  });
});

describe('stochastic fills', () => {
  const names = Object.keys(STOCHASTIC) as (keyof typeof STOCHASTIC)[];
  it.each(names)('%s stays in its palette, is not flat, and does not repeat', (name) => {
    const values = places.map(([u, v]) => STOCHASTIC[name](u, v, p()));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length).toBeGreaterThan(0.01);
    for (const shift of [S, 2 * S, 3.1 * S]) expect(Math.abs(correlation(STOCHASTIC[name], shift, 0.7 * shift))).toBeLessThan(0.4);
  });

  it('are coarse or fine as their names say: white noise has no neighbours, Perlin noise has, fur has along the hairs only', () => {
    expect(Math.abs(correlation(STOCHASTIC.white, 1, 0))).toBeLessThan(0.15);
    expect(correlation(STOCHASTIC.perlin, 2, 0)).toBeGreaterThan(0.8);
    expect(correlation(STOCHASTIC.fur, 0, 3)).toBeGreaterThan(correlation(STOCHASTIC.fur, 3, 0) + 0.5);
    expect(correlation(STOCHASTIC['one-over-f'], 1, 0)).toBeGreaterThan(0.7);
  });
});

describe('shapes', () => {
  /** Whether a place lies in the polygon: crossings of a ray (Shimrat 1962). */
  function inPolygon(x: number, y: number, corners: readonly (readonly [number, number])[]): boolean {
    let inside = false;
    corners.forEach(([ax, ay], k) => {
      const [bx, by] = corners[(k + 1) % corners.length];
      if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) inside = !inside;
    });
    return inside;
  }
  const around = (count: number, turn: number, radii = [1]) =>
    Array.from({ length: count }, (_, k) => {
      const angle = ((turn + (k * 360) / count) * Math.PI) / 180;
      return [radii[k % radii.length] * Math.cos(angle), -radii[k % radii.length] * Math.sin(angle)] as const;
    });
  const w = 0.34;
  const cross = [[w, 1], [w, w], [1, w], [1, -w], [w, -w], [w, -1], [-w, -1], [-w, -w], [-1, -w], [-1, w], [-w, w], [-w, 1]] as const; // biome-ignore format: a row of corners

  it.each<[keyof typeof SHAPES, readonly (readonly [number, number])[]]>([
    ['triangle', around(3, 90)],
    ['square', around(4, 45, [Math.SQRT2])],
    ['hexagon', around(6, 0)],
    ['star', around(10, 90, [1, 0.42])],
    ['cross', cross],
  ])('%s has the corners that its name says', (name, corners) => {
    const q = parameters(1, 10, 0);
    let wrong = 0;
    for (let u = -14.95; u < 15; u += 0.5)
      for (let v = -14.93; v < 15; v += 0.5) if (SHAPES[name](u, v, q) < 0 !== inPolygon(u / 10, v / 10, corners)) wrong++;
    expect(wrong).toBeLessThanOrEqual(2);
  });

  it.each<[keyof typeof SHAPES, number]>([
    ['disc', Math.PI],
    ['ring', Math.PI * (1 - 0.58 ** 2)],
    ['ellipse', Math.PI * 0.48],
    ['hexagon', 1.5 * Math.sqrt(3)],
  ])('%s has its area', (name, area) => {
    expect(measureOutline(SHAPES[name], parameters(1, 1, 0)).area / area).toBeCloseTo(1, 1);
  });

  it('a crescent is a disc without the disc that lies to one side, a ring has a hole, a spiral winds', () => {
    const q = parameters(1, 10, 0);
    expect([SHAPES.crescent(-8, 0, q) < 0, SHAPES.crescent(4.5, 0, q) < 0, SHAPES.ring(0, 0, q) < 0, SHAPES.ring(8, 0, q) < 0]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    const along = Array.from({ length: 240 }, (_, k) => SHAPES.spiral(k / 20, 0.01, q) < 0);
    expect(along.filter((inside, k) => inside && !along[k - 1]).length).toBeGreaterThanOrEqual(2);
  });
});
