/** ONNX's own tests of single operators, as Debian packages them (libonnx-testdata): a file, its inputs and its outputs. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tensorsOf } from '../../../generator/models/onnx/external-data.ts';
import { readModel } from '../../../generator/models/onnx/proto.ts';
import { type Constant, decodeTensor } from '../../../generator/models/onnx/tensors.ts';

const FOLDER = '/usr/share/libonnx-testdata/data/node';

/** Whether the package is installed. */
export const HAVE_NODE_CASES = existsSync(FOLDER);

/** The names of the cases, but those that match. */
export async function nodeCases(left: RegExp): Promise<string[]> {
  return (await readdir(FOLDER)).filter((name) => !left.test(name)).sort();
}

export interface NodeCase {
  readonly model: ReturnType<typeof readModel>;
  readonly inputs: readonly (Constant | undefined)[];
  readonly outputs: readonly (Constant | undefined)[];
}

/** Reads a case; inputs and outputs that are no tensors of numbers are undefined. */
export async function readCase(name: string): Promise<NodeCase> {
  const model = readModel(plain(await readFile(join(FOLDER, name, 'model.onnx'))));
  const data = join(FOLDER, name, 'test_data_set_0');
  const files = await readdir(data);
  const read = async (kind: string) =>
    Promise.all(
      files
        .filter((file) => file.startsWith(kind))
        .sort((a, b) => Number(/\d+/.exec(a)) - Number(/\d+/.exec(b)))
        .map(async (file) => decode(plain(await readFile(join(data, file))))),
    );
  return { model, inputs: await read('input_'), outputs: await read('output_') };
}

function plain({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A `.pb` file is one TensorProto: it is read as the initialiser of a file made around it. */
function decode(bytes: Uint8Array): Constant | undefined {
  try {
    const [tensor] = tensorsOf(readModel(around(bytes)));
    return decodeTensor(tensor, 'the case');
  } catch {
    return undefined;
  }
}

function around(tensor: Uint8Array): Uint8Array {
  // Field 5 (initializer) of a GraphProto in field 7 of a ModelProto.
  const graph = Buffer.concat([Uint8Array.of((5 << 3) | 2), varint(tensor.length), tensor]);
  return Buffer.concat([Uint8Array.of((7 << 3) | 2), varint(graph.length), graph]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    bytes.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) return Uint8Array.from(bytes);
  }
}
