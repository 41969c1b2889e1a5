/** The penalties by their formulas, and their gradients through the update against central differences. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Penalty, RenderSettings } from '../../data/schema.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { formatNpy } from '../../generator/graph/npy.ts';
import { float32, float32Data, sizeOf, type Tensor } from '../../generator/graph/tensor.ts';
import { STATE } from '../../generator/render/adam.ts';
import { parameterShape } from '../../generator/render/parameterisation.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { updateGraph } from '../../generator/render/programs.ts';
import { addPenalty } from '../../generator/render/regulariser.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { temporaryFolder } from '../temporary.ts';
import { evaluate, expectNear } from './evaluate.ts';
import { draws, tinyModel } from './tiny-model.ts';

const SIZE = 5;
const BATCH = 2;
const PLAIN = { ...PRESET_SETTINGS.lucid, size: SIZE };
const pictureShape = [BATCH, 3, SIZE, SIZE];

/** What Lucid holds fixed: the picture that `blur` compares with, here given. */
type Fixed = (b: number, c: number) => number[];

const AREA = SIZE * SIZE;
const NEAR = draws('near', 3 * AREA, 0.2);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Lucid's blur of one plane: a window with 1 inside and ½ on its rim, over the weight that lies in the picture. */
function blurred(plane: ArrayLike<number>, width: number): number[] {
  const reach = (width - 1) / 2;
  return Array.from({ length: AREA }, (_, i) => {
    let [total, weight] = [0, 0];
    for (let j = -reach; j <= reach; j++)
      for (let k = -reach; k <= reach; k++) {
        const [y, x] = [Math.floor(i / SIZE) + j, (i % SIZE) + k];
        if (y < 0 || y >= SIZE || x < 0 || x >= SIZE) continue;
        const entry = Math.max(Math.abs(j), Math.abs(k)) === reach ? 0.5 : 1;
        total += entry * plane[y * SIZE + x];
        weight += entry;
      }
    return total / weight;
  });
}

/** A penalty of Lucid's for one picture, in float64, from its definition. */
function lucid(penalty: Penalty, planes: readonly Float32Array[], fixed: (c: number) => number[]): number {
  const all = planes.flatMap((plane) => [...plane]);
  switch (penalty.kind) {
    case 'l1':
      return sum(all.map((x) => Math.abs(x - (penalty.constant ?? 0.5))));
    case 'l2':
      return Math.sqrt(1e-6 + sum(all.map((x) => (x - (penalty.constant ?? 0.5)) ** 2)));
    case 'total-variation':
      return sum(
        planes.map((plane) =>
          sum(
            [...plane].map(
              (x, i) => (i % SIZE === SIZE - 1 ? 0 : Math.abs(plane[i + 1] - x)) + (i + SIZE >= AREA ? 0 : Math.abs(plane[i + SIZE] - x)),
            ),
          ),
        ),
      );
    case 'blur':
      return 0.5 * sum(planes.map((plane, c) => sum([...plane].map((x, i) => (x - fixed(c)[i]) ** 2))));
    case 'boundary': {
      const width = penalty.width ?? 20;
      const outside = (i: number) => i < width || i >= SIZE - width;
      return sum(
        planes.map((plane) => {
          const smooth = blurred(plane, 5);
          return sum(
            [...plane].map((x, i) =>
              outside(i % SIZE) || outside(Math.floor(i / SIZE)) ? (smooth[i] - x) ** 2 + 0.8 * (x - 0.5) ** 2 : 0,
            ),
          );
        }),
      );
    }
    case 'input-difference':
      return Math.sqrt(1e-6 + sum(all.map((x, i) => (x - NEAR[i]) ** 2)) / all.length);
  }
}

/** The penalty of every picture, in float64, from its definition; what `blur` compares with is that of the pictures unless given. */
function penalties(pictures: Float32Array, { l2, total_variation, penalties: listed = [] }: Weights, fixed?: Fixed): number[] {
  return Array.from({ length: BATCH }, (_, b) => {
    let [squares, across, down] = [0, 0, 0];
    for (let c = 0; c < 3; c++) {
      const value = (y: number, x: number) => pictures[((b * 3 + c) * SIZE + y) * SIZE + x];
      for (let y = 0; y < SIZE; y++) {
        for (let x = 0; x < SIZE; x++) {
          squares += (value(y, x) - 0.5) ** 2;
          if (x + 1 < SIZE) across += Math.abs(value(y, x + 1) - value(y, x));
          if (y + 1 < SIZE) down += Math.abs(value(y + 1, x) - value(y, x));
        }
      }
    }
    const planes = [0, 1, 2].map((c) => pictures.subarray((b * 3 + c) * AREA, (b * 3 + c + 1) * AREA));
    const blur = (c: number) => fixed?.(b, c) ?? blurred(planes[c], 3);
    const further = sum(listed.map((penalty) => penalty.weight * lucid(penalty, planes, blur)));
    return (l2 * squares) / (3 * SIZE * SIZE) + (total_variation * (across + down)) / (3 * SIZE * (SIZE - 1)) + further;
  });
}

type Weights = Pick<RenderSettings, 'l2' | 'total_variation' | 'penalties'>;

const NEAR_FILE = path.join(temporaryFolder('penalty'), 'near.npy');
await writeFile(NEAR_FILE, formatNpy(float32([3, SIZE, SIZE], NEAR)));

const WEIGHTS: Weights[] = [
  { l2: 0.7, total_variation: 0 },
  { l2: 0, total_variation: 1.3 },
  { l2: 0.7, total_variation: 1.3 },
  ...(
    [
      [{ kind: 'l1', weight: 0.3 }],
      [{ kind: 'l1', weight: 0.3, constant: 0.2 }],
      [{ kind: 'l2', weight: 0.6 }],
      [{ kind: 'total-variation', weight: 0.1 }],
      [{ kind: 'blur', weight: 0.9 }],
      [{ kind: 'boundary', weight: 0.4, width: 1 }],
      [{ kind: 'boundary', weight: 0.4, width: 2 }],
      [{ kind: 'input-difference', weight: 2, picture: NEAR_FILE }],
      [
        { kind: 'l1', weight: 0.3 },
        { kind: 'blur', weight: 0.9 },
      ],
    ] satisfies Penalty[][]
  ).map((listed) => ({ l2: 0, total_variation: 0, penalties: listed })),
  { l2: 0.7, total_variation: 1.3, penalties: [{ kind: 'l2', weight: 0.6, constant: 0 }] },
];

test.each(WEIGHTS)('the penalty is that of its formula, image by image, for %o', async (weights) => {
  const builder = new GraphBuilder();
  builder.input('image', { dtype: 'float32', shape: pictureShape });
  const penalty = addPenalty(builder, 'image', { ...PLAIN, ...weights });
  const pictures = draws('pictures', sizeOf(pictureShape), 0.3);
  const [values] = await evaluate(builder, [penalty ?? ''], { image: float32(pictureShape, pictures) });
  expectNear(values, penalties(pictures, weights), 2e-6 * Math.max(1, ...penalties(pictures, weights)));
});

test('weights of zero and penalties on layers add nothing to the graph', () => {
  const builder = new GraphBuilder();
  builder.input('image', { dtype: 'float32', shape: pictureShape });
  expect(addPenalty(builder, 'image', { ...PLAIN, l2: 0, total_variation: 0 })).toBeUndefined();
  // A layer's penalty is a part of the score (objectives.test.ts), not of the picture's.
  const penalties: Penalty[] = [{ kind: 'l1', weight: 1, layer: 'third' }];
  expect(addPenalty(builder, 'image', { ...PLAIN, l2: 0, total_variation: 0, penalties })).toBeUndefined();
  expect(builder.nodes).toEqual([]);
});

describe.each(WEIGHTS)('through the update, for %o', (weights) => {
  test('the gradient is that of Σ image·G − penalty, by central differences', async () => {
    const settings = { ...PLAIN, ...weights };
    const shape = parameterShape(BATCH, settings, 3);
    const program = await openOnnxRuntime({ threads: 1 }).compile(updateGraph({ model: tinyModel(), settings, batch: BATCH }));
    const parameters = draws('spectrum', sizeOf(shape));
    const imageGradient = draws('image gradient', sizeOf(pictureShape), 0.02);
    const zeros = float32(shape, new Float32Array(parameters.length));
    const blank = new Float32Array(sizeOf(pictureShape));
    const run = (values: Float32Array, before: Float32Array = blank) =>
      program.run({
        parameters: float32(shape, values),
        first: zeros,
        second: zeros,
        image_gradient: float32(pictureShape, imageGradient),
        image_before: float32(pictureShape, before),
        rate: float32([], [0]),
        correction: float32([], [1]),
      });
    const still = float32Data((await run(parameters)).image as Tensor, 'image');
    const fixed: Fixed = (b, c) => blurred(still.subarray((b * 3 + c) * AREA, (b * 3 + c + 1) * AREA), 3);
    const value = async (values: Float32Array) => {
      const pictures = float32Data((await run(values)).image as Tensor, 'image');
      const total = sum(penalties(pictures, weights, fixed));
      return pictures.reduce((all, pixel, i) => all + pixel * imageGradient[i], 0) - total;
    };
    // The first moment after a step from zero is a tenth of the gradient.
    const gradient = float32Data((await run(parameters, still))[STATE.first] as Tensor, 'first').map((moment) => 10 * moment);
    const largest = Math.max(...gradient.map(Math.abs));
    // Short, so that few differences of neighbours change their sign on the way.
    const step = 1 / 2048;
    for (let i = 0; i < parameters.length; i += 7) {
      const [up, down] = [parameters.slice(), parameters.slice()];
      up[i] += step;
      down[i] -= step;
      const difference = ((await value(up)) - (await value(down))) / (up[i] - down[i]);
      expect(Math.abs(gradient[i] - difference), `parameter ${i}`).toBeLessThan(1e-2 * largest);
    }
    await program.dispose();
  });
});
