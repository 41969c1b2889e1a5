/** Values going into onnxruntime-node and coming out of it. */
import * as ort from 'onnxruntime-node';
import { AtlasError } from '../graph/errors.ts';
import type { Graph, ValueType } from '../graph/graph.ts';
import { type Dtype, sizeOf, type Tensor } from '../graph/tensor.ts';
import { checkFeed } from './feed.ts';
import type { Resident, Value } from './runtime.ts';

export function feed(name: string, type: ValueType, given: Value | undefined): ort.Tensor {
  const value = checkFeed(name, type, given);
  if ('resident' in value) return value.resident as ort.Tensor;
  return new ort.Tensor(value.dtype, value.data as Float32Array, value.shape as number[]);
}

export function onHost(tensor: ort.Tensor): Tensor {
  if (sizeOf(tensor.dims) !== tensor.data.length)
    throw new AtlasError(`program: expected ${sizeOf(tensor.dims)} values, received ${tensor.data.length}`);
  return { dtype: tensor.type as Dtype, shape: tensor.dims, data: tensor.data } as Tensor;
}

/**
 * onnxruntime-node writes an output where it is told to, and then makes a copy of it all the same. Left to the garbage collector, those copies
 * cost more than the operators of a small program (test/bench/RESULTS.md).
 */
export function dropCopy(copy: ort.Tensor): void {
  (copy.data as Float32Array<ArrayBuffer>).buffer.transfer(0);
}

/** Memory for a program's resident outputs on the host: what was disposed of is written into again. */
export class KeptOutputs {
  readonly #graph: Graph;
  readonly #spare = new Map<string, ort.Tensor[]>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** Memory for an output: what was given back, or new. */
  place(name: string): ort.Tensor {
    const spare = this.#spare.get(name)?.pop();
    if (spare) return spare;
    const type = this.#graph.types.get(name);
    if (type?.dtype !== 'float32') throw new AtlasError(`program: expected a float32 output to keep, received ${type?.dtype} for ${name}`);
    return new ort.Tensor(type.dtype, new Float32Array(sizeOf(type.shape)), [...type.shape]);
  }

  lend(name: string, tensor: ort.Tensor): Resident {
    const spare = this.#spare.get(name) ?? [];
    this.#spare.set(name, spare);
    return { resident: tensor, shape: tensor.dims, read: async () => onHost(tensor), dispose: () => void spare.push(tensor) };
  }
}
