/** Maxima and minima. Where several values are the greatest, each gets an equal share, as of PyTorch's `maximum` and `amax`. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { OpName } from '../../graph/graph.ts';
import { ELEMENT_TYPES } from '../../graph/shapes.ts';
import { keepDimensions, type Rule, reshape, unbroadcast } from '../rule.ts';
import { pooling } from './pooling.ts';

/** 1 where the values are equal, else 0. */
function whereEqual(builder: GraphBuilder, a: string, b: string): string {
  return builder.add('Cast', [builder.add('Equal', [a, b], {})], { to: ELEMENT_TYPES.float32 });
}

/** dL/dxᵢ = dL/dy · [xᵢ = y] / how many are equal to y. */
const ofInputs: Rule<'Max' | 'Min'> = ({ builder, node: { inputs, outputs }, gradient, wanted }) => {
  if (inputs.length === 1) return [gradient];
  const equal = inputs.map((name) => whereEqual(builder, name, outputs[0]));
  const share = builder.add('Div', [gradient, builder.add('Sum', equal, {})], {});
  return inputs.map((name, i) =>
    wanted[i] ? unbroadcast(builder, builder.add('Mul', [share, equal[i]], {}), builder.shape(name)) : undefined,
  );
};

const alongAxes: Rule<'ReduceMax' | 'ReduceMin'> = ({ builder, node: { inputs, outputs, attributes }, gradient }) => {
  const kept = keepDimensions(builder.shape(inputs[0]), attributes.axes);
  const equal = whereEqual(builder, inputs[0], reshape(builder, outputs[0], kept));
  const count = builder.add('ReduceSum', [equal, builder.integers(attributes.axes)], { keepdims: 1 });
  const share = builder.add('Div', [reshape(builder, gradient, kept), count], {});
  return [builder.add('Mul', [equal, share], {})];
};

export const extremum = {
  Max: ofInputs,
  Min: ofInputs,
  ReduceMax: alongAxes,
  ReduceMin: alongAxes,
  /** Max pooling with one window: the first maximum gets all of it. */
  GlobalMaxPool: (context) => {
    const { builder, node } = context;
    const spatial = builder.shape(node.inputs[0]).slice(2);
    const [ones, zeros] = [spatial.map(() => 1), [...spatial, ...spatial].map(() => 0)];
    const attributes = { kernel_shape: spatial, strides: ones, pads: zeros, dilations: ones, ceil_mode: 0 };
    return pooling.MaxPool({ ...context, node: { ...node, op: 'MaxPool', attributes } });
  },
} satisfies { [O in OpName]?: Rule<O> };
