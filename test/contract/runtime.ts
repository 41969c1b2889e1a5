/** What every runtime must do: one suite, and a short caller for each. */
import { beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { type Dtype, float32, float32Data, int64, type Tensor } from '../../generator/graph/tensor.ts';
import { openRenderer } from '../../generator/render/open.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import type { Resident, Runtime } from '../../generator/runtime/runtime.ts';
import type { Case } from '../gradient/case.ts';
import { CASES } from '../gradient/cases.ts';
import { draws, TINY_SIZE, tinyModel } from '../render/tiny-model.ts';

/** Runs the suite. `skip` may skip a test for what the machine lacks. */
export function describeRuntime(name: string, open: () => Runtime, skip: (context: TestContext) => void = () => {}): void {
  describe(name, () => {
    beforeEach((context) => skip(context));
    describePrograms(open);
    describeValues(open);
    describeOperators(open);
    describeRendering(open);
  });
}

/** `sum` = a + b and `twice` = 2a, of `[2,3]`. */
function small() {
  const builder = new GraphBuilder();
  for (const name of ['a', 'b']) builder.input(name, { dtype: 'float32', shape: [2, 3] });
  builder.add('Add', ['a', 'b'], {}, { outputs: ['sum'] });
  builder.add('Mul', ['a', builder.scalar(2)], {}, { outputs: ['twice'] });
  return builder.build(['sum', 'twice']);
}

const a = float32([2, 3], [1, 2, 3, 4, 5, 6]);
const b = float32([2, 3], [0.5, 0.5, 0.5, -1, -1, -1]);
const numbers = (value: unknown) => [...float32Data(value as Tensor, 'output')];

function describePrograms(open: () => Runtime): void {
  describe('programs', () => {
    test('say what they run on', () => {
      const runtime = open();
      expect(runtime.version).toMatch(/^\S+ \d+\.\d+\.\d+/);
      expect(['host', 'device']).toContain(runtime.memory);
      expect(runtime.threads).toBeGreaterThan(0);
    });

    test('give every output under its name, run after run', async () => {
      const program = await open().compile(small());
      const outputs = await program.run({ a, b });
      expect(Object.keys(outputs)).toEqual(['sum', 'twice']);
      expect(numbers(outputs.sum)).toEqual([1.5, 2.5, 3.5, 3, 4, 5]);
      expect(outputs.twice).toMatchObject({ dtype: 'float32', shape: [2, 3] });
      const again = await program.run({ a: b, b: a });
      expect(numbers(again.twice)).toEqual([1, 1, 1, -2, -2, -2]);
      expect(numbers(outputs.twice)).toEqual([2, 4, 6, 8, 10, 12]);
      await program.dispose();
    });

    test('name an input that is missing, of another shape, or of another type', async () => {
      const program = await open().compile(small());
      await expect(program.run({ a })).rejects.toThrow('program: expected a value for input "b", received nothing');
      await expect(program.run({ a, b: float32([3, 2], [1, 2, 3, 4, 5, 6]) })).rejects.toThrow(
        'program: expected shape [2,3] for input "b", received [3,2]',
      );
      await expect(program.run({ a, b: int64([2, 3], [1, 2, 3, 4, 5, 6]) })).rejects.toThrow(
        'program: expected float32 for input "b", received int64',
      );
      await program.dispose();
    });

    test('can be compiled and disposed of many times, and do not disturb each other', async () => {
      const runtime = open();
      const kept = await runtime.compile(small());
      for (let i = 0; i < 5; i++) {
        const program = await runtime.compile(small());
        await program.run({ a, b });
        await program.dispose();
      }
      expect(numbers((await kept.run({ a, b })).sum)).toEqual([1.5, 2.5, 3.5, 3, 4, 5]);
      await kept.dispose();
      await expect(kept.run({ a, b })).rejects.toThrow();
    });
  });
}

function describeValues(open: () => Runtime): void {
  describe('values', () => {
    test('that stay where they are can be read, fed back, and freed', async () => {
      const program = await open().compile(small(), { resident: ['sum'] });
      let { sum } = await program.run({ a, b });
      for (let i = 0; i < 3; i++) {
        expect('resident' in sum && sum.shape).toEqual([2, 3]);
        const next = await program.run({ a: sum, b });
        (sum as Resident).dispose();
        sum = next.sum;
      }
      expect(numbers(await (sum as Resident).read())).toEqual([3, 4, 5, 0, 1, 2]);
      expect(numbers(await (sum as Resident).read())).toEqual([3, 4, 5, 0, 1, 2]);
      await expect(program.run({ a: { ...(sum as Resident), shape: [6] }, b })).rejects.toThrow('expected shape [2,3] for input "a"');
      (sum as Resident).dispose();
      await program.dispose();
    });

    test('of scalars and of integers go in and come out', async () => {
      const builder = new GraphBuilder();
      builder.input('x', { dtype: 'float32', shape: [2, 4] });
      builder.input('scale', { dtype: 'float32', shape: [] });
      builder.input('indices', { dtype: 'int32', shape: [3] });
      const taken = builder.add('Gather', ['x', 'indices'], { axis: 1 });
      builder.add('Mul', [taken, 'scale'], {}, { outputs: ['y'] });
      builder.add('Greater', ['y', builder.scalar(10)], {}, { outputs: ['large'] });
      const program = await open().compile(builder.build(['y', 'large']));
      const indices: Tensor = { dtype: 'int32', shape: [3], data: Int32Array.from([3, 0, 3]) };
      const outputs = await program.run({ x: float32([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]), scale: float32([], [2]), indices });
      expect(numbers(outputs.y)).toEqual([8, 2, 8, 16, 10, 16]);
      expect(outputs.large).toMatchObject({ dtype: 'bool' satisfies Dtype, shape: [2, 3] });
      expect([...(outputs.large as Tensor<'bool'>).data]).toEqual([0, 0, 0, 1, 0, 1]);
      await program.dispose();
    });
  });
}

/** Every differentiable operator with its gradient: whatever a renderer's step may hold. */
function describeOperators(open: () => Runtime): void {
  describe('operators agree with the CPU, forward and backward', () => {
    test.each(Object.entries<readonly Case[]>(CASES))('%s', async (_, cases) => {
      for (const { about, x, values, build } of cases) {
        const builder = new GraphBuilder();
        const y = build(builder, builder.input('x', { dtype: 'float32', shape: x }));
        const gradient = differentiate(builder, y, 'x');
        const graph = builder.build([y, gradient]);
        const data = draws(
          about,
          x.reduce((product, extent) => product * extent, 1),
        ).map((v) => (values === 'above' ? Math.abs(v) + 0.5 : v));
        const results = await Promise.all(
          [openOnnxRuntime({ threads: 1 }), open()].map(async (runtime) => {
            const program = await runtime.compile(graph);
            const outputs = await program.run({ x: float32(x, data) });
            await program.dispose();
            return outputs;
          }),
        );
        for (const output of [y, gradient]) {
          const [expected, actual] = results.map((outputs) => numbers(outputs[output]));
          const scale = Math.max(1, ...expected.map(Math.abs));
          expect(Math.max(...actual.map((value, i) => Math.abs(value - expected[i]))), about).toBeLessThan(5e-4 * scale);
        }
      }
    });
  });
}

/** Every part of the step in use: moves, both borders, redirection, penalties. */
function describeRendering(open: () => Runtime): void {
  const moves = { pad: 2, jitter: 2, final_jitter: 1, redirect_steps: 2, l2: 0.1, total_variation: 0.1 };
  // The layer `first` has the name of a state of Adam's, which must not matter.
  const cases = [
    { border: 'reflect', layer: 'third', channels: 5 },
    { border: 'grey', layer: 'first', channels: 6 },
  ] as const;
  describe.each(cases)('a tiny network renders as on the CPU: $layer, with $border borders', ({ border, layer, channels }) => {
    const settings = { ...PRESET_SETTINGS.atlas, ...moves, border, size: TINY_SIZE, steps: 4 };
    const direction = draws('direction', channels, 0.5);
    const jobs = [
      { unit: 'random-0', direction, seed: 3 },
      { unit: 'random-1', direction: direction.map((value) => -value), seed: 3 },
    ];
    const rendered = async (runtime: Runtime) => {
      const renderer = await openRenderer({ model: tinyModel(), runtime, layer, settings, batch: 2 });
      const both = await renderer.render(jobs);
      const [alone] = await renderer.render([jobs[1]]);
      await renderer.dispose();
      return { both, alone };
    };

    test('the same pictures and scores, and a picture that its neighbour does not change', async () => {
      const expected = await rendered(openOnnxRuntime({ threads: 1 }));
      const actual = await rendered(open());
      expect(actual.alone.pixels).toEqual(actual.both[1].pixels);
      for (const [i, { state, pixels, curve }] of actual.both.entries()) {
        expect(state).toBe(expected.both[i].state);
        expect(Math.max(...pixels.map((value, j) => Math.abs(value - expected.both[i].pixels[j])))).toBeLessThanOrEqual(1);
        const scale = Math.max(...expected.both[i].curve.map(Math.abs));
        expect(scale).toBeGreaterThan(0);
        expect(Math.max(...curve.map((score, step) => Math.abs(score - expected.both[i].curve[step])))).toBeLessThan(1e-3 * scale);
      }
    });
  });
}
