/** Between our tensors and those of TensorFlow.js, which knows float32, int32 and bool alone: int64 and uint8 become int32 on the way. */
import type * as tf from '@tensorflow/tfjs-core';
import { type Dtype, sizeOf, type Tensor } from '../../graph/tensor.ts';
import type { Tfjs } from './kernel.ts';

/** The element type that stands for one of ours. */
export function tensorDtype(dtype: Dtype): 'float32' | 'int32' | 'bool' {
  return dtype === 'int64' || dtype === 'uint8' ? 'int32' : dtype;
}

/** Copies a tensor to the backend. Always a copy: some backends keep the array that they are given, and the caller may write to it. */
export function upload({ tensor }: Tfjs, { dtype, shape, data }: Tensor): tf.Tensor {
  const values = data instanceof BigInt64Array ? Int32Array.from(data, Number) : dtype === 'uint8' ? Int32Array.from(data) : data.slice();
  return tensor(values as Float32Array | Int32Array | Uint8Array, [...shape], tensorDtype(dtype));
}

/** Copies a tensor to the host, as the type that the graph gives it. */
export async function download(source: tf.Tensor, dtype: Dtype): Promise<Tensor> {
  const data = await source.data();
  const shape = [...source.shape];
  if (data.length !== sizeOf(shape)) throw new Error(`expected ${sizeOf(shape)} values, received ${data.length}`);
  switch (dtype) {
    case 'float32':
      return { dtype, shape, data: Float32Array.from(data) };
    case 'int32':
      return { dtype, shape, data: Int32Array.from(data) };
    case 'int64':
      return { dtype, shape, data: BigInt64Array.from(data as Int32Array as Iterable<number>, BigInt) };
    default:
      return { dtype, shape, data: Uint8Array.from(data) };
  }
}
