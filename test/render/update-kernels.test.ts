/** The update in WebAssembly beside the program that it stands for, and the transforms beside their sums. */
import { describe, expect, test } from 'vitest';
import type { RenderSettings } from '../../data/schema.ts';
import { float32, float32Data, scalar, zeros } from '../../generator/graph/tensor.ts';
import { adamInputs } from '../../generator/render/adam.ts';
import {
  canTransform,
  columns,
  columnTwiddles,
  rows,
  rowTwiddles,
  spectrumStride,
  type Way,
} from '../../generator/render/kernels/fourier.ts';
import { hasUpdateKernels, openUpdateKernels, placeUpdate } from '../../generator/render/kernels/update.ts';
import { optimisedAxes } from '../../generator/render/parameterisation/colour.ts';
import { parameterShape } from '../../generator/render/parameterisation.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { updateGraph } from '../../generator/render/programs.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { isOutOfMemory } from '../../generator/runtime/out-of-memory.ts';
import { assemble } from '../../generator/wasm/code.ts';
import { KernelMemory, Places } from '../../generator/wasm/memory.ts';
import { draws } from './tiny-model.ts';

const BASE = { ...PRESET_SETTINGS.atlas, size: 16 };
/** Every radix from 2 to 7, alone and together, rows of half the length. */
const SIZES = [16, 20, 24, 28, 36, 48, 60, 84, 100, 128, 196];

/** The transforms of one size over memory with a picture and a spectrum. */
function openTransforms(size: number, way: Way) {
  const places = new Places();
  const stride = spectrumStride(size);
  const [picture, spectrum, work] = [places.take(size * size), places.take(2 * size * stride), places.take(16 * size)];
  const tables = [columnTwiddles(size, way), rowTwiddles(size, way)].map((values) => ({ values, at: places.take(values.length) }));
  const memory = new KernelMemory(places);
  for (const { values, at } of tables) memory.floats(at, values.length).set(values);
  const module = assemble({ rows: rows(size, way), columns: columns(size, way) });
  const loops = new WebAssembly.Instance(module, { host: { memory: memory.memory } }).exports as Record<
    string,
    (...values: number[]) => void
  >;
  return {
    picture: memory.floats(picture, size * size),
    spectrum: memory.floats(spectrum, 2 * size * stride),
    rows: () => loops.rows(picture, spectrum, size / 4, work, tables[1].at),
    columns: () => loops.columns(spectrum, spectrum, stride / 4, work, tables[0].at),
    dispose: () => memory.dispose(),
  };
}

describe.each(SIZES)('transforms of %i pixels', (size) => {
  const stride = spectrumStride(size);
  const width = size / 2 + 1;
  const angle = (j: number, k: number) => (2 * Math.PI * ((j * k) % size)) / size;
  /** How much further than rounding a sum of `size` terms may lie. */
  const tolerance = 2e-6 * size;

  test('rows: from each to its coefficients, those between the ends twice', () => {
    const loops = openTransforms(size, 'forward');
    loops.picture.set(draws(`rows ${size}`, size * size));
    loops.spectrum.fill(Number.NaN);
    loops.rows();
    for (const y of [0, 1, 6, size - 1]) {
      const row = loops.picture.subarray(y * size, (y + 1) * size);
      for (let k = 0; k < stride; k++) {
        const weight = k >= width ? 0 : k === 0 || 2 * k === size ? 1 : 2;
        const real = weight * row.reduce((sum, value, x) => sum + value * Math.cos(angle(x, k)), 0);
        const imaginary = -weight * row.reduce((sum, value, x) => sum + value * Math.sin(angle(x, k)), 0);
        expect(Math.abs(loops.spectrum[y * stride + k] - real)).toBeLessThan(tolerance);
        expect(Math.abs(loops.spectrum[(size + y) * stride + k] - imaginary)).toBeLessThan(tolerance);
      }
    }
    loops.dispose();
  });

  test('rows back: what the imaginary parts of both ends are does not matter', () => {
    const loops = openTransforms(size, 'back');
    loops.spectrum.set(draws(`rows back ${size}`, 2 * size * stride));
    loops.rows();
    for (const y of [0, 3, size - 1]) {
      for (let x = 0; x < size; x++) {
        let value = 0;
        for (let k = 0; k < width; k++) {
          const weight = k === 0 || 2 * k === size ? 1 : 2;
          const [real, imaginary] = [loops.spectrum[y * stride + k], loops.spectrum[(size + y) * stride + k]];
          value += weight * (real * Math.cos(angle(x, k)) - imaginary * Math.sin(angle(x, k)));
        }
        expect(Math.abs(loops.picture[y * size + x] - value)).toBeLessThan(tolerance);
      }
    }
    loops.dispose();
  });

  test.each([['forward', -1] as const, ['back', 1] as const])('columns %s', (way, sign) => {
    const loops = openTransforms(size, way);
    const before = draws(`columns ${size}`, 2 * size * stride);
    loops.spectrum.set(before);
    loops.columns();
    for (const x of [0, 1, width - 1]) {
      for (const k of [0, 1, size / 2, size - 1]) {
        let [real, imaginary] = [0, 0];
        for (let y = 0; y < size; y++) {
          const [a, b] = [before[y * stride + x], before[(size + y) * stride + x]];
          const [cosine, sine] = [Math.cos(angle(y, k)), sign * Math.sin(angle(y, k))];
          real += a * cosine - b * sine;
          imaginary += a * sine + b * cosine;
        }
        expect(Math.abs(loops.spectrum[k * stride + x] - real)).toBeLessThan(tolerance);
        expect(Math.abs(loops.spectrum[(size + k) * stride + x] - imaginary)).toBeLessThan(tolerance);
      }
    }
    loops.dispose();
  });
});

const CASES: readonly (readonly [string, RenderSettings, number])[] = [
  ['the atlas preset', BASE, 3],
  ['vivid, of another size', { ...PRESET_SETTINGS.vivid, size: 28 }, 3],
  ['Lucid’s, correlated colours', { ...PRESET_SETTINGS.lucid, size: 24, decorrelate: false }, 3],
  ['grey-scale', { ...BASE, grey_scale: true }, 3],
  ['one colour', BASE, 1],
  ['eight colours', BASE, 8],
  ['a group of three', { ...BASE, group: { pictures: 3, diversity: 1 } }, 3],
];

test.each(CASES)('%s: five steps as the program makes them', async (_, settings, colours) => {
  expect(hasUpdateKernels(settings, colours)).toBe(true);
  const { size } = settings;
  const pictures = settings.group?.pictures ?? 1;
  const shape = [pictures, colours, size, size];
  const places = new Places();
  const gradientPlace = places.take(pictures * colours * size * size);
  const place = placeUpdate(settings, colours, pictures, 2, places);
  const memory = new KernelMemory(places);
  const kernels = openUpdateKernels(place, memory);
  const gradient = memory.floats(gradientPlace, pictures * colours * size * size);
  const preprocess = { scale: Array<number>(colours).fill(1), offset: Array<number>(colours).fill(0) };
  const program = await openOnnxRuntime({ threads: 1 }).compile(updateGraph({ model: { preprocess }, settings, batch: pictures }));

  const stateShape = parameterShape(pictures, settings, colours);
  expect(stateShape[1]).toBe(optimisedAxes(settings, colours));
  const parameters = float32(stateShape, draws('start', zeros(stateShape).data.length, 0.5));
  const none = { image_gradient: zeros(shape), image_before: zeros(shape) };
  const still = { rate: scalar(0), correction: scalar(1) };
  let outputs = await program.run({ parameters, first: zeros(stateShape), second: zeros(stateShape), ...none, ...still });
  kernels.start(1, parameters.data);
  const other = kernels.picture(0).slice();
  for (let step = 0; step < 5; step++) {
    const expected = float32Data(outputs.image as never, 'image');
    const actual = kernels.picture(1);
    expect(Math.max(...expected.map((value, i) => Math.abs(value - actual[i])))).toBeLessThan(3e-6);
    expect(new Set(expected).size).toBeGreaterThan(20);
    gradient.set(draws(`gradient ${step}`, gradient.length, 1e-3));
    const rates = adamInputs(step, settings);
    kernels.advance(1, gradient, rates.rate.data[0] as number, rates.correction.data[0] as number);
    outputs = await program.run({
      parameters: outputs.parameters_next,
      first: outputs.first_next,
      second: outputs.second_next,
      image_before: outputs.image,
      image_gradient: float32(shape, gradient.slice()),
      ...rates,
    });
  }
  expect(kernels.picture(0), 'the other slot').toEqual(other);
  memory.dispose();
});

test('saturated pixels stay within 0 and 1, and finite', () => {
  const places = new Places();
  const gradientPlace = places.take(3 * 256);
  const place = placeUpdate(BASE, 3, 1, 1, places);
  const memory = new KernelMemory(places);
  const kernels = openUpdateKernels(place, memory);
  kernels.start(0, draws('far out', 3 * 2 * 16 * 9, 1e4));
  const picture = kernels.picture(0);
  expect(picture.every((value) => value >= 0 && value <= 1)).toBe(true);
  expect(picture.some((value) => value === 1) && picture.some((value) => value < 1e-30)).toBe(true);
  memory.floats(gradientPlace, 3 * 256).fill(1);
  kernels.advance(0, memory.floats(gradientPlace, 3 * 256), 0.1, 1);
  expect(picture.every((value) => value >= 0 && value <= 1)).toBe(true);
  memory.floats(gradientPlace, 3 * 256)[7] = Number.NaN;
  kernels.advance(0, memory.floats(gradientPlace, 3 * 256), 0.1, 1);
  expect(picture.every(Number.isNaN), 'a gradient that is no number shows in the whole picture').toBe(true);
  memory.dispose();
});

test('a batch that is too large for the memory counts as one that does not fit', () => {
  const places = new Places();
  placeUpdate({ ...BASE, size: 1024 }, 3, 1, 100, places);
  try {
    new KernelMemory(places);
    expect.fail('expected no memory');
  } catch (error) {
    expect(String(error)).toMatch(/could not allocate memory for the batch: it takes \d+(\.\d+)? MiB, of 4096 at most/);
    expect(isOutOfMemory(error)).toBe(true);
  }
});

test('what the loops cannot do is left to the program', () => {
  const cannot: Partial<RenderSettings>[] = [
    { size: 18 },
    { size: 44 },
    { parameterisation: 'pixel' },
    { l2: 0.1 },
    { total_variation: 0.1 },
    { penalties: [{ kind: 'blur', weight: 1 }] },
    { transparency: {} },
    { group: { pictures: 2, share: 1 } },
  ];
  for (const other of cannot) expect(hasUpdateKernels({ ...BASE, ...other }, 3), JSON.stringify(other)).toBe(false);
  expect(hasUpdateKernels(BASE, 9)).toBe(false);
  expect([12, 16, 17, 22, 26, 28, 34].map(canTransform)).toEqual([false, true, false, false, false, true, false]);
});
