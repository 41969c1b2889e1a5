/** Networks that take blue first: the picture has red first all the same. */
import { expect, test } from 'vitest';
import { float32, type Tensor } from '../../../generator/graph/tensor.ts';
import { INPUT } from '../../../generator/models/model.ts';
import { openModel } from '../../../generator/models/open.ts';
import { openOnnxRuntime } from '../../../generator/runtime/onnxruntime.ts';
import { write } from './write-model.ts';

/** One channel that looks at the file's first colour alone. */
const network = {
  nodes: [{ op: 'Conv', name: 'first', inputs: ['image', 'w'], outputs: ['y'] }],
  tensors: [{ name: 'w', shape: [1, 3, 1, 1], values: [1, 0, 0] }],
  inputs: [{ name: 'image', shape: ['N', 3, 8, 8] }],
  outputs: [{ name: 'y' }],
};
const plain = { scale: [1, 1, 1], offset: [0, 0, 0] };

test.each([
  { asked: 'nothing', colour: 0, order: {}, metadata: {} as Record<string, string> },
  { asked: 'the preprocessing', colour: 2, order: { order: 'BGR' as const }, metadata: {} as Record<string, string> },
  { asked: "the file's metadata", colour: 2, order: {}, metadata: { 'Image.BitmapPixelFormat': 'Bgr8' } },
])('with blue first asked by $asked, the first weight sees colour $colour of the picture', async ({ colour, order, metadata }) => {
  const model = await openModel(await write({ ...network, metadata }), { preprocess: { ...plain, ...order } });
  const [layer] = model.layers();
  const program = await openOnnxRuntime({ threads: 1 }).compile(model.graph({ layers: [layer.name], batch: 1, height: 8, width: 8 }));
  const picture = new Float32Array(3 * 64).map((_, i) => 1 + Math.floor(i / 64));
  const outputs = await program.run({ [INPUT]: float32([1, 3, 8, 8], picture) });
  await program.dispose();
  expect([...new Set((outputs[layer.name] as Tensor<'float32'>).data)]).toEqual([1 + colour]);
});
