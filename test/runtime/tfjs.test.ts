/** What is TensorFlow.js's own: memory, both steppers, the operators that it lacks and are made of others, and what happens without it. */
import { expect, test } from 'vitest';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { float32, float32Data, sizeOf, type Tensor } from '../../generator/graph/tensor.ts';
import { openRenderer } from '../../generator/render/open.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import type { Runtime } from '../../generator/runtime/runtime.ts';
import { installCommand, loadTfjs, TFJS_BACKENDS } from '../../generator/runtime/tfjs/load.ts';
import { openTfjsRuntime } from '../../generator/runtime/tfjs/open.ts';
import { draws, TINY_SIZE, tinyModel } from '../render/tiny-model.ts';

const { tf } = await loadTfjs(TFJS_BACKENDS.filter(({ backend }) => backend === 'wasm'));
const runtime = await openTfjsRuntime({ backend: 'wasm' });
const onDevice: Runtime = { ...runtime, memory: 'device' };

const settings = { ...PRESET_SETTINGS.atlas, size: TINY_SIZE, pad: 2, jitter: 2, redirect_steps: 1, l2: 0.1, total_variation: 0.1 };
const jobs = [{ unit: 'channel-0', direction: Float32Array.of(1, 0, 0, 0, 0), seed: 1 }];

async function render(on: Runtime, steps: number) {
  const renderer = await openRenderer({ model: tinyModel(), runtime: on, layer: 'third', settings: { ...settings, steps }, batch: 2 });
  const before = tf.memory();
  const [rendered] = await renderer.render(jobs);
  const after = tf.memory();
  await renderer.dispose();
  return { rendered, before, after };
}

test.each([
  ['with the loops on the host', runtime],
  ['with the state on the device', onDevice],
])('three steps give the picture and the scores that onnxruntime gives, %s', async (_, on) => {
  const expected = (await render(openOnnxRuntime({ threads: 1 }), 3)).rendered;
  const actual = (await render(on, 3)).rendered;
  const differences = actual.pixels.map((value, i) => Math.abs(value - expected.pixels[i]));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  expect(Math.max(...expected.curve.map(Math.abs))).toBeGreaterThan(0.01);
  for (const [step, score] of actual.curve.entries()) expect(Math.abs(score / expected.curve[step] - 1)).toBeLessThan(1e-4);
});

test.each([
  ['on the host', runtime],
  ['on the device', onDevice],
])('a thousand steps hold no more tensors than three, with the state %s, and a program disposed of holds none', async (_, on) => {
  const start = tf.memory().numTensors;
  const short = await render(on, 3);
  const long = await render(on, 1000);
  expect(long.after.numTensors - long.before.numTensors).toBe(short.after.numTensors - short.before.numTensors);
  expect(long.after.numBytes).toBe(short.after.numBytes);
  expect(long.rendered.state).toBe('ok');
  expect(tf.memory().numTensors).toBe(start);
});

test('a run that fails frees what it had made', async () => {
  const builder = new GraphBuilder();
  builder.input('x', { dtype: 'float32', shape: [2, 3] });
  builder.input('indices', { dtype: 'int64', shape: [1] });
  const twice = builder.add('Mul', ['x', builder.scalar(2)], {});
  builder.add('Gather', [twice, 'indices'], { axis: 0 }, { outputs: ['y'] });
  const start = tf.memory().numTensors;
  const program = await (await openTfjsRuntime({ backend: 'cpu' })).compile(builder.build(['y']));
  const run = (index: bigint) =>
    program.run({ x: float32([2, 3], [1, 2, 3, 4, 5, 6]), indices: { dtype: 'int64', shape: [1], data: BigInt64Array.of(index) } });
  await run(1n);
  const held = tf.memory().numTensors;
  await expect(run(7n)).rejects.toThrow('index');
  expect(tf.memory().numTensors).toBe(held);
  await program.dispose();
  expect(tf.memory().numTensors).toBe(start);
});

const transposed = { strides: [2, 3], pads: [1, 0, 2, 1], dilations: [2, 1], group: 2, output_padding: [1, 0] };
test.each([
  ['grouped and dilated', [1, 4, 3, 4], [4, 3, 3, 2], transposed],
  ['depthwise with uneven strides', [2, 3, 4, 3], [3, 1, 3, 3], { ...transposed, dilations: [1, 1], group: 3 }],
  ['plain, with room at the end', [2, 3, 4, 3], [3, 2, 2, 2], { ...transposed, dilations: [1, 1], group: 1, pads: [0, 0, 0, 0] }],
])('a transposed convolution, %s, agrees with onnxruntime', async (_, x, weights, attributes) => {
  const builder = new GraphBuilder();
  builder.input('x', { dtype: 'float32', shape: x });
  const kernel = builder.constant(float32(weights, draws('kernel', sizeOf(weights))));
  const bias = builder.constant(float32([weights[1] * attributes.group], draws('bias', weights[1] * attributes.group)));
  builder.add('ConvTranspose', ['x', kernel, bias], attributes, { outputs: ['y'] });
  const graph = builder.build(['y']);
  const input = { x: float32(x, draws('x', sizeOf(x))) };
  const [expected, actual] = await Promise.all(
    [openOnnxRuntime({ threads: 1 }), runtime].map(async (one) =>
      float32Data((await (await one.compile(graph)).run(input)).y as Tensor, 'y'),
    ),
  );
  expect(actual.length).toBe(expected.length);
  expect(Math.max(...actual.map((value, i) => Math.abs(value - expected[i])))).toBeLessThan(1e-5);
});

test('a gate with an alpha of 2^100 is an exact step, also next to zero', async () => {
  const builder = new GraphBuilder();
  builder.input('x', { dtype: 'float32', shape: [6] });
  builder.add('HardSigmoid', ['x'], { alpha: 2 ** 100, beta: 0 }, { outputs: ['y'] });
  const program = await runtime.compile(builder.build(['y']));
  const { y } = await program.run({ x: float32([6], [-3e38, -1e-20, 0, 1e-20, 1, 3e38]) });
  expect([...float32Data(y as Tensor, 'y')]).toEqual([0, 0, 0, 1, 1, 1]);
  await program.dispose();
});

test('an operator that it cannot run is refused when the program is compiled, by name', async () => {
  const builder = new GraphBuilder();
  builder.input('x', { dtype: 'float32', shape: [1, 1, 4, 4, 4] });
  const cube = builder.constant(float32([1, 1, 2, 2, 2], draws('cube', 8)));
  const geometry = { strides: [1, 1, 1], pads: [0, 0, 0, 0, 0, 0], dilations: [1, 1, 1], group: 1 };
  builder.add('Conv', ['x', cube], geometry, { name: 'cube', outputs: ['y'] });
  await expect(runtime.compile(builder.build(['y']))).rejects.toThrow(
    'TensorFlow.js on wasm: expected to make the program ready for 1 operators for y, received "Conv \\"cube\\": the TensorFlow.js runtime convolves over one or two spatial axes, not 3"',
  );
});

test('a package that is not there is named with the command that installs it', async () => {
  const gpu = TFJS_BACKENDS.filter(({ device }) => device === 'cuda');
  await expect(loadTfjs(gpu)).rejects.toThrow(
    /expected a package that works for @tensorflow\/tfjs-node-gpu, received "@tensorflow\/tfjs-node-gpu: .*\nInstall one: npm install --no-save @tensorflow\/tfjs-node-gpu@4\.22\.0/,
  );
  expect(TFJS_BACKENDS.map(installCommand).at(-1)).toBe(
    'npm install --no-save @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0',
  );
});
