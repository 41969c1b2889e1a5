/** Running a small graph once on the CPU, and comparing lists of numbers. */
import { expect } from 'vitest';
import type { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32Data, type Tensor } from '../../generator/graph/tensor.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';

/** The values of `outputs`, in order. */
export async function evaluate(
  builder: GraphBuilder,
  outputs: readonly string[],
  inputs: Readonly<Record<string, Tensor>>,
): Promise<Float32Array[]> {
  const program = await openOnnxRuntime({ threads: 1 }).compile(builder.build(outputs));
  const result = await program.run(inputs);
  await program.dispose();
  return outputs.map((name) => float32Data(result[name] as Tensor, name));
}

/** Holds that every value lies within `tolerance` of the one expected. */
export function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i] - expected[i]), `element ${i}: ${actual[i]} for ${expected[i]}`).toBeLessThanOrEqual(tolerance);
}
