/** Weights in files beside the model (external data): read in pieces, never from outside the model's folder. */
import { type FileHandle, open } from 'node:fs/promises';
import { fault } from '../../graph/errors.ts';
import { findBeside } from '../beside.ts';
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
  const paths = new Map<string, string>();
  const files = new Map<string, WeightsFile>();
  try {
    for (const tensor of tensorsOf(model)) {
      if (!tensor.external) continue;
      const location = tensor.externalData.get('location') ?? '';
      const path = paths.get(location) ?? (await pathOf(location, file, tensor.name));
      paths.set(location, path);
      const weights = files.get(path) ?? (await WeightsFile.open(path, tensor.name));
      files.set(path, weights);
      bytes.set(tensor, await weights.read(tensor));
    }
  } finally {
    for (const { handle } of files.values()) await handle.close();
  }
  return bytes;
}

/** The path of a file that a tensor names. */
async function pathOf(location: string, file: string, tensor: string): Promise<string> {
  const beside = await findBeside(location, file);
  if (beside.kind === 'found') return beside.path;
  if (beside.kind === 'missing') throw missing(beside.path, tensor, beside.cause);
  throw fault({
    where: file,
    expected: "a file in the model's folder",
    name: `the data of the tensor "${tensor}"`,
    received: beside.received,
    remedy: 'Nothing was read. Do not use this model unless you know why it asks for that file.',
  });
}

/** A file of weights, opened once; tensors that name the same bytes share them. */
class WeightsFile {
  readonly handle: FileHandle;
  readonly #path: string;
  readonly #size: number;
  readonly #parts = new Map<string, Uint8Array>();
  #left: number;

  private constructor(handle: FileHandle, path: string, size: number) {
    this.handle = handle;
    this.#path = path;
    this.#size = size;
    this.#left = size;
  }

  static async open(path: string, tensor: string): Promise<WeightsFile> {
    const handle = await open(path).catch((cause: unknown) => {
      throw missing(path, tensor, cause);
    });
    return new WeightsFile(handle, path, (await handle.stat()).size);
  }

  async read({ name, externalData }: TensorProto): Promise<Uint8Array> {
    const whole = (key: string): number | undefined => {
      const text = externalData.get(key);
      if (text === undefined || /^\d{1,15}$/.test(text)) return text === undefined ? undefined : Number(text);
      throw this.#wrong(name, 'whole numbers', `${key} ${text}`);
    };
    const offset = whole('offset') ?? 0;
    const length = whole('length') ?? Math.max(this.#size - offset, 0);
    if (offset + length > this.#size) throw this.#wrong(name, `bytes ${offset} to ${offset + length}`, `a file of ${this.#size}`);
    const known = this.#parts.get(`${offset} ${length}`);
    if (known) return known;
    // Else a thousand tensors could each ask for all of a large file.
    this.#left -= length;
    if (this.#left < 0)
      throw this.#wrong(name, 'bytes that no other tensor has', `bytes ${offset} to ${offset + length}, some of them again`);
    const data = await this.#bytes(name, offset, length);
    this.#parts.set(`${offset} ${length}`, data);
    return data;
  }

  async #bytes(tensor: string, offset: number, length: number): Promise<Uint8Array> {
    const data = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      // A read takes less than 2 GiB at a time.
      const { bytesRead } = await this.handle.read(data, at, Math.min(length - at, 2 ** 30), offset + at);
      if (bytesRead === 0) throw missing(this.#path, tensor, new Error('the file ended early'));
      at += bytesRead;
    }
    return data;
  }

  #wrong(tensor: string, expected: string, received: string) {
    const remedy = 'The file was altered or cut short: fetch or export the model again.';
    return fault({ where: this.#path, expected, name: `the tensor "${tensor}"`, received, remedy });
  }
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
