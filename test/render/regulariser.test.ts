/** The penalties by their formulas, and their gradients through the update against central differences. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32, float32Data, sizeOf, type Tensor } from '../../generator/graph/tensor.ts';
import { STATE } from '../../generator/render/adam.ts';
import { parameterShape } from '../../generator/render/parameterisation.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { updateGraph } from '../../generator/render/programs.ts';
import { addPenalty } from '../../generator/render/regulariser.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { evaluate, expectNear } from './evaluate.ts';
import { draws, tinyModel } from './tiny-model.ts';

const SIZE = 5;
const BATCH = 2;
const PLAIN = { ...PRESET_SETTINGS.lucid, size: SIZE };
const pictureShape = [BATCH, 3, SIZE, SIZE];

/** The penalty of every picture, in float64, from its definition. */
function penalties(pictures: Float32Array, l2: number, totalVariation: number): number[] {
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
    return (l2 * squares) / (3 * SIZE * SIZE) + (totalVariation * (across + down)) / (3 * SIZE * (SIZE - 1));
  });
}

const WEIGHTS = [
  { l2: 0.7, total_variation: 0 },
  { l2: 0, total_variation: 1.3 },
  { l2: 0.7, total_variation: 1.3 },
];

test.each(WEIGHTS)('the penalty is that of its formula, image by image, for %o', async (weights) => {
  const builder = new GraphBuilder();
  builder.input('image', { dtype: 'float32', shape: pictureShape });
  const penalty = addPenalty(builder, 'image', { ...PLAIN, ...weights });
  const pictures = draws('pictures', sizeOf(pictureShape), 0.3);
  const [values] = await evaluate(builder, [penalty ?? ''], { image: float32(pictureShape, pictures) });
  expectNear(values, penalties(pictures, weights.l2, weights.total_variation), 1e-6);
});

test('weights of zero add nothing to the graph', () => {
  const builder = new GraphBuilder();
  builder.input('image', { dtype: 'float32', shape: pictureShape });
  expect(addPenalty(builder, 'image', { ...PLAIN, l2: 0, total_variation: 0 })).toBeUndefined();
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
    const value = async (values: Float32Array) => {
      const pictures = float32Data((await run(values)).image as Tensor, 'image');
      const total = penalties(pictures, weights.l2, weights.total_variation).reduce((sum, penalty) => sum + penalty, 0);
      return pictures.reduce((sum, pixel, i) => sum + pixel * imageGradient[i], 0) - total;
    };
    // The first moment after a step from zero is a tenth of the gradient.
    const picture = float32Data((await run(parameters)).image as Tensor, 'image');
    const gradient = float32Data((await run(parameters, picture))[STATE.first] as Tensor, 'first').map((moment) => 10 * moment);
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
