import { describe, expect, it } from 'vitest';
import { composeImage } from '../../../generator/measure/images/procset/compose.ts';
import { conceptIndex } from '../../../generator/measure/images/procset/concepts.ts';
import { ORIENTATIONS, WAVELENGTHS } from '../../../generator/measure/images/procset/grating.ts';
import { components, eroded } from './masks.ts';

const SIZE = 224;

interface Region {
  readonly x: number[];
  readonly y: number[];
  readonly value: number[];
}

/** Of the first pictures: for every grating its largest region, as places and the values of the channel that varies most. */
function findRegions(): Map<string, Region> {
  const found = new Map<string, Region>();
  for (let index = 0; index < 140; index++) {
    const { picture, labels } = composeImage(index, SIZE);
    for (const orientation of ORIENTATIONS) {
      for (const wavelength of WAVELENGTHS) {
        const concept = conceptIndex(`grating-${orientation}-${wavelength}`);
        const mask = components(eroded(labels, SIZE, concept, 2), SIZE)[0] ?? [];
        if (mask.length <= (found.get(`${orientation}-${wavelength}`)?.x.length ?? 600)) continue;
        const channels = [0, 1, 2].map((c) => mask.map((at) => picture.pixels[3 * at + c]));
        const spread = channels.map((values) => Math.max(...values) - Math.min(...values));
        const value = channels[spread.indexOf(Math.max(...spread))];
        found.set(`${orientation}-${wavelength}`, { x: mask.map((at) => at % SIZE), y: mask.map((at) => Math.floor(at / SIZE)), value });
      }
    }
  }
  return found;
}

/** Share of the variance that the best sinusoid of a wave vector explains (cycles a pixel; y downwards): a periodogram for any set of places. */
function explained({ x, y, value }: Region, fx: number, fy: number): number {
  const n = value.length;
  const mean = value.reduce((sum, v) => sum + v, 0) / n;
  let [cc, ss, cs, vc, vs, vv, c1, s1] = [0, 0, 0, 0, 0, 0, 0, 0];
  const waves = x.map((px, k) => 2 * Math.PI * (fx * px + fy * y[k]));
  for (const wave of waves) [c1, s1] = [c1 + Math.cos(wave) / n, s1 + Math.sin(wave) / n];
  waves.forEach((wave, k) => {
    const [c, s, v] = [Math.cos(wave) - c1, Math.sin(wave) - s1, value[k] - mean];
    [cc, ss, cs, vc, vs, vv] = [cc + c * c, ss + s * s, cs + c * s, vc + v * c, vs + v * s, vv + v * v];
  });
  const determinant = cc * ss - cs * cs;
  return (vc * (vc * ss - vs * cs) + vs * (vs * cc - vc * cs)) / determinant / vv;
}

function waveVector(orientation: number, wavelength: number): [number, number] {
  // Stripes that run at an angle counter-clockwise from the horizontal vary along the direction a quarter turn further.
  const across = ((orientation + 90) * Math.PI) / 180;
  return [Math.cos(across) / wavelength, -Math.sin(across) / wavelength];
}

describe('a grating of procset-1', () => {
  const regions = findRegions();

  it('is found with every orientation and wavelength', () => {
    expect(regions.size).toBe(24);
  });

  it.each(
    ORIENTATIONS.flatMap((turn) => WAVELENGTHS.map((wavelength) => [turn, wavelength] as const)),
  )('at %i° and %i pixels has its spectrum there', (turn, wavelength) => {
    const region = regions.get(`${turn}-${wavelength}`);
    if (!region) throw new Error('not found');
    let [best, bestTurn, bestWavelength] = [0, 0, 0];
    for (let around = -45; around < 135; around += 5) {
      for (let factor = 0.6; factor < 1.7; factor *= 1.07) {
        const power = explained(region, ...waveVector(turn + around, wavelength * factor));
        if (power > best) [best, bestTurn, bestWavelength] = [power, around, wavelength * factor];
      }
    }
    expect(explained(region, ...waveVector(turn, wavelength))).toBeGreaterThan(0.97);
    expect(Math.abs(bestTurn)).toBeLessThanOrEqual(5);
    expect(Math.abs(Math.log(bestWavelength / wavelength))).toBeLessThan(0.1);
  });
});
