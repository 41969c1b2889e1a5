/** Every gradient rule against central differences. */
import { expect, test } from 'vitest';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { RULES } from '../../generator/gradient/rules/table.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32, float32Data, sizeOf, type Tensor } from '../../generator/graph/tensor.ts';
import { RandomStream } from '../../generator/render/random.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { type Case, normals } from './case.ts';
import { CASES } from './cases.ts';

const runtime = openOnnxRuntime({ threads: 1 });
const STEP = 1 / 128;

/** Values of x by the case's wish; `apart` is a shuffled ladder whose rungs miss 0 and ±1 by half a rung. */
function valuesFor({ x, values }: Case): Float32Array {
  const stream = new RandomStream('gradient-test', 'x', x.join());
  const size = sizeOf(x);
  if (!values) return Float32Array.from({ length: size }, () => stream.normal());
  const rung = 1 / 8;
  const order = stream.permutation(size);
  const lowest = values === 'above' ? 0.5 : -rung * (Math.floor(size / 2) - 0.5);
  return Float32Array.from(order, (i) => lowest + i * rung);
}

test('there is a case for every rule, and a rule for every case', () => {
  expect(Object.keys(CASES).sort()).toEqual(Object.keys(RULES).sort());
  expect(Object.values(CASES).every((cases) => cases.length > 0)).toBe(true);
});

for (const [op, cases] of Object.entries(CASES)) {
  test.each(cases)(`${op}: $about`, async (testCase) => {
    const builder = new GraphBuilder();
    const x = builder.input('x', { dtype: 'float32', shape: testCase.x });
    const y = testCase.build(builder, x);
    expect(builder.nodes.some((node) => node.op === op)).toBe(true);
    const weights = normals(builder, builder.shape(y), 'score');
    const gradient = differentiate(builder, y, x, {}, weights);
    expect(builder.shape(gradient)).toEqual(testCase.x);

    const program = await runtime.compile(builder.build([y, gradient]));
    const run = (data: Float32Array) => program.run({ x: float32(testCase.x, data) });
    const values = valuesFor(testCase);
    const analytic = float32Data((await run(values))[gradient] as Tensor, 'gradient');
    const scoreWeights = float32Data(builder.constantValue(weights) as Tensor, 'weights');
    const scale = Math.max(...analytic.map(Math.abs), 0.1);
    for (let i = 0; i < values.length; i++) {
      const [up, down] = [values.slice(), values.slice()];
      up[i] += STEP;
      down[i] -= STEP;
      const above = float32Data((await run(up))[y] as Tensor, 'y');
      const below = float32Data((await run(down))[y] as Tensor, 'y');
      let difference = 0;
      for (let j = 0; j < above.length; j++) difference += scoreWeights[j] * (above[j] - below[j]);
      expect(Math.abs(analytic[i] - difference / (up[i] - down[i])), `element ${i}`).toBeLessThan(2e-3 * scale);
    }
    await program.dispose();
  });
}
