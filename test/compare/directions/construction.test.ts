/** What the arms that need no activations are by construction. */
import { describe, expect, it } from 'vitest';
import { generateArm } from '../../../generator/compare/directions/generate-arm.ts';
import type { LayerInput } from '../../../generator/compare/directions/layer-input.ts';
import { makeLayer } from './small-layer.ts';

const CHANNELS = 10;
const generate = (id: string, changes: Partial<LayerInput>) => generateArm(id, makeLayer(CHANNELS, changes));

describe('by construction', () => {
  it('rotated-0 is the basis, rotated-1 a frame, and the way between is even', () => {
    const all = (id: string) => generateArm(id, makeLayer(64));
    expect(all('rotated-0').map(({ sha256: hash }) => hash)).toEqual(all('basis').map(({ sha256: hash }) => hash));
    const diagonal = (id: string) => all(id).reduce((sum, { vector, index }) => sum + vector[index], 0) / 64;
    for (const alpha of [0.2, 0.4, 0.6, 0.8])
      expect(Math.abs(diagonal(`rotated-0-${10 * alpha}`) - Math.sin(Math.PI * alpha) / (Math.PI * alpha))).toBeLessThan(0.03);
    expect(Math.abs(diagonal('rotated-1'))).toBeLessThan(0.06);
  });

  it('sparse-k has k channels of one size and random signs, all channels in turn', () => {
    for (const size of [2, 4, 8]) {
      const found = generate(`sparse-${size}`, { counts: { [`sparse-${size}`]: 400 } });
      const values = found.map(({ vector }) => Array.from(vector).filter((value) => value !== 0));
      expect(values.every((row) => row.length === size && row.every((value) => Math.abs(value) === Math.fround(1 / Math.sqrt(size))))).toBe(
        true,
      );
      const positive = values.flat().filter((value) => value > 0).length / (400 * size);
      expect(Math.abs(positive - 0.5)).toBeLessThan(2 / Math.sqrt(400 * size));
      for (let c = 0; c < CHANNELS; c++) {
        const share = found.filter(({ vector }) => vector[c] !== 0).length / 400;
        expect(Math.abs(share - size / CHANNELS)).toBeLessThan(0.1);
      }
    }
  });

  it('nonnegative has no negative part, and the mean √(2/π) of |g| in every channel', () => {
    const found = generate('nonnegative', { channels: 50, activations: undefined, counts: { nonnegative: 2000 } } as Partial<LayerInput>);
    for (let c = 0; c < 50; c++) {
      const mean = found.reduce((sum, { vector }) => sum + vector[c], 0) / 2000;
      expect(Math.abs(mean * Math.sqrt(50) - Math.sqrt(2 / Math.PI))).toBeLessThan(0.06);
    }
    expect(Math.min(...found.flatMap(({ vector }) => Array.from(vector)))).toBeGreaterThanOrEqual(0);
  });
});
