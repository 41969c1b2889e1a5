/** The matrices that resizing is differentiated by are what the runtime does: every extent up to 24, to sizes and by scales that do not divide. */
import { expect, test } from 'vitest';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { interpolationMatrix, type ResizeAttributes } from '../../generator/graph/resize.ts';
import { float32, float32Data, type Tensor } from '../../generator/graph/tensor.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';

const runtime = openOnnxRuntime({ threads: 1 });
const COORDINATES = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'] as const;
const NEAREST = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;
const SIZES = [1, 2, 3, 5, 7, 10, 12, 14, 18, 21, 27, 33, 49];
const SCALES = [1.1, 1.3, 1.6, 0.7, 0.3, 2.5, 1 / 3];

const variants = COORDINATES.flatMap((coordinate_transformation_mode) => [
  ...NEAREST.map((nearest_mode) => ({ mode: 'nearest' as const, coordinate_transformation_mode, nearest_mode })),
  { mode: 'linear' as const, coordinate_transformation_mode, nearest_mode: 'floor' as const },
  { mode: 'cubic' as const, coordinate_transformation_mode, nearest_mode: 'floor' as const },
]);

test.each(variants)('$mode, $coordinate_transformation_mode, $nearest_mode', async (variant) => {
  const attributes: ResizeAttributes = { ...variant, cubic_coeff_a: -0.75, exclude_outside: 0 };
  const builder = new GraphBuilder();
  const inputs: Record<string, Tensor<'float32'>> = {};
  const resized: { name: string; from: number; scale: number }[] = [];
  for (let from = 1; from <= 24; from++) {
    const x = builder.input(`x${from}`, { dtype: 'float32', shape: [1, 1, 1, from] });
    inputs[x] = float32(
      [1, 1, 1, from],
      Float32Array.from({ length: from }, (_, i) => (i * i) % 17),
    );
    const add = (scale: number, ...rest: string[]) =>
      resized.push({ name: builder.add('Resize', [x, '', ...rest], attributes), from, scale });
    for (const size of SIZES) if (size !== from) add(Math.fround(size / from), '', builder.integers([1, 1, 1, size]));
    for (const scale of SCALES) {
      const to = Math.floor(Math.fround(from * Math.fround(scale)));
      if (to >= 1 && to !== from) add(Math.fround(scale), builder.constant(float32([4], [1, 1, 1, scale])));
    }
  }
  const program = await runtime.compile(builder.build(resized.map(({ name }) => name)));
  const results = await program.run(inputs);
  await program.dispose();
  expect(resized.length).toBeGreaterThan(400);
  for (const { name, from, scale } of resized) {
    const actual = float32Data(results[name] as Tensor, name);
    const matrix = interpolationMatrix(from, actual.length, scale, attributes);
    expect(builder.shape(name)).toEqual([1, 1, 1, actual.length]);
    for (let i = 0; i < actual.length; i++) {
      let sum = 0;
      for (let j = 0; j < from; j++) sum += matrix[i * from + j] * inputs[`x${from}`].data[j];
      expect(Math.abs(sum - actual[i]), `${from} values by ${scale}, element ${i}`).toBeLessThan(1e-3);
    }
  }
});
