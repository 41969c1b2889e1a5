/** A dense, row-major array with a shape: the one value that the generator's parts hand to each other. */
import { fault } from './errors.ts';

/** The element types that a graph may carry, each with the array that holds it. ONNX's `bool` is one byte an element. */
export interface DtypeArrays {
  float32: Float32Array;
  int64: BigInt64Array;
  int32: Int32Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

export type Dtype = keyof DtypeArrays;

/** `data.length` is the product of `shape`; a scalar has shape `[]`. */
export type Tensor<D extends Dtype = Dtype> = {
  [K in D]: { readonly dtype: K; readonly shape: readonly number[]; readonly data: DtypeArrays[K] };
}[D];

/** The number of elements of a shape: 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
}

/** A float32 tensor over `data`, which is not copied. Throws if the length does not fit the shape. */
export function float32(shape: readonly number[], data: Float32Array | readonly number[]): Tensor<'float32'> {
  const array = data instanceof Float32Array ? data : Float32Array.from(data);
  if (array.length !== sizeOf(shape))
    throw fault({
      where: 'float32',
      expected: `${sizeOf(shape)} values`,
      name: `shape [${shape}]`,
      received: array.length,
      remedy: 'Give a value for every position of the shape.',
    });
  return { dtype: 'float32', shape, data: array };
}

/** A float32 tensor of zeros. */
export function zeros(shape: readonly number[]): Tensor<'float32'> {
  return float32(shape, new Float32Array(sizeOf(shape)));
}

/** An int64 tensor from numbers, as ONNX wants for shapes, axes and indices. */
export function int64(shape: readonly number[], data: readonly number[] | Int32Array): Tensor<'int64'> {
  return { dtype: 'int64', shape, data: BigInt64Array.from(data as readonly number[], BigInt) };
}

/** A float32 scalar. */
export function scalar(value: number): Tensor<'float32'> {
  return float32([], [value]);
}

/** The data of a tensor that must be float32; throws naming `what` otherwise. */
export function float32Data(tensor: Tensor, what: string): Float32Array {
  if (tensor.dtype !== 'float32')
    throw fault({
      where: what,
      expected: 'float32',
      name: 'the tensor',
      received: tensor.dtype,
      remedy: 'Convert it, or choose a value of floats.',
    });
  return tensor.data;
}
