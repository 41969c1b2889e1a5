/** The non-linearities. At a kink the gradient is that of the side where the unit is silent, as in PyTorch. */
import type { GraphBuilder } from '../../graph/builder.ts';
import { fault } from '../../graph/errors.ts';
import type { OpName } from '../../graph/graph.ts';
import type { Rule } from '../rule.ts';
import { stepAbove, stepBelow } from './gate.ts';

/** The value of a scalar constant. */
function constantScalar(builder: GraphBuilder, name: string, node: string): number {
  const tensor = builder.constantValue(name);
  if (tensor?.dtype !== 'float32' || tensor.data.length !== 1) {
    throw fault({
      where: 'the gradient',
      expected: 'constant float32 bounds',
      name: `the node "${node}"`,
      received: 'bounds that are computed',
      remedy: 'Only fixed bounds are supported.',
    });
  }
  return tensor.data[0];
}

function times(builder: GraphBuilder, values: readonly string[]): string {
  return values.reduce((product, value) => builder.add('Mul', [product, value], {}));
}

export const activation = {
  /** y = max(0, x): open where y > 0. */
  Relu: ({ builder, node, gradient }) => [times(builder, [gradient, stepAbove(builder, node.outputs[0], 0)])],
  /** y = min(max(x, low), high): open where y lies strictly between. */
  Clip: ({ builder, node: { name, inputs, outputs }, gradient }) => [
    times(builder, [
      gradient,
      ...(inputs[1] ? [stepAbove(builder, outputs[0], constantScalar(builder, inputs[1], name))] : []),
      ...(inputs[2] ? [stepBelow(builder, outputs[0], constantScalar(builder, inputs[2], name))] : []),
    ]),
  ],
  /** y = clip(αx + β, 0, 1): y′ = α strictly between. */
  HardSigmoid: ({ builder, node: { outputs, attributes }, gradient }) => [
    times(builder, [gradient, builder.scalar(attributes.alpha), stepAbove(builder, outputs[0], 0), stepBelow(builder, outputs[0], 1)]),
  ],
  /** y = 1 / (1 + exp −x): y′ = y − y². */
  Sigmoid: ({ builder, node: { outputs }, gradient }) => {
    const slope = builder.add('Sub', [outputs[0], builder.add('Mul', [outputs[0], outputs[0]], {})], {});
    return [builder.add('Mul', [gradient, slope], {})];
  },
  /** y = tanh x: y′ = 1 − y². */
  Tanh: ({ builder, node: { outputs }, gradient }) => {
    const slope = builder.add('Sub', [builder.scalar(1), builder.add('Mul', [outputs[0], outputs[0]], {})], {});
    return [builder.add('Mul', [gradient, slope], {})];
  },
  /** y = softmax x: dL/dx = y · (dL/dy − Σ dL/dy · y), the sum over the axis. */
  Softmax: ({ builder, node: { outputs, attributes }, gradient }) => {
    const product = builder.add('Mul', [gradient, outputs[0]], {});
    const sum = builder.add('ReduceSum', [product, builder.integers([attributes.axis])], { keepdims: 1 });
    return [builder.add('Sub', [product, builder.add('Mul', [outputs[0], sum], {})], {})];
  },
} satisfies { [O in OpName]?: Rule<O> };
