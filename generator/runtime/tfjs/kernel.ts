/** What a kernel is: one operator, made ready once and run many times with TensorFlow.js. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Operators, OpName, ValueType } from '../../graph/graph.ts';
import type { Tensor } from '../../graph/tensor.ts';

/** The API of TensorFlow.js, from whichever package has it. */
export type Tfjs = typeof tf;

/** What is known of a node when its program is compiled. */
export interface KernelContext<O extends OpName> {
  readonly tf: Tfjs;
  readonly attributes: Operators[O];
  /** The inputs' types; undefined where left out. */
  readonly inputs: readonly (ValueType | undefined)[];
  readonly outputs: readonly ValueType[];
  /** The values of inputs that are constant. */
  readonly constants: readonly (Tensor | undefined)[];
  /** Makes tensors that live as long as the program; what is made on the way is freed. */
  readonly hold: <T extends tf.Tensor | tf.Tensor[]>(make: () => T) => T;
}

/** Gives an input by its place. Constants are copied to the device when they are first asked for. */
export type Inputs = (index: number) => tf.Tensor;

/** Runs a node. The results must be new tensors (they may share the inputs' data); whatever else is made is freed by the caller. */
export type Run = (input: Inputs) => tf.Tensor | tf.Tensor[];

/** Makes one operator ready. */
export type Kernel<O extends OpName> = (context: KernelContext<O>) => Run;

/** A family's table, each kernel of its own operator. */
export type KernelTable<O extends OpName> = { readonly [K in O]: Kernel<K> };

/** The shape of an input that must be there. */
export function shapeOf({ inputs }: { inputs: readonly (ValueType | undefined)[] }, index = 0): number[] {
  const type = inputs[index];
  if (!type) throw new Error(`input ${index} is missing`);
  return [...type.shape];
}

/** The value of a scalar that must be constant. */
export function constantScalar({ constants }: { constants: readonly (Tensor | undefined)[] }, index: number, what: string): number {
  const tensor = constants[index];
  if (tensor?.data.length !== 1) throw new Error(`${what} must be a constant scalar`);
  return Number(tensor.data[0]);
}
