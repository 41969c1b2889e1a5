/** The non-linearities. At a kink the gradient is that of the side where the unit is silent, as in PyTorch. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { OpName } from '../../graph/graph.ts';
import type { Rule } from '../rule.ts';

/** dL/dy where `open`, 0 elsewhere. */
function gate(builder: GraphBuilder, gradient: string, open: string): string {
  return builder.add('Where', [open, gradient, builder.scalar(0)], {});
}

export const activation = {
  /** y = max(0, x): open where y > 0. */
  Relu: ({ builder, node, gradient }) => [gate(builder, gradient, builder.add('Greater', [node.outputs[0], builder.scalar(0)], {}))],
  /** y = min(max(x, low), high): open where y lies strictly between. */
  Clip: ({ builder, node: { inputs, outputs }, gradient }) => {
    const tests = [
      ...(inputs[1] ? [builder.add('Greater', [outputs[0], inputs[1]], {})] : []),
      ...(inputs[2] ? [builder.add('Less', [outputs[0], inputs[2]], {})] : []),
    ];
    if (tests.length === 0) return [gradient];
    return [gate(builder, gradient, tests.length === 1 ? tests[0] : builder.add('And', tests, {}))];
  },
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
