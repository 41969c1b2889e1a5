/** Parameterisations other than the Fourier spectrum, each against its formula in float64, their gradients against central differences. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RenderSettings } from '../../data/schema.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { formatNpy } from '../../generator/graph/npy.ts';
import { float32, float32Data, sizeOf, type Tensor } from '../../generator/graph/tensor.ts';
import { STATE } from '../../generator/render/adam.ts';
import { addImage, parameterShape, startParameters } from '../../generator/render/parameterisation.ts';
import { PRESET_SETTINGS, resolveSettings } from '../../generator/render/presets.ts';
import { updateGraph } from '../../generator/render/programs.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { temporaryFolder } from '../temporary.ts';
import { evaluate, expectNear } from './evaluate.ts';
import { draws } from './tiny-model.ts';

const BATCH = 2;
const PLAIN: RenderSettings = { ...PRESET_SETTINGS.lucid, size: 9, l2: 0, total_variation: 0 };
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** A picture's axes in float64, plane by plane, before colour. */
type Axes = (parameters: ArrayLike<number>, axes: number) => number[][];

/** Pictures of `[batch,colours,size,size]` from axes and a colour matrix `[channel][axis]`. */
function coloured(parameters: Float32Array, axes: Axes, matrix: readonly (readonly number[])[]): number[] {
  const each = parameters.length / BATCH;
  return Array.from({ length: BATCH }, (_, b) => {
    const planes = axes(parameters.subarray(b * each, (b + 1) * each), matrix[0].length);
    return matrix.flatMap((row) => planes[0].map((_, i) => sigmoid(row.reduce((sum, entry, axis) => sum + entry * planes[axis][i], 0))));
  }).flat();
}

const LARGEST = Math.hypot(0.26, 0.27, 0.27);
const DECORRELATED = [
  [0.26, 0.09, 0.02],
  [0.27, 0.0, -0.05],
  [0.27, -0.09, 0.03],
].map((row) => row.map((value) => value / LARGEST));
const identity = (n: number) => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)));

/** Sum of levels, each read bilinearly at y·side/size (TensorFlow 1, corners not aligned), moved by an offset with the edge mirrored. */
const pyramid =
  (size: number, levels: readonly { side: number; offset: number }[]): Axes =>
  (parameters, axes) => {
    const length = levels.reduce((sum, { side }) => sum + side * side, 0);
    return Array.from({ length: axes }, (_, axis) => {
      const plane = Array.from({ length: size * size }, () => 0);
      let start = axis * length;
      for (const { side, offset } of levels) {
        const read = (y: number, x: number) => parameters[start + Math.min(y, side - 1) * side + Math.min(x, side - 1)];
        for (let y = 0; y < size; y++)
          for (let x = 0; x < size; x++) {
            const [v, u] = [y, x].map((at) => (at < offset ? offset - at - 1 : at - offset) * (side / size));
            const [j, i] = [Math.floor(v), Math.floor(u)];
            const [dv, du] = [v - j, u - i];
            const top = read(j, i) * (1 - du) + read(j, i + 1) * du;
            const bottom = read(j + 1, i) * (1 - du) + read(j + 1, i + 1) * du;
            plane[y * size + x] += top * (1 - dv) + bottom * dv;
          }
        start += side * side;
      }
      return plane;
    });
  };

/** Standardised irfft2(magnitude · e^{i·phase}). */
const maco =
  (size: number, magnitude: (axis: number, ky: number, kx: number) => number): Axes =>
  (phases, axes) => {
    const columns = Math.floor(size / 2) + 1;
    const planes = Array.from({ length: axes }, (_, axis) =>
      Array.from({ length: size * size }, (_, i) => {
        const [y, x] = [Math.floor(i / size), i % size];
        let sum = 0;
        for (let ky = 0; ky < size; ky++)
          for (let kx = 0; kx < columns; kx++) {
            const phase = phases[(axis * size + ky) * columns + kx];
            const times = kx === 0 || 2 * kx === size ? 1 : 2;
            sum += times * magnitude(axis, ky, kx) * Math.cos(phase + (2 * Math.PI * (ky * y + kx * x)) / size);
          }
        return sum / size;
      }),
    );
    const all = planes.flat();
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    const deviation = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
    return planes.map((plane) => plane.map((value) => (value - mean) / (deviation + 1e-5)));
  };

/** A network of layers with arctan and its square after each but the last, from coordinates between ±√3, pixel by pixel. */
const cppn =
  (size: number, layers: number, hidden: number): Axes =>
  (parameters, axes) => {
    const pixels = Array.from({ length: size * size }, (_, pixel) => {
      const [y, x] = [Math.floor(pixel / size), pixel % size].map((at) => Math.sqrt(3) * (-1 + (2 * at) / (size - 1)));
      let values = [x, y];
      let start = 0;
      for (let layer = 0; layer <= layers; layer++) {
        const outputs = layer === layers ? axes : hidden;
        const sums: number[] = [];
        for (let o = 0; o < outputs; o++) {
          let sum = parameters[start + outputs * values.length + o];
          for (let i = 0; i < values.length; i++) sum += parameters[start + o * values.length + i] * values[i];
          sums.push(sum);
        }
        start += outputs * (values.length + 1);
        values = layer === layers ? sums : [...sums.map((s) => Math.atan(s) / 0.67), ...sums.map((s) => Math.atan(s) ** 2 / 0.6)];
      }
      expect(start).toBe(parameters.length);
      return values;
    });
    return Array.from({ length: axes }, (_, axis) => pixels.map((values) => values[axis]));
  };

const fall = (size: number, power: number) => (_: number, ky: number, kx: number) => {
  const frequency = Math.hypot(Math.min(ky, size - ky), kx);
  return frequency === 0 ? 0 : frequency ** -power;
};

/** The pictures of a pair with a share: what they have in common counts that many times more. */
const shared = (parameters: Float32Array, share: number): Float32Array => {
  const each = parameters.length / BATCH;
  return parameters.map((value, i) => value + (share * (parameters[i % each] + parameters[(i % each) + each])) / 2);
};

const halves = (size: number, levels: number) => Array.from({ length: levels }, (_, n) => ({ side: Math.floor(size / 2 ** n), offset: 0 }));

const CASES: { about: string; settings: Partial<RenderSettings>; colours: number; axes: (size: number) => Axes; matrix: number[][] }[] = [
  {
    about: 'pixels in decorrelated colour',
    settings: { parameterisation: 'pixel' },
    colours: 3,
    axes: (size) => pyramid(size, halves(size, 1)),
    matrix: DECORRELATED,
  },
  {
    about: 'pixels as they are',
    settings: { parameterisation: 'pixel', decorrelate: false },
    colours: 3,
    axes: (size) => pyramid(size, halves(size, 1)),
    matrix: identity(3),
  },
  {
    about: 'a Laplacian pyramid of three levels',
    settings: { parameterisation: 'laplacian-pyramid', levels: 3 },
    colours: 3,
    axes: (size) => pyramid(size, halves(size, 3)),
    matrix: DECORRELATED,
  },
  {
    about: 'low resolution with offsets',
    settings: {
      parameterisation: 'low-resolution',
      low_resolution: [{ factor: 2, offset: 'half' }, { factor: 4, offset: 3 }, { factor: 3 }],
    },
    colours: 3,
    axes: (size) =>
      pyramid(size, [
        { side: Math.floor(size / 2), offset: Math.floor(size / Math.floor(size / 2) / 2) },
        { side: Math.floor(size / 4), offset: 3 },
        { side: Math.floor(size / 3), offset: 0 },
      ]),
    matrix: DECORRELATED,
  },
  {
    about: 'pixels in grey, shown in all colours',
    settings: { parameterisation: 'pixel', grey_scale: true },
    colours: 3,
    axes: (size) => pyramid(size, halves(size, 1)),
    matrix: [[1 / Math.sqrt(3)], [1 / Math.sqrt(3)], [1 / Math.sqrt(3)]],
  },
  {
    about: 'pixels with alpha beside decorrelated colour',
    settings: { parameterisation: 'pixel', transparency: {} },
    colours: 3,
    axes: (size) => pyramid(size, halves(size, 1)),
    matrix: [...DECORRELATED.map((row) => [...row, 0]), [0, 0, 0, 1]],
  },
  {
    about: 'pixels of a pair, shared in part',
    settings: { parameterisation: 'pixel', group: { pictures: 2, share: 1.5 } },
    colours: 3,
    axes: (size) => pyramid(size, halves(size, 1)),
    matrix: DECORRELATED,
  },
  ...[1, 4, 13].map((colours) => ({
    about: `a Laplacian pyramid of ${colours} channels, whose colour is not decorrelated`,
    settings: { parameterisation: 'laplacian-pyramid', levels: 2 } as const,
    colours,
    axes: (size: number) => pyramid(size, halves(size, 2)),
    matrix: identity(colours),
  })),
  {
    about: 'MACO with magnitudes that fall as 1/f',
    settings: { parameterisation: 'maco', decay_power: 1 },
    colours: 3,
    axes: (size) => maco(size, fall(size, 1)),
    matrix: DECORRELATED,
  },
  {
    about: 'MACO with magnitudes that fall as 1/f^1.5, of two channels',
    settings: { parameterisation: 'maco', decay_power: 1.5 },
    colours: 2,
    axes: (size) => maco(size, fall(size, 1.5)),
    matrix: identity(2),
  },
  {
    about: 'a network from coordinates to colours',
    settings: { parameterisation: 'cppn', cppn: { layers: 2, hidden: 5 }, decorrelate: false },
    colours: 3,
    axes: (size) => cppn(size, 2, 5),
    matrix: identity(3),
  },
  {
    about: 'a network of one hidden layer with alpha beside decorrelated colour',
    settings: { parameterisation: 'cppn', cppn: { layers: 1, hidden: 7 }, transparency: {} },
    colours: 3,
    axes: (size) => cppn(size, 1, 7),
    matrix: [...DECORRELATED.map((row) => [...row, 0]), [0, 0, 0, 1]],
  },
  {
    about: 'networks of a pair, shared in part',
    settings: { parameterisation: 'cppn', cppn: { layers: 1, hidden: 4 }, decorrelate: false, group: { pictures: 2, share: 1.5 } },
    colours: 1,
    axes: (size) => cppn(size, 1, 4),
    matrix: identity(1),
  },
];

describe.each([8, 9])('pictures of side %i', (size) => {
  test.each(CASES)('are those of the formula for $about', async ({ settings: said, colours, axes, matrix }) => {
    const settings = { ...PLAIN, size, ...said };
    const shape = parameterShape(BATCH, settings, colours);
    const builder = new GraphBuilder();
    builder.input('parameters', { dtype: 'float32', shape });
    const parameters = draws('parameters', sizeOf(shape));
    const output = addImage(builder, 'parameters', settings, colours, 'image');
    expect(builder.shape(output)).toEqual([BATCH, matrix.length, size, size]);
    const [image] = await evaluate(builder, [output], { parameters: float32(shape, parameters) });
    const expected = coloured(said.group ? shared(parameters, 1.5) : parameters, axes(size), matrix);
    expectNear(image, expected, 2e-5);
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.1);
  });
});

describe('through the update', () => {
  test.each(CASES)('the gradient is that of Σ image·G by central differences for $about', async ({ settings: said, colours }) => {
    if (said.transparency) return; // Its composite has a test of its own, in transparency.test.ts.
    const settings = { ...PLAIN, ...said };
    const shape = parameterShape(BATCH, settings, colours);
    const model = { preprocess: { scale: Array.from({ length: colours }, () => 1), offset: Array.from({ length: colours }, () => 0) } };
    const program = await openOnnxRuntime({ threads: 1 }).compile(updateGraph({ model, settings, batch: BATCH }));
    const pictureShape = [BATCH, colours, settings.size, settings.size];
    const parameters = draws('parameters', sizeOf(shape));
    const imageGradient = draws('image gradient', sizeOf(pictureShape));
    const zeros = float32(shape, new Float32Array(parameters.length));
    const run = (values: Float32Array, before: Float32Array = new Float32Array(sizeOf(pictureShape))) =>
      program.run({
        parameters: float32(shape, values),
        first: zeros,
        second: zeros,
        image_gradient: float32(pictureShape, imageGradient),
        image_before: float32(pictureShape, before),
        rate: float32([], [0]),
        correction: float32([], [1]),
      });
    const picture = float32Data((await run(parameters)).image as Tensor, 'image');
    const value = async (values: Float32Array) =>
      float32Data((await run(values)).image as Tensor, 'image').reduce((sum, pixel, i) => sum + pixel * imageGradient[i], 0);
    // The first moment after a step from zero is a tenth of the gradient.
    const gradient = float32Data((await run(parameters, picture))[STATE.first] as Tensor, 'first').map((moment) => 10 * moment);
    const largest = Math.max(...gradient.map(Math.abs));
    expect(largest).toBeGreaterThan(0.01);
    const step = 1 / 64;
    for (let i = 0; i < parameters.length; i += 13) {
      const [up, down] = [parameters.slice(), parameters.slice()];
      up[i] += step;
      down[i] -= step;
      const difference = ((await value(up)) - (await value(down))) / (2 * step);
      expect(Math.abs(gradient[i] - difference), `parameter ${i}`).toBeLessThan(1e-2 * largest);
    }
    await program.dispose();
  });
});

describe('a network from coordinates', () => {
  test('starts as Lucid’s: weights of variance one over the inputs, cut at twice their deviation; none at the end; a picture of one colour', async () => {
    const settings = resolveSettings({ parameterisation: 'cppn', size: 16 });
    expect(settings).toMatchObject({ learning_rate: 0.005, start_deviation: 0.1, decorrelate: false });
    const start = startParameters('channel-1', 0, settings, 3);
    const lengths = [24 * 2, 24, ...Array.from({ length: 7 }, () => [24 * 48, 24]).flat(), 3 * 48, 3];
    expect(start).toHaveLength(lengths.reduce((sum, length) => sum + length, 0));
    expect(parameterShape(2, settings, 3)).toEqual([2, start.length]);
    const parts = lengths.map((length, i) =>
      start.slice(...[i, i + 1].map((n) => lengths.slice(0, n).reduce((sum, l) => sum + l, 0))).slice(0, length),
    );
    const meanSquare = (values: ArrayLike<number>[]) => {
      const all = values.flatMap((part) => Array.from(part));
      return all.reduce((sum, value) => sum + value * value, 0) / all.length;
    };
    const inner = parts.filter((_, i) => i % 2 === 0).slice(1, -1);
    expect(Math.abs(meanSquare(inner) * 48 - 1)).toBeLessThan(0.05);
    const most = Math.max(...inner.flatMap((part) => [...part].map(Math.abs)));
    expect(most * Math.sqrt(48)).toBeLessThanOrEqual(2 / 0.8796);
    expect(most * Math.sqrt(48)).toBeGreaterThan(2.2);
    expect(parts.at(-2)?.every((value) => value === 0)).toBe(true);
    expect(Math.abs(meanSquare(parts.filter((_, i) => i % 2 === 1)) / 0.01 - 1)).toBeLessThan(0.3);

    const builder = new GraphBuilder();
    builder.input('parameters', { dtype: 'float32', shape: parameterShape(1, settings, 3) });
    const [image] = await evaluate(builder, [addImage(builder, 'parameters', settings, 3, 'image')], {
      parameters: float32([1, start.length], start),
    });
    expectNear(
      image,
      [...start.slice(-3)].flatMap((bias) => Array.from({ length: 256 }, () => sigmoid(bias))),
      1e-6,
    );
    expect(startParameters('channel-1', 1, settings, 3)).not.toEqual(start);
  });
});

describe('MACO', () => {
  test('takes its magnitudes from a file, and refuses one of another shape', async () => {
    const folder = temporaryFolder('maco');
    const file = path.join(folder, 'magnitude.npy');
    const size = 8;
    const magnitude = draws('magnitude', 3 * size * 5).map(Math.abs);
    await writeFile(file, formatNpy(float32([3, size, 5], magnitude)));
    const settings: RenderSettings = { ...PLAIN, size, parameterisation: 'maco', magnitude: file };
    const shape = parameterShape(BATCH, settings, 3);
    const builder = new GraphBuilder();
    builder.input('parameters', { dtype: 'float32', shape });
    const parameters = draws('parameters', sizeOf(shape));
    const [image] = await evaluate(builder, [addImage(builder, 'parameters', settings, 3, 'image')], {
      parameters: float32(shape, parameters),
    });
    const axes = maco(size, (axis, ky, kx) => magnitude[(axis * size + ky) * 5 + kx]);
    expectNear(image, coloured(parameters, axes, DECORRELATED), 2e-5);

    const other = { ...settings, size: 16 };
    const larger = new GraphBuilder();
    larger.input('parameters', { dtype: 'float32', shape: parameterShape(BATCH, other, 3) });
    expect(() => addImage(larger, 'parameters', other, 3, 'image')).toThrow(
      `${file}: expected shape (3,16,9) for the magnitudes, received "(3,8,5)"`,
    );
  });

  test('starts from phases over the whole circle, named by unit and seed', () => {
    const settings: RenderSettings = { ...PLAIN, size: 32, parameterisation: 'maco' };
    const start = startParameters('channel-1', 0, settings, 3);
    expect(start).toHaveLength(3 * 32 * 17);
    expect(startParameters('channel-1', 0, settings, 3)).toEqual(start);
    expect(startParameters('channel-1', 1, settings, 3)).not.toEqual(start);
    const meanSquare = start.reduce((sum, phase) => sum + phase * phase, 0) / start.length;
    expect(Math.abs(meanSquare / (Math.PI ** 2 / 3) - 1)).toBeLessThan(0.1);
    expect(Math.max(...start.map(Math.abs))).toBeLessThanOrEqual(Math.fround(Math.PI));
  });
});
