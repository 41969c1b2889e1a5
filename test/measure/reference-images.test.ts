import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deadLeaves } from '../../generator/measure/dead-leaves.ts';
import { noiseTile } from '../../generator/measure/noise-tile.ts';
import { referenceImages } from '../../generator/measure/reference-images.ts';
import { RandomStream } from '../../generator/render/random.ts';

describe('the reference images', () => {
  it('are fixed: the first sixteen at 32 pixels have this hash', () => {
    expect(referenceImages(32, 16).sha256()).toBe('53ec350ec58fc73e502542f0bdeea14c3c59c355596effc436c73d06ee851cad');
  });

  it('are the same whichever was made before, and differ from one another', () => {
    const alone = deadLeaves(5, 32).pixels;
    expect([...referenceImages(32, 6)][5].pixels).toEqual(alone);
    const hashes = Array.from({ length: 32 }, (_, i) => createHash('sha256').update(deadLeaves(i, 32).pixels).digest('hex'));
    expect(new Set(hashes).size).toBe(32);
  });

  it('hash to the same value before, after and without a pass', () => {
    const images = referenceImages(16, 8);
    const before = images.sha256();
    expect([...images]).toHaveLength(8);
    expect(images.sha256()).toBe(before);
    expect(referenceImages(16, 8).sha256()).toBe(before);
    expect(referenceImages(16, 7).sha256()).not.toBe(before);
  });

  it('keep their composition at another size: means of an image at 32 and 96 pixels agree', () => {
    for (let index = 0; index < 8; index++) {
      const mean = (size: number) => deadLeaves(index, size).pixels.reduce((sum, value) => sum + value, 0) / (3 * size * size);
      expect(Math.abs(mean(32) - mean(96))).toBeLessThan(12);
    }
  });

  it('fill the range: neither flat nor all alike in brightness', () => {
    const means = Array.from({ length: 40 }, (_, i) => deadLeaves(i, 32).pixels.reduce((sum, value) => sum + value, 0) / 3072);
    const average = means.reduce((sum, value) => sum + value, 0) / means.length;
    expect(average).toBeGreaterThan(80);
    expect(average).toBeLessThan(170);
    expect(Math.max(...means) - Math.min(...means)).toBeGreaterThan(80);
  });
});

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
