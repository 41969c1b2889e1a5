/** The picture's parameterisation against a slow inverse Fourier transform in float64. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32, sizeOf } from '../../generator/graph/tensor.ts';
import { decayFilter } from '../../generator/render/parameterisation/fourier.ts';
import { addImage, parameterShape, startParameters } from '../../generator/render/parameterisation.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { evaluate, expectNear } from './evaluate.ts';
import { draws } from './tiny-model.ts';

/** 1/f in cycles a pixel, held at 1/size. */
const decay = (size: number, ky: number, kx: number, power: number) =>
  Math.max(Math.hypot(Math.min(ky, size - ky), kx) / size, 1 / size) ** -power;

/** Lucid's colour matrix, columns being the decorrelated axes, over its largest column norm. */
const ROOT = [
  [0.26, 0.09, 0.02],
  [0.27, 0.0, -0.05],
  [0.27, -0.09, 0.03],
];
const LARGEST = Math.hypot(0.26, 0.27, 0.27);

/** The picture of one plane's spectrum, `numpy.fft.irfft2(…, norm='ortho')`: the half that is not stored is the conjugate. */
function inverseTransform(parameters: Float32Array, size: number, power: number, level: number): number[] {
  const columns = Math.floor(size / 2) + 1;
  const picture: number[] = [];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let sum = 0;
      for (let ky = 0; ky < size; ky++) {
        for (let kx = 0; kx < columns; kx++) {
          const factor = level * decay(size, ky, kx, power) * (kx === 0 || 2 * kx === size ? 1 : 2);
          const angle = (2 * Math.PI * (ky * y + kx * x)) / size;
          const at = ky * columns + kx;
          sum += factor * (parameters[at] * Math.cos(angle) - parameters[size * columns + at] * Math.sin(angle));
        }
      }
      picture.push(sum / size);
    }
  }
  return picture;
}

describe.each([8, 9])('pictures of side %i', (size) => {
  test.each([
    { decorrelate: true, decay_power: 1 },
    { decorrelate: false, decay_power: 0 },
  ])('are sigmoid(colour · irfft2(spectrum · decay) / 4), for %o', async ({ decorrelate, decay_power }) => {
    const settings = { ...PRESET_SETTINGS.lucid, size, decorrelate, decay_power };
    const shape = parameterShape(2, settings, 3);
    const builder = new GraphBuilder();
    builder.input('parameters', { dtype: 'float32', shape });
    const parameters = draws('parameters', sizeOf(shape), 0.3);
    const [image] = await evaluate(builder, [addImage(builder, 'parameters', settings, 3, 'image')], {
      parameters: float32(shape, parameters),
    });

    const level = Math.sqrt(power(size, 1) / power(size, decay_power));
    const stride = parameters.length / 6;
    const expected: number[] = [];
    for (let b = 0; b < 2; b++) {
      const axes = [0, 1, 2].map((c) =>
        inverseTransform(parameters.subarray((3 * b + c) * stride, (3 * b + c + 1) * stride), size, decay_power, level),
      );
      for (let colour = 0; colour < 3; colour++) {
        for (let i = 0; i < size * size; i++) {
          const mixed = ROOT[colour].reduce((sum, entry, axis) => sum + (entry / LARGEST) * axes[axis][i], 0);
          expected.push(1 / (1 + Math.exp(-(decorrelate ? mixed : axes[colour][i]) / 4)));
        }
      }
    }
    expectNear(image, expected, 1e-5);
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.1);
  });

  test.each([0, 0.5, 1, 1.5])('the decay to the power %d falls as 1/f^power and keeps the energy of power 1', (exponent) => {
    const filter = decayFilter(size, exponent);
    const half = filter.length / 2;
    const energy = (values: Float32Array) => values.reduce((sum, value) => sum + value ** 2, 0);
    expect(energy(filter) / energy(decayFilter(size, 1))).toBeCloseTo(1, 5);
    expect(filter.subarray(half)).toEqual(filter.subarray(0, half));
    const columns = half / size;
    for (let i = 0; i < half; i++) {
      const ratio = decay(size, Math.floor(i / columns), i % columns, exponent) / decay(size, 0, 0, exponent);
      expect(filter[i] / filter[0]).toBeCloseTo(ratio, 5);
    }
  });
});

/** Σ 1/f^(2·power) over the stored half of the spectrum. */
function power(size: number, exponent: number): number {
  let sum = 0;
  for (let ky = 0; ky < size; ky++) for (let kx = 0; kx <= Math.floor(size / 2); kx++) sum += decay(size, ky, kx, exponent) ** 2;
  return sum;
}

describe('starts', () => {
  const settings = { ...PRESET_SETTINGS.lucid, size: 32 };

  test('are named by the unit and the seed, and by nothing else', () => {
    const start = startParameters('channel-42', 1, settings, 3);
    expect(startParameters('channel-42', 1, { ...settings, steps: 3, pad: 0 }, 3)).toEqual(start);
    expect(startParameters('channel-43', 1, settings, 3)).not.toEqual(start);
    expect(startParameters('channel-42', 2, settings, 3)).not.toEqual(start);
  });

  test('fill the parameters of one picture with draws of the deviation asked for', () => {
    const start = startParameters('channel-42', 1, { ...settings, start_deviation: 0.02 }, 3);
    expect(start).toHaveLength(sizeOf(parameterShape(1, settings, 3)));
    const deviation = Math.sqrt(start.reduce((sum, value) => sum + value ** 2, 0) / start.length);
    expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(5 / Math.sqrt(2 * start.length));
  });
});
