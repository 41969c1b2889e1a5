import { describe, expect, it } from 'vitest';
import { noiseTile } from '../../generator/measure/noise-tile.ts';
import { RandomStream } from '../../generator/render/random.ts';

describe('noise tiles', () => {
  it('have mean 0, variance 1 and no seam', () => {
    const { side, values } = noiseTile(64, 1, new RandomStream('test', 'tile'));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean).toBeCloseTo(0, 4);
    expect(values.reduce((sum, value) => sum + value * value, 0) / values.length).toBeCloseTo(1, 4);
    const step = (x: number) =>
      Array.from({ length: side }, (_, y) => (values[y * side + x] - values[y * side + ((x + 1) % side)]) ** 2).reduce((a, b) => a + b);
    expect(step(side - 1) / step(side / 2)).toBeLessThan(3);
  });

  it('are smoother the larger the exponent', () => {
    const roughness = (exponent: number) => {
      const { values } = noiseTile(64, exponent, new RandomStream('test', 'tile'));
      return values.reduce((sum, value, i) => sum + (i % 64 ? (value - values[i - 1]) ** 2 : 0), 0);
    };
    expect(roughness(0)).toBeGreaterThan(2 * roughness(1));
    expect(roughness(1)).toBeGreaterThan(2 * roughness(2));
  });
});
