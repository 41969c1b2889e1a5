/** Opening an ONNX file: its bytes, the files beside it that hold weights, and what is said where one is not what it should be. */
import { readFile, stat } from 'node:fs/promises';
import { fault, reason } from '../../graph/errors.ts';
import type { Known } from '../known.ts';
import type { Model } from '../model.ts';
import { readExternal } from './external-data.ts';
import type { ModelProto } from './messages.ts';
import { OnnxModel } from './onnx-model.ts';
import { readModel } from './proto.ts';
import { Source } from './source.ts';

export { match } from './proto.ts';

/** Protobuf has no larger message. */
const LARGEST_FILE = 2 ** 31 - 1;

/** Reads the model at the path `file`. Throws where it, or a file of weights that it names, is not what it should be. */
export async function open(file: string, knowledge: Known): Promise<Model> {
  const { size } = await stat(file);
  if (size > LARGEST_FILE)
    throw fault({
      where: file,
      expected: 'less than 2 GiB',
      name: 'the file',
      received: `${size} bytes`,
      remedy: 'Save it with its weights in a file of their own: onnx.save(model, path, save_as_external_data=True).',
    });
  const { buffer, byteOffset, byteLength } = await readFile(file);
  const proto = parse(new Uint8Array(buffer, byteOffset, byteLength), file);
  const source = new Source(proto, await readExternal(proto, file), file);
  return new OnnxModel(source, proto.metadata, knowledge);
}

function parse(bytes: Uint8Array, file: string): ModelProto {
  try {
    return readModel(bytes);
  } catch (cause) {
    throw fault({
      where: file,
      expected: 'a whole ONNX file',
      name: 'the model',
      received: `${bytes.length} bytes that end or go wrong within (${reason(cause)})`,
      remedy: 'The file was altered or cut short: fetch or export the model again.',
      cause,
    });
  }
}
