/** The map: places that hide nothing, alike beside alike, the same every time. */
import { describe, expect, it } from 'vitest';
import { placeOnGrid } from '../../generator/portray/grid-places.ts';
import { layOut } from '../../generator/portray/lay-out.ts';
import { principalComponents } from '../../generator/portray/principal-components.ts';
import { RandomStream } from '../../generator/render/random.ts';

const stream = (name: string) => new RandomStream('map-test', name);

describe('places on a grid', () => {
  it('are one to a point, on a grid about half as wide again as high, its columns in fours, with no row to spare', () => {
    for (let n = 0; n < 70; n++) {
      const draws = stream(`${n}`);
      const { columns, rows, cells } = placeOnGrid(Float64Array.from({ length: 2 * n }, () => draws.normal()));
      expect(new Set(cells).size).toBe(n);
      expect(Math.max(0, ...cells)).toBeLessThan(columns * rows);
      expect(columns % 4).toBe(0);
      expect(columns * (rows - 1)).toBeLessThan(Math.max(n, 1));
      expect(columns - 4).toBeLessThan(Math.max(Math.sqrt(1.5 * n), 1));
      expect(columns).toBeGreaterThanOrEqual(Math.sqrt(1.5 * n));
    }
  });

  it('are the points’ own where these lie on the grid already, however it is stretched', () => {
    const order = stream('order').permutation(96);
    const points = Float64Array.from([...order].flatMap((cell) => [Math.exp(cell % 12), 7 * Math.floor(cell / 12)]));
    const { columns, rows, cells } = placeOnGrid(points);
    expect([columns, rows]).toEqual([12, 8]);
    expect([...cells]).toEqual([...order]);
  });

  it('keep points apart that are all in one', () => {
    expect(new Set(placeOnGrid(new Float64Array(200)).cells).size).toBe(100);
  });
});

describe('principal components', () => {
  it('are the coordinates along the axes of greatest variance, the greatest first', () => {
    const draws = stream('axes');
    const [a, b] = [
      [0.6, 0.8, 0],
      [0.8, -0.6, 0],
    ];
    const along = Array.from({ length: 400 }, () => [draws.normal() * 5, draws.normal()]);
    const rows = Float32Array.from(along.flatMap(([s, t]) => [0, 1, 2].map((i) => 10 + s * a[i] + t * b[i])));
    const found = principalComponents({ rows, dimension: 3 }, 2);
    const correlation = (k: number) => {
      const x = found.map((row) => row[k]);
      const y = along.map((row) => row[k]);
      const sums = (p: readonly number[], q: readonly number[]) => p.reduce((sum, value, i) => sum + value * q[i], 0);
      return Math.abs(sums(x, y) / Math.sqrt(sums(x, x) * sums(y, y)));
    };
    expect(correlation(0)).toBeGreaterThan(0.99);
    expect(correlation(1)).toBeGreaterThan(0.99);
    expect(Math.abs(found.reduce((sum, row) => sum + row[0], 0) / 400)).toBeLessThan(1e-6);
  });
});

describe('the layout', () => {
  const dimension = 8;
  const count = 180;
  const draws = stream('clusters');
  // Three kinds, far apart.
  const rows = Float32Array.from({ length: count * dimension }, (_, i) => {
    const kind = Math.floor(i / dimension) % 3;
    return (i % dimension === kind ? 20 : 0) + draws.normal();
  });
  const purity = (points: Float64Array, members: readonly number[]) => {
    const same = members.filter((r) => {
      const others = Array.from({ length: count }, (_, i) => i).filter((i) => i !== r);
      const near = others.toSorted((a, b) => distance(points, r, a) - distance(points, r, b)).slice(0, 5);
      return near.every((i) => i % 3 === r % 3);
    });
    return same.length / members.length;
  };
  const distance = (points: Float64Array, a: number, b: number) =>
    Math.hypot(points[2 * a] - points[2 * b], points[2 * a + 1] - points[2 * b + 1]);
  const all = Array.from({ length: count }, (_, i) => i);

  it('keeps kinds together', async () => {
    expect(purity(await layOut({ rows, dimension }, { seed: 0 }), all)).toBe(1);
  });

  it('is the same numbers from the same seed, and others from another', async () => {
    const first = await layOut({ rows, dimension }, { seed: 3 });
    expect(await layOut({ rows, dimension }, { seed: 3 })).toEqual(first);
    expect(await layOut({ rows, dimension }, { seed: 4 })).not.toEqual(first);
  });

  it('places what was not fitted among its kind', async () => {
    const points = await layOut({ rows, dimension }, { seed: 0, most: 90 });
    expect(points.every(Number.isFinite)).toBe(true);
    expect(purity(points, all)).toBe(1);
  });

  it('is the first two components of rows too few for neighbourhoods', async () => {
    const few = { rows: rows.subarray(0, 5 * dimension), dimension };
    expect([...(await layOut(few, { seed: 0 }))]).toEqual(principalComponents(few, 50).flatMap((point) => point.slice(0, 2)));
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('stopped'));
    await expect(layOut({ rows, dimension }, { seed: 0, signal: controller.signal, onProgress })).rejects.toThrow('stopped');
  });
});
