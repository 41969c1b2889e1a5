/** Where an operator has a kink, a tie or a step: the gradient that PyTorch 1.13 gives there, and nothing that is not a number. */
import { expect, test } from 'vitest';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { STEP_OPS } from '../../generator/gradient/rule.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { ELEMENT_TYPES, OPERATORS } from '../../generator/graph/shapes.ts';
import { float32, float32Data, type Tensor } from '../../generator/graph/tensor.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { CASES } from './cases.ts';

const runtime = openOnnxRuntime({ threads: 1 });

async function gradientAt(x: readonly number[], build: (builder: GraphBuilder, x: string) => string): Promise<number[]> {
  const builder = new GraphBuilder();
  builder.input('x', { dtype: 'float32', shape: [x.length] });
  const gradient = differentiate(builder, build(builder, 'x'), 'x');
  const program = await runtime.compile(builder.build([gradient]));
  const result = (await program.run({ x: float32([x.length], x) }))[gradient];
  await program.dispose();
  // Minus zero is zero here.
  return [...float32Data(result as Tensor, 'gradient')].map((value) => value + 0);
}

const X = [-3, -1, 0, 1, 3];
const zeros = (b: GraphBuilder, x: string) => b.add('Mul', [x, b.scalar(0)], {});
const square = (b: GraphBuilder, x: string) => b.add('Mul', [x, x], {});
const bounds = (b: GraphBuilder) => b.constant(float32([5], [-3, 0, 0, 0, 0]));

test.each<{ about: string; build: (b: GraphBuilder, x: string) => string; expected: number[] }>([
  { about: 'Abs at 0', build: (b, x) => b.add('Abs', [x], {}), expected: [-1, -1, 0, 1, 1] },
  { about: 'Relu at 0', build: (b, x) => b.add('Relu', [x], {}), expected: [0, 0, 0, 1, 1] },
  { about: 'LeakyRelu at 0', build: (b, x) => b.add('LeakyRelu', [x], { alpha: 0.25 }), expected: [0.25, 0.25, 0.25, 1, 1] },
  { about: 'PRelu at 0', build: (b, x) => b.add('PRelu', [x, b.scalar(0.25)], {}), expected: [0.25, 0.25, 0.25, 1, 1] },
  { about: 'Elu at 0', build: (b, x) => b.add('Elu', [x], { alpha: 0.5 }), expected: [0.02489353, 0.18393972, 0.5, 1, 1] },
  {
    about: 'Selu at 0',
    build: (b, x) => b.add('Selu', [x], { alpha: 1.6732632, gamma: 1.050701 }),
    expected: [0.0875306, 0.6467686, 1.7580993, 1.050701, 1.050701],
  },
  { about: 'Celu at 0', build: (b, x) => b.add('Celu', [x], { alpha: 0.5 }), expected: [0.00247875, 0.13533528, 1, 1, 1] },
  { about: 'ThresholdedRelu at its threshold', build: (b, x) => b.add('ThresholdedRelu', [x], { alpha: 1 }), expected: [0, 0, 0, 0, 1] },
  {
    about: 'ThresholdedRelu at a threshold beyond everything',
    build: (b, x) => b.add('ThresholdedRelu', [x], { alpha: 3e38 }),
    expected: [0, 0, 0, 0, 0],
  },
  { about: 'Softsign at 0', build: (b, x) => b.add('Softsign', [x], {}), expected: [0.0625, 0.25, 1, 0.25, 0.0625] },
  {
    about: 'HardSwish at ±3: the straight sides (versions of PyTorch disagree)',
    build: (b, x) => b.add('HardSwish', [x], {}),
    expected: [0, 1 / 6, 0.5, 5 / 6, 1],
  },
  { about: 'Max of equals: halves', build: (b, x) => b.add('Max', [x, bounds(b)], {}), expected: [0.5, 0, 0.5, 1, 1] },
  { about: 'Min of equals: halves', build: (b, x) => b.add('Min', [x, bounds(b)], {}), expected: [0.5, 1, 0.5, 0, 0] },
  {
    about: 'ReduceMax of equals: shares',
    build: (b, x) => b.add('ReduceMax', [square(b, x)], { axes: [0], keepdims: 0 }),
    expected: [-3, 0, 0, 0, 3],
  },
  {
    about: 'GlobalMaxPool of equals: the first',
    build: (b, x) => b.add('GlobalMaxPool', [b.add('Reshape', [square(b, x), b.integers([1, 1, 5])], { allowzero: 0 })], {}),
    expected: [-6, 0, 0, 0, 0],
  },
  { about: 'ReduceL2 of zeros', build: (b, x) => b.add('ReduceL2', [zeros(b, x)], { axes: [0], keepdims: 0 }), expected: [0, 0, 0, 0, 0] },
  {
    about: 'ReduceL2 of one value',
    build: (b, x) => b.add('ReduceL2', [b.add('Mul', [x, b.constant(float32([5], [1, 0, 0, 0, 0]))], {})], { axes: [0], keepdims: 0 }),
    expected: [-1, 0, 0, 0, 0],
  },
  { about: 'Pow to the 0 at 0', build: (b, x) => b.add('Pow', [x, b.scalar(0)], {}), expected: [0, 0, 0, 0, 0] },
  {
    about: 'Pow to a computed 0 at 0',
    build: (b, x) => b.add('Pow', [x, b.add('Floor', [zeros(b, x)], {})], {}),
    expected: [0, 0, 0, 0, 0],
  },
  { about: 'Pow to the 1 at 0', build: (b, x) => b.add('Pow', [x, b.scalar(1)], {}), expected: [1, 1, 1, 1, 1] },
  {
    about: 'Pow of 0, by the exponent',
    build: (b, x) => b.add('Pow', [b.scalar(0), b.add('Abs', [x], {})], {}),
    expected: [0, 0, 0, 0, 0],
  },
  {
    about: 'a factor that is a comparison',
    build: (b, x) => b.add('Mul', [x, b.add('Cast', [b.add('Greater', [x, b.scalar(0)], {})], { to: ELEMENT_TYPES.float32 })], {}),
    expected: [0, 0, 0, 1, 1],
  },
])('$about', async ({ build, expected }) => {
  const actual = await gradientAt(X, build);
  actual.forEach((value, i) => {
    expect(value, `element ${i}`).toBeCloseTo(expected[i], 5);
  });
});

test.each(['Sign', 'Ceil', 'Floor', 'Round'] as const)('%s hands nothing on', async (op) => {
  const build = (b: GraphBuilder, x: string) => b.add('Add', [b.add(op, [x], {}), x], {});
  expect(await gradientAt(X, build)).toEqual([1, 1, 1, 1, 1]);
  await expect(gradientAt(X, (b, x) => b.add(op, [x], {}))).rejects.toThrow('received "only steps and comparisons"');
});

test('every operator of the table is a step or has a case', () => {
  expect(OPERATORS.length).toBeGreaterThan(80);
  expect([...STEP_OPS, ...Object.keys(CASES)].sort()).toEqual([...OPERATORS].sort());
});
