/** Types of reductions, and of normalisations, which keep their input's. */
import type { OpName, ValueType } from '../graph.ts';
import { at, checkWhole, first, type Infer, type InferenceInputs, type InferTable, integers, positive, positiveAxes } from './inference.ts';

function reduced({ dtype, shape }: ValueType, axes: readonly number[], keep: number): ValueType[] {
  const gone = new Set(positiveAxes(axes, shape.length));
  return [{ dtype, shape: keep ? shape.map((extent, i) => (gone.has(i) ? 1 : extent)) : shape.filter((_, i) => !gone.has(i)) }];
}

const alongAxes = (inputs: InferenceInputs, { axes, keepdims }: { axes: readonly number[]; keepdims: number }) => {
  // No axes at all means every axis to ONNX; an importer writes them out.
  if (axes.length === 0) throw new Error('axes are needed');
  return reduced(first(inputs), axes, keepdims);
};

const alongAxis: Infer<'Softmax' | 'LogSoftmax'> = (inputs, { axis }) => {
  positive(axis, first(inputs).shape.length);
  return [first(inputs)];
};

/** X with parameters of a value for each channel. */
const byChannel: Infer<'BatchNormalization' | 'InstanceNormalization'> = (inputs) => {
  const { shape } = first(inputs);
  if (shape.length < 2) throw new Error(`[N,C,…] is needed, not rank ${shape.length}`);
  for (let i = 1; i < inputs.types.length; i++) {
    const parameter = at(inputs.types, i).shape;
    if (parameter.length !== 1 || parameter[0] !== shape[1])
      throw new Error(`input ${i} of [${parameter}] does not fit ${shape[1]} channels`);
  }
  return [first(inputs)];
};

export const reduction = {
  ReduceSum: (inputs, { keepdims }) => {
    const axes = integers(inputs.constants[1], 'axes');
    return alongAxes(inputs, { axes, keepdims });
  },
  ReduceMean: alongAxes,
  ReduceMax: alongAxes,
  ReduceMin: alongAxes,
  ReduceL1: alongAxes,
  ReduceL2: alongAxes,
  ReduceSumSquare: alongAxes,
  ReduceLogSumExp: alongAxes,
  Softmax: alongAxis,
  LogSoftmax: alongAxis,
  BatchNormalization: byChannel,
  InstanceNormalization: byChannel,
  LayerNormalization: (inputs, { axis }) => {
    const { shape } = first(inputs);
    const normalised = shape.slice(positive(axis, shape.length));
    for (const parameter of inputs.types.slice(1)) {
      if (parameter && parameter.shape.join() !== normalised.join())
        throw new Error(`a scale or bias of [${parameter.shape}] does not fit [${normalised}]`);
    }
    return [first(inputs)];
  },
  LRN: (inputs, { size }) => {
    if (first(inputs).shape.length < 3) throw new Error(`[N,C,…] with a spatial axis is needed, not rank ${first(inputs).shape.length}`);
    checkWhole(size, 'size');
    // As ONNX has it, an even window would reach one channel further on; onnxruntime has none.
    if (size % 2 === 0) throw new Error(`a window of ${size} channels has no middle`);
    return [first(inputs)];
  },
} satisfies Partial<InferTable<OpName>>;
