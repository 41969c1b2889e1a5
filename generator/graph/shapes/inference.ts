/** What inference rules share: the types and constants they look at, axes, broadcasting, and the limits on what a file may ask for. */
import type { Operators, OpName, ValueType } from '../graph.ts';
import { type Dtype, sizeOf, type Tensor } from '../tensor.ts';

/** What an inference rule may look at: the inputs' types (undefined where left out), and their values where they are constant. */
export interface InferenceInputs {
  readonly types: readonly (ValueType | undefined)[];
  readonly constants: readonly (Tensor | undefined)[];
}

/** Output types from input types; throws a plain `Error` that says what does not fit. */
export type Infer<O extends OpName> = (inputs: InferenceInputs, attributes: Operators[O]) => readonly ValueType[];

/** The rules of a family of operators. */
export type InferTable<O extends OpName> = { readonly [K in O]: Infer<K> };

/** ONNX's numbers of the element types (TensorProto.DataType). */
export const ELEMENT_TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const satisfies Record<Dtype, number>;

/** The most values that a tensor may have: runtimes index with 32 bits. */
const MOST_VALUES = 2 ** 31 - 1;

/** The same where one extent is 0. */
const MOST_EMPTY = 2 ** 20;

/** More axes than any operator of the table is used with. */
const MOST_AXES = 16;

/** Throws unless a tensor of this shape can exist. A constant may be empty, as a list of no axes is. */
export function checkShape(shape: readonly number[], what: string, least: 0 | 1 = 1): void {
  const shown = () => `[${shape.slice(0, MOST_AXES)}${shape.length > MOST_AXES ? ',…' : ''}]`;
  if (shape.length > MOST_AXES) throw new Error(`${what} would have ${shape.length} axes, ${shown()}; at most ${MOST_AXES} are supported`);
  if (shape.some((extent) => !Number.isInteger(extent) || extent < least)) throw new Error(`${what} would have shape ${shown()}`);
  // What is empty must not be wide either: whoever makes something for each of its channels would make as many.
  const widest = shape.reduce((product, extent) => product * Math.max(extent, 1), 1);
  if (widest > MOST_VALUES || (widest > MOST_EMPTY && sizeOf(shape) === 0))
    throw new Error(`${what} would have more than 2³¹ − 1 values, in shape ${shown()}`);
}

/** The type of an input that must be there. */
export function at(types: readonly (ValueType | undefined)[], index: number): ValueType {
  const type = types[index];
  if (!type) throw new Error(`input ${index} is missing`);
  return type;
}

/** The type of the first input. */
export const first = ({ types }: InferenceInputs): ValueType => at(types, 0);

/** One output of the first input's type. */
export const same: Infer<OpName> = (inputs) => [first(inputs)];

/** NumPy broadcasting of two shapes. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`[${a}] and [${b}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

/** Throws unless `from` broadcasts to `to` without changing it. */
export function checkSpreads(from: readonly number[], to: readonly number[]): void {
  const result = broadcast(from, to);
  if (result.length !== to.length || result.some((extent, i) => extent !== to[i]))
    throw new Error(`[${from}] does not broadcast to [${to}]`);
}

/** The values of a constant int64 (or int32) input as numbers. */
export function integers(tensor: Tensor | undefined, what: string): number[] {
  if (!tensor || (tensor.dtype !== 'int64' && tensor.dtype !== 'int32')) throw new Error(`${what} must be a constant of integers`);
  return Array.from<bigint | number, number>(tensor.data, Number);
}

/** {@link integers} with one value for each axis, or as many as said. */
export function integersFor(tensor: Tensor | undefined, what: string, count: number): number[] {
  const values = integers(tensor, what);
  if (values.length !== count) throw new Error(`${what} must have ${count} values, not ${values.length}`);
  return values;
}

/** Negative axes count from the end. */
export function positive(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) throw new Error(`axis ${axis} is outside rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

/** Axes as positive numbers; throws where one is outside or named twice. */
export function positiveAxes(axes: readonly number[], rank: number): number[] {
  if (axes.length > rank) throw new Error(`${axes.length} axes are more than rank ${rank} has`);
  const result = axes.map((axis) => positive(axis, rank));
  if (new Set(result).size !== axes.length) throw new Error(`the axes name one twice: [${axes}]`);
  return result;
}

/** Throws unless the value is a whole number of at least `least`. */
export function checkWhole(value: number, what: string, least = 1): void {
  if (!Number.isInteger(value) || value < least) throw new Error(`${what} must be a whole number of at least ${least}, not ${value}`);
}

/** Throws unless there are `count` whole numbers of at least `least`. */
export function checkWholes(values: readonly number[], what: string, count: number, least = 1): void {
  if (values.length !== count) throw new Error(`${what} must have ${count} values, not ${values.length}`);
  for (const value of values) checkWhole(value, what, least);
}

/** Throws unless the value is one of the words that an attribute may have. */
export function checkWord(value: string, words: readonly string[], what: string): void {
  if (!words.includes(value)) throw new Error(`${what} must be one of ${words.join(', ')}, not ${value}`);
}

/** Throws unless the value is 0 or 1. */
export function checkFlag(value: number, what: string): void {
  if (value !== 0 && value !== 1) throw new Error(`${what} must be 0 or 1, not ${value}`);
}
