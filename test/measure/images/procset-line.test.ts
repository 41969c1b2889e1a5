import { describe, expect, it } from 'vitest';
import { composeImage } from '../../../generator/measure/images/procset/compose.ts';
import { conceptIndex } from '../../../generator/measure/images/procset/concepts.ts';
import { parameters } from '../../../generator/measure/images/procset/kernel.ts';
import { armParameters, armSkeleton, LINES } from '../../../generator/measure/images/procset/lines.ts';
import { toLab } from '../../../generator/measure/lab.ts';
import { components, eroded } from './masks.ts';

const SIZE = 224;

interface Seen {
  readonly x: number[];
  readonly y: number[];
  readonly light: number[];
  /** Means over the mask. */
  readonly centre: readonly [number, number];
}

/** Every line concept's pixels where it was first seen. */
function findLines(): Map<string, Seen> {
  const found = new Map<string, Seen>();
  for (let index = 0; index < 150 && found.size < LINES.length; index++) {
    const { picture, labels } = composeImage(index, SIZE);
    const { l } = toLab(picture);
    for (const { name } of LINES) {
      if (found.has(name)) continue;
      // Of an arc's band the middle: the ends of the band are round whatever the arc is.
      const margin = name.startsWith('arc') ? 5 : 0;
      const part = components(eroded(labels, SIZE, conceptIndex(`line-${name}`), margin), SIZE)[0] ?? [];
      const [x, y] = [part.map((at) => at % SIZE), part.map((at) => Math.floor(at / SIZE))];
      // One that is cut by the picture's rim has another shape.
      if (part.length === 0 || Math.min(...x, ...y) < 2 || Math.max(...x, ...y) > SIZE - 3) continue;
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      found.set(name, { x, y, light: part.map((at) => l[at]), centre: [mean(x), mean(y)] });
    }
  }
  return found;
}

const lines = findLines();

function seen(name: string): Seen {
  const line = lines.get(name);
  if (!line) throw new Error(`${name} was not found`);
  return line;
}

/** The angle between two directions in degrees, 0 to 180. */
const between = (a: number, b: number): number => Math.abs(((((a - b) % 360) + 540) % 360) - 180);
const angleOf = (dx: number, dy: number): number => (Math.atan2(-dy, dx) * 180) / Math.PI;
const turns = (count: number, from = 0): number[] => Array.from({ length: count }, (_, k) => from + (k * 360) / count);

describe('a line feature of procset-1', () => {
  it('is found with every name', () => {
    expect(lines.size).toBe(36);
  });

  it.each(turns(8))('edge-%i is lighter in its direction', (turn) => {
    const { x, y, light, centre } = seen(`edge-${turn}`);
    let [dx, dy] = [0, 0];
    const mean = light.reduce((sum, value) => sum + value, 0) / light.length;
    for (let k = 0; k < x.length; k++)
      [dx, dy] = [dx + (x[k] - centre[0]) * (light[k] - mean), dy + (y[k] - centre[1]) * (light[k] - mean)];
    expect(between(angleOf(dx, dy), turn)).toBeLessThan(8);
  });

  it.each([0, 45, 90, 135])('bar-%i runs along its direction, with its ink in the middle', (turn) => {
    const { x, y, light, centre } = seen(`bar-${turn}`);
    const [c, s] = [Math.cos((turn * Math.PI) / 180), -Math.sin((turn * Math.PI) / 180)];
    const along = x.map((px, k) => (px - centre[0]) * c + (y[k] - centre[1]) * s);
    const across = x.map((px, k) => (px - centre[0]) * s - (y[k] - centre[1]) * c);
    const length = Math.max(...along) - Math.min(...along);
    const width = Math.max(...across) - Math.min(...across);
    expect(length / width).toBeGreaterThan(3);
    const mean = (inside: (k: number) => boolean) => {
      const values = light.filter((_, k) => inside(k));
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    expect(Math.abs(mean((k) => Math.abs(across[k]) < 1.5) - mean((k) => Math.abs(across[k]) > 5))).toBeGreaterThan(15);
  });

  it.each(
    turns(8).flatMap((turn) => [14, 32].map((radius) => [turn, radius] as const)),
  )('arc-%i-%i has that side and radius', (turn, radius) => {
    const { x, y, centre } = seen(`arc-${turn}-${radius}`);
    // The circle through a band, by least squares (Kåsa 1976): x² + y² = 2ax + 2by + c.
    const rows = x.map((px, k) => [px - centre[0], y[k] - centre[1]] as const);
    let [xx, xy, yy, xz, yz, zz] = [0, 0, 0, 0, 0, 0];
    for (const [u, v] of rows) {
      const z = u * u + v * v;
      [xx, xy, yy, xz, yz, zz] = [xx + u * u, xy + u * v, yy + v * v, xz + u * z, yz + v * z, zz + z / rows.length];
    }
    const determinant = xx * yy - xy * xy;
    const [a, b] = [(xz * yy - yz * xy) / (2 * determinant), (yz * xx - xz * xy) / (2 * determinant)];
    expect(between(angleOf(-a, -b), turn)).toBeLessThan(10);
    const fitted = Math.sqrt(a * a + b * b + zz);
    expect(fitted / radius).toBeGreaterThan(0.7);
    expect(fitted / radius).toBeLessThan(1.4);
  });

  it.each([45, 135, 225, 315])('corner-%i points there', (turn) => {
    const { x, y, centre } = seen(`corner-${turn}`);
    const middle = [(Math.min(...x) + Math.max(...x)) / 2, (Math.min(...y) + Math.max(...y)) / 2];
    expect(between(angleOf(centre[0] - middle[0], centre[1] - middle[1]), turn)).toBeLessThan(10);
  });

  it.each([
    ['t-junction', 3],
    ['x-junction', 4],
    ['y-junction', 3],
    ['line-end', 1],
  ])('%s has %i arms', (name, arms) => {
    const line = LINES.find((candidate) => candidate.name === name);
    if (!line) throw new Error(name);
    const p = parameters(1, 0, 0, ...armParameters(line, 3));
    const inside = Array.from(
      { length: 720 },
      (_, k) => armSkeleton(12 * Math.cos((k * Math.PI) / 360), 12 * Math.sin((k * Math.PI) / 360), p) < 3,
    );
    expect(inside.filter((here, k) => here && !inside[(k + 719) % 720])).toHaveLength(arms);
    expect(seen(name).x.length).toBeGreaterThan(300);
  });
});
