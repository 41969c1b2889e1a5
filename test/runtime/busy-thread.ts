/** A thread that runs a program over and over, until it is ended. */
import { parentPort } from 'node:worker_threads';
import { GraphBuilder } from '../../generator/graph/builder.ts';
import { zeros } from '../../generator/graph/tensor.ts';
import { endWhenAsked } from '../../generator/runtime/end-thread.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';

endWhenAsked();

const builder = new GraphBuilder();
builder.input('x', { dtype: 'float32', shape: [200_000] });
builder.add('Sigmoid', ['x'], {}, { outputs: ['y'] });
const program = await openOnnxRuntime({ threads: 1 }).compile(builder.build(['y']));
const x = zeros([200_000]);
parentPort?.postMessage('ready');
for (;;) await program.run({ x });
