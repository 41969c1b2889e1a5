/** The blocks of channels in which onnxruntime lays values out on this processor. */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import * as ort from 'onnxruntime-node';
import { message, tag, writeValueInfo } from '../compile/onnx-writer.ts';
import { ELEMENT_TYPES } from '../graph/shapes.ts';

let known: Promise<number | undefined> | undefined;

/** Channels of a block: 16 or 8, told by what four channels are filled up to; `undefined` where onnxruntime knows no blocks. */
export function channelsOfBlock(): Promise<number | undefined> {
  known ??= ask();
  return known;
}

async function ask(): Promise<number | undefined> {
  const session = await ort.InferenceSession.create(reorder(), { logSeverityLevel: 4 }).catch(() => undefined);
  if (!session) return undefined;
  const { y } = await session.run({ x: new ort.Tensor('float32', new Float32Array(4), [1, 4, 1, 1]) });
  await session.release();
  return y.dims[1] % 4 === 0 ? y.dims[1] : undefined;
}

/** A file with the operator that takes values into blocks, and nothing else. */
function reorder(): Uint8Array {
  const model = new BinaryWriter();
  model.uint32(tag(1, 0)).int64(8);
  message(model, 7, (graph) => {
    message(graph, 1, (node) => {
      node.uint32(tag(1, 2)).string('x').uint32(tag(2, 2)).string('y');
      node.uint32(tag(4, 2)).string('ReorderInput').uint32(tag(7, 2)).string('com.microsoft.nchwc');
    });
    graph.uint32(tag(2, 2)).string('block');
    message(graph, 11, (info) => writeValueInfo(info, 'x', { dtype: 'float32', shape: [1, 4, 1, 1] }));
    message(graph, 12, (info) => {
      info.uint32(tag(1, 2)).string('y');
      message(info, 2, (type) => message(type, 1, (tensor) => tensor.uint32(tag(1, 0)).int32(ELEMENT_TYPES.float32)));
    });
  });
  for (const [domain, version] of [
    ['', 17],
    ['com.microsoft.nchwc', 1],
  ] as const)
    message(model, 8, (set) => set.uint32(tag(1, 2)).string(domain).uint32(tag(2, 0)).int64(version));
  return model.finish();
}
