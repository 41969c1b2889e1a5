/** Programs with loops between their parts: the same bytes as onnxruntime's own operators give. */
import * as ort from 'onnxruntime-node';
import { expect, test, vi } from 'vitest';
import { forProcessor, withLoops } from '../../generator/compile/for-processor.ts';
import { FEWEST_IN_LOOPS, type Loops } from '../../generator/compile/loops.ts';
import { cutOnnx } from '../../generator/compile/onnx-parts.ts';
import { writeOnnx } from '../../generator/compile/onnx-writer.ts';
import { differentiate } from '../../generator/gradient/differentiate.ts';
import { REDIRECTED } from '../../generator/gradient/redirect.ts';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import type { Graph } from '../../generator/graph/graph.ts';
import { float32, type Tensor } from '../../generator/graph/tensor.ts';
import { hostPrograms } from '../../generator/render/host-programs.ts';
import { openRenderer } from '../../generator/render/open.ts';
import { resolveSettings } from '../../generator/render/presets.ts';
import { networkGraph } from '../../generator/render/programs.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import type { Resident, Value } from '../../generator/runtime/runtime.ts';
import { openTfjsRuntime } from '../../generator/runtime/tfjs/open.ts';
import { numbers } from '../compile/outputs.ts';
import { defaultModel } from '../requires.ts';

const runtime = openOnnxRuntime({ threads: 1 });

/** Bottlenecks with clips between 0 and two limits, two branches that meet, and the gradient of their sum; some rows of odd length. */
function branched(width = 7): Graph {
  const builder = new GraphBuilder();
  builder.input('input', { dtype: 'float32', shape: [3, 16, 5, width] });
  const convolve = (value: string, from: number, to: number, seed: number, size = 1, group = 1) => {
    const pad = (size - 1) / 2;
    const attributes = { strides: [1, 1], pads: [pad, pad, pad, pad], dilations: [1, 1], group };
    return builder.add('Conv', [value, builder.constant(numbers([to, from / group, size, size], seed))], attributes);
  };
  const clip = (value: string, limit: number) => builder.add('Clip', [value, builder.scalar(0), builder.scalar(limit)], {});
  const bottleneck = (value: string, seed: number, limit: number) => {
    const wide = clip(convolve(value, 16, 24, seed), limit);
    const deep = clip(convolve(wide, 24, 24, seed + 1, 3, 24), limit);
    return convolve(deep, 24, 16, seed + 2);
  };
  const first = bottleneck('input', 1, 6);
  const sum = builder.add('Add', [bottleneck(first, 11, 0.7), bottleneck(first, 21, 6)], {});
  const out = builder.add('Add', [bottleneck(sum, 31, 6), sum], {}, { outputs: ['out'] });
  return builder.build([out, builder.add('Identity', [differentiate(builder, out, 'input')], {}, { outputs: ['gradient'] })]);
}

const bytes = ({ data }: Tensor) => Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).toString('base64');
const isOnHost = (value: Value): value is Tensor => 'dtype' in value;

async function ran(graph: Graph, inputs: Record<string, Tensor>, loops?: Loops): Promise<string[]> {
  const program = await runtime.compile(graph, loops ? { loops } : {});
  const outputs = await program.run(inputs);
  await program.dispose();
  return Object.values(outputs).filter(isOnHost).map(bytes);
}

test.each([7, 8, 16])('branches, two limits and rows of %d: the same bytes', async (width) => {
  const graph = branched(width);
  const apart = withLoops(graph, 1);
  expect(apart.loops.size).toBeGreaterThan(4);
  expect(new Set([...apart.loops.values()].map((loop) => loop.kind === 'gate' && loop.limit))).toEqual(new Set([6, Math.fround(0.7)]));
  const input = numbers([3, 16, 5, width], 5);
  expect(await ran(apart.graph, { input }, apart.loops)).toEqual(await ran(graph, { input }));
});

test('runs after one another do not see each other, and a resident output is its reader’s until it is given back', async () => {
  const graph = branched();
  const { graph: standing, loops } = withLoops(graph, 1);
  const program = await runtime.compile(standing, { resident: ['gradient'], loops });
  const inputs = [1, 2, 3].map((seed) => numbers([3, 16, 5, 7], seed));
  const outputs = [];
  for (const input of inputs) outputs.push(await program.run({ input }));
  for (const [i, { out, gradient }] of outputs.entries()) {
    const [expectedOut, expectedGradient] = await ran(graph, { input: inputs[i] });
    expect(bytes(out as Tensor)).toBe(expectedOut);
    expect(bytes(await (gradient as Resident).read())).toBe(expectedGradient);
    (gradient as Resident).dispose();
  }
  await program.dispose();
});

test.for([
  { size: 64, redirected: false },
  { size: 64, redirected: true },
  // Of odd sides: gradients come from outside the blocks.
  { size: 70, redirected: false },
  { size: 70, redirected: true },
])('the default network at $size px, redirected $redirected, its gates as loops: the same bytes', async ({ size, redirected }, context) => {
  const model = await defaultModel(context);
  const layer = 'FeatureExtractor/MobilenetV2/expanded_conv_7/expand/Relu6';
  const graph = networkGraph({ model, layer, settings: resolveSettings({ size, steps: 4 }), batch: 2 }, redirected ? REDIRECTED : {});
  const apart = withLoops(graph, 1);
  expect(apart.loops.size).toBeGreaterThan(12);
  const inputs = Object.fromEntries([...graph.inputs].map(([name, { shape }], i) => [name, numbers(shape, i)]));
  expect(await ran(apart.graph, inputs, apart.loops)).toEqual(await ran(forProcessor(graph), inputs));
});

test('pictures are the same bytes one by one and with their gates as loops', async (context) => {
  const model = await defaultModel(context);
  const settings = resolveSettings({ size: 128, steps: 4, redirect_steps: 2 });
  const jobs = [0, 1, 2, 3].map((channel) => {
    const direction = new Float32Array(144);
    direction[channel] = 1;
    return { unit: `channel-${channel}`, direction, seed: 0 };
  });
  const request = { model, layer: 'FeatureExtractor/MobilenetV2/expanded_conv_3/expand/Relu6', settings };
  expect(
    hostPrograms({ ...request, loops: { fewest: FEWEST_IN_LOOPS, block: undefined } }, jobs.length).network.loops.size,
  ).toBeGreaterThan(2);
  const together = await openRenderer({ ...request, runtime, batch: jobs.length });
  const alone = await openRenderer({ ...request, runtime: openOnnxRuntime({ threads: 2 }), batch: 1 });
  const pictures = await together.render(jobs);
  for (const [i, job] of jobs.entries()) expect(pictures[i]).toEqual((await alone.render([job]))[0]);
  await Promise.all([together.dispose(), alone.dispose()]);
});

test('truths and whole numbers that one part makes and another reads, and a gradient that is not the gate’s alone', async () => {
  const builder = new GraphBuilder();
  const shape = [2, 16, 3, 5];
  builder.input('input', { dtype: 'float32', shape });
  const pointwise = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
  const convolve = (value: string, seed: number) =>
    builder.add('Conv', [value, builder.constant(numbers([16, 16, 1, 1], seed))], pointwise);
  const truths = builder.add('Greater', ['input', builder.scalar(0)], {});
  const whole = builder.add('Cast', [builder.add('Round', ['input'], {})], { to: 7 });
  const shared = convolve('input', 1);
  const product = builder.add('Mul', [shared, convolve('input', 2)], {}, { name: 'gate' });
  const where = builder.add('Where', [truths, product, builder.scalar(-1)], {});
  const both = builder.add('Add', [where, shared], {});
  const out = builder.add('Add', [both, builder.add('Cast', [whole], { to: 1 })], {}, { outputs: ['out'] });
  const graph = builder.build([
    out,
    builder.add('Identity', [convolve('input', 1)], {}, { outputs: ['gradient'] }),
    builder.add('Identity', [convolve('input', 2)], {}, { outputs: ['value'] }),
  ]);
  const input = numbers(shape, 3);
  const limit = 0.5;
  const program = await runtime.compile(graph, { loops: new Map([['gate', { kind: 'gate', limit, redirected: false }]]) });
  const [received, gradient, value] = Object.values(await program.run({ input })).map((tensor) => (tensor as Tensor<'float32'>).data);
  const expected = input.data.map(
    (x, i) => (x > 0 ? (value[i] > 0 && value[i] < limit ? gradient[i] : 0) : -1) + gradient[i] + Math.round(x),
  );
  for (const [i, number] of received.entries()) expect(number).toBeCloseTo(expected[i], 5);
  await program.dispose();
});

test('an output of the graph that a later part reads', async () => {
  const builder = new GraphBuilder();
  builder.input('input', { dtype: 'float32', shape: [2, 16, 4, 4] });
  const attributes = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], group: 1 };
  const convolve = (value: string, seed: number) =>
    builder.add('Conv', [value, builder.constant(numbers([16, 16, 1, 1], seed))], attributes);
  const early = builder.add('Exp', ['input'], {}, { outputs: ['early'] });
  const clip = builder.add('Clip', [convolve('input', 1), builder.scalar(0), builder.scalar(6)], {});
  const gradient = differentiate(builder, convolve(clip, 2), 'input');
  const late = builder.add('Mul', [gradient, early], {}, { outputs: ['late'] });
  const graph = builder.build([early, late]);
  const apart = withLoops(graph, 1);
  expect(apart.loops.size).toBe(1);
  const input = numbers([2, 16, 4, 4], 5);
  expect(await ran(apart.graph, { input }, apart.loops)).toEqual(await ran(graph, { input }));
});

test('programs leave stack traces as they were, and so does one that fails', async () => {
  const { stackTraceLimit } = Error;
  const { graph, loops } = withLoops(branched(), 1);
  const programs = await Promise.all([1, 2].map(() => runtime.compile(graph, { loops })));
  const input = numbers([3, 16, 5, 7]);
  await Promise.all(programs.map((program) => program.run({ input })));
  expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  const other = { ...input, resident: new ort.Tensor('float32', [0], [1]), read: async () => input, dispose: () => {} };
  await expect(programs[0].run({ input: other })).rejects.toThrow(/invalid rank/i);
  expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  await Promise.all(programs.map((program) => program.dispose()));
});

test('without a folder for temporary files it says what to do', async () => {
  const { graph, loops } = withLoops(branched(), 1);
  vi.stubEnv('TMPDIR', '/nowhere');
  await expect(runtime.compile(graph, { loops })).rejects.toThrow('Set TMPDIR to a folder that can be written to.');
  vi.unstubAllEnvs();
});

test('an input of another shape is told by its name', async () => {
  const { graph, loops } = withLoops(branched(), 1);
  const program = await runtime.compile(graph, { loops });
  await expect(program.run({ input: float32([1], [0]) })).rejects.toThrow('expected shape [3,16,5,7] for input "input", received [1]');
  await program.dispose();
});

test('a gate that is not in the file, and other runtimes, are refused', async () => {
  const graph = branched();
  const loops: Loops = new Map([['nowhere', { kind: 'gate', limit: 6, redirected: false }]]);
  expect(() => cutOnnx(writeOnnx(graph), loops)).toThrow('expected a node "nowhere" to cut at, received a file without it');
  await expect(runtime.compile(graph, { loops })).rejects.toThrow('expected a node "nowhere" to cut at');
  const tfjs = await openTfjsRuntime({ backend: 'cpu' });
  await expect(tfjs.compile(graph, { loops })).rejects.toThrow('expected loops set apart for onnxruntime alone');
});
