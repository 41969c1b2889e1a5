/** Weights in files beside the model (external data): read in pieces, never from outside the model's folder. */
import { open, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, resolve, sep, win32 } from 'node:path';
import { fault } from '../../graph/errors.ts';
import type { GraphProto, ModelProto, NodeProto, TensorProto } from './messages.ts';

/** Every tensor of a file, in initialisers, attributes and functions. */
export function* tensorsOf(model: ModelProto): Generator<TensorProto> {
  if (model.graph) yield* ofGraph(model.graph);
  for (const { nodes } of model.functions) yield* ofNodes(nodes);
}

function* ofGraph(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializers;
  yield* ofNodes(graph.nodes);
}

function* ofNodes(nodes: readonly NodeProto[]): Generator<TensorProto> {
  for (const { attributes } of nodes) {
    for (const { t, g } of attributes) {
      if (t) yield t;
      if (g) yield* ofGraph(g);
    }
  }
}

/** The bytes of every tensor that lies in another file. `file` is the model's path. Throws naming the tensor and the file that is at fault. */
export async function readExternal(model: ModelProto, file: string): Promise<ReadonlyMap<TensorProto, Uint8Array>> {
  const bytes = new Map<TensorProto, Uint8Array>();
  for (const tensor of tensorsOf(model)) if (tensor.external) bytes.set(tensor, await readOne(tensor, file));
  return bytes;
}

async function readOne(tensor: TensorProto, file: string): Promise<Uint8Array> {
  const location = tensor.externalData.get('location') ?? '';
  const path = await inside(location, file, tensor.name);
  const handle = await open(path).catch((cause: unknown) => {
    throw missing(path, tensor.name, cause);
  });
  try {
    const { size } = await handle.stat();
    const offset = whole(tensor.externalData.get('offset') ?? '0');
    const length = tensor.externalData.has('length') ? whole(tensor.externalData.get('length') ?? '') : size - offset;
    if (!(offset >= 0 && length >= 0 && offset + length <= size))
      throw fault({
        where: path,
        expected: `bytes ${offset} to ${offset + length}`,
        name: `the tensor "${tensor.name}"`,
        received: `a file of ${size}`,
        remedy: 'The file was altered or cut short: fetch or export the model again.',
      });
    const data = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      // A read takes less than 2 GiB at a time.
      const { bytesRead } = await handle.read(data, at, Math.min(length - at, 2 ** 30), offset + at);
      if (bytesRead === 0) throw missing(path, tensor.name, new Error('the file ended early'));
      at += bytesRead;
    }
    return data;
  } finally {
    await handle.close();
  }
}

function whole(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

/** The path of a file that must be in the model's folder, links followed: the model names it, and must not reach for others of the machine. */
async function inside(location: string, file: string, tensor: string): Promise<string> {
  const folder = resolve(dirname(file));
  const path = resolve(folder, location);
  const refuse = (received: string) =>
    fault({
      where: file,
      expected: "a file in the model's folder",
      name: `the data of the tensor "${tensor}"`,
      received,
      remedy: 'Nothing was read. Do not use this model unless you know why it asks for that file.',
    });
  const odd = location === '' || location.includes('\0') || location.includes('\\') || isAbsolute(location) || win32.isAbsolute(location);
  if (odd || !path.startsWith(folder + sep)) throw refuse(location);
  const real = await realpath(path).catch((cause: unknown) => {
    throw missing(path, tensor, cause);
  });
  if (!real.startsWith((await realpath(folder)) + sep)) throw refuse(`${location}, a link to ${real}`);
  return real;
}

function missing(path: string, tensor: string, cause: unknown) {
  return fault({
    where: path,
    expected: 'a file with weights',
    name: `the tensor "${tensor}"`,
    received: 'none that can be read',
    remedy: 'Put every file that the model names beside it: its weights are not in the .onnx file itself.',
    cause,
  });
}
