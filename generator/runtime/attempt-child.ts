/** The process behind attempt.ts. Arguments: runtime, device, and for TensorFlow.js optionally a backend. Prints an {@link Attempt} as JSON. */
import { GraphBuilder } from '../graph/builder.ts';
import { reason } from '../graph/errors.ts';
import { float32, type Tensor } from '../graph/tensor.ts';
import type { Attempt } from './attempt.ts';
import type { Device } from './devices.ts';
import { openOnnxRuntime } from './onnxruntime.ts';
import { openTfjsRuntime, type TfjsOptions } from './tfjs/open.ts';

/** What sums of ones over 3×3 windows with a border of zeros are, in a picture of 3×3, less the middle's. */
const EXPECTED = [-5, -3, -5, -3, 0, -3, -5, -3, -5];

/** A convolution, a matrix product by the identity, and a subtraction: every library that a step needs is loaded for it. */
function smallGraph() {
  const builder = new GraphBuilder();
  builder.input('x', { dtype: 'float32', shape: [1, 1, 3, 3] });
  const ones = builder.constant(float32([1, 1, 3, 3], new Float32Array(9).fill(1)));
  const identity = builder.constant(float32([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]));
  const sums = builder.add('Conv', ['x', ones], { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 });
  builder.add('Sub', [builder.add('MatMul', [sums, identity], {}), builder.scalar(9)], {}, { outputs: ['y'] });
  return builder.build(['y']);
}

async function tryPlace(runtimeName: string, device: Device, backend?: string): Promise<Attempt> {
  const start = performance.now();
  const runtime =
    runtimeName === 'tfjs'
      ? await openTfjsRuntime({
          device: device === 'cuda' ? 'cuda' : 'cpu',
          ...(backend ? { backend: backend as TfjsOptions['backend'] } : {}),
        })
      : openOnnxRuntime({ device, threads: 1 });
  const program = await runtime.compile(smallGraph());
  const { y } = await program.run({ x: float32([1, 1, 3, 3], new Float32Array(9).fill(1)) });
  const milliseconds = Math.round(performance.now() - start);
  const numbers = [...((y as Tensor).data as Float32Array)];
  if (numbers.some((number, i) => number !== EXPECTED[i])) return { works: false, why: `it computes ${numbers} for ${EXPECTED}` };
  return { works: true, milliseconds, version: runtime.version };
}

/** The heart of a library's message: without the places in its source, and on one line. */
function shorten(error: unknown): string {
  const cause = error instanceof Error && error.cause ? error.cause : error;
  const text = reason(cause).split('was false.').at(-1) ?? '';
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}

const [runtimeName, device, backend] = process.argv.slice(2);
let result: Attempt;
try {
  result = await tryPlace(runtimeName, device as Device, backend);
} catch (error) {
  result = { works: false, why: shorten(error) };
}
// Written whole before the process ends, which it is told to do: drivers may keep threads.
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
