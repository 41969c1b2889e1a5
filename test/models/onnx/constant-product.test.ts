/** Products of constants, which a file may ask for in stacks: against onnxruntime's. */
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../../generator/graph/builder.ts';
import { float32, float32Data, sizeOf, type Tensor } from '../../../generator/graph/tensor.ts';
import { Limit } from '../../../generator/models/limit.ts';
import { evaluate } from '../../../generator/models/onnx/evaluate/evaluate.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';

const node = { name: '', op: 'MatMul', domain: '', opset: 17, inputs: ['a', 'b'], outputs: ['y'], attributes: new Map(), captures: [] };
const values = (shape: readonly number[], step: number) =>
  float32(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(step * i)),
  );

describe('MatMul of constants', () => {
  test.each([
    ['two matrices', [3, 4], [4, 5]],
    ['a stack by a matrix', [1, 7, 7, 2], [2, 3]],
    ['a matrix by a stack', [3, 4], [2, 4, 5]],
    ['stacks that broadcast both ways', [2, 1, 3, 4], [5, 4, 1]],
  ])('%s', async (_, left, right) => {
    const [a, b] = [values(left, 0.7), values(right, 1.3)];
    const [{ shape, data }] = evaluate(node, [a, b], new Limit(1e6));
    const builder = new GraphBuilder();
    builder.input('a', a);
    const product = builder.add('MatMul', ['a', builder.constant(b)], {});
    const program = await openOnnxRuntime({ threads: 1 }).compile(builder.build([product]));
    const expected = (await program.run({ a }))[product] as Tensor;
    await program.dispose();
    expect(shape).toEqual(expected.shape);
    for (const [i, value] of float32Data(expected, 'product').entries()) expect(data[i]).toBeCloseTo(value, 5);
  });

  test('matrices that do not fit, and vectors, are refused', () => {
    for (const shape of [[2, 3], [4]]) expect(() => evaluate(node, [values([3, 4], 1), values(shape, 1)], new Limit(1e6))).toThrow('times');
  });
});
