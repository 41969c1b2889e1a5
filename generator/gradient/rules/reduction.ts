/** Norms and logarithms of sums along axes. */
import type { OpName } from '../../graph/graph.ts';
import { integers, positive } from '../../graph/shapes.ts';
import { keepDimensions, type Rule, type RuleContext, reshape } from '../rule.ts';
import { spread } from './pooling.ts';

/** Below this a norm is taken for 0, where the gradient is 0 too (as in PyTorch). */
const TINY = 1e-30;

/** Gradient and result with the axes that the reduction dropped, so that they broadcast to x. */
function kept<O extends 'ReduceL1' | 'ReduceL2' | 'ReduceSumSquare' | 'ReduceLogSumExp'>({
  builder,
  node: { inputs, outputs, attributes },
  gradient,
}: RuleContext<O>) {
  const shape = keepDimensions(builder.shape(inputs[0]), attributes.axes);
  return { dy: reshape(builder, gradient, shape), y: reshape(builder, outputs[0], shape) };
}

export const reduction = {
  ReduceSum: ({ builder, node, gradient }) => {
    const from = builder.shape(node.inputs[0]);
    const shape = keepDimensions(from, integers(builder.constantValue(node.inputs[1]), 'axes'));
    return [builder.add('Expand', [reshape(builder, gradient, shape), builder.integers(from)], {})];
  },
  ReduceMean: ({ builder, node, gradient }) => {
    const from = builder.shape(node.inputs[0]);
    return [spread(builder, reshape(builder, gradient, keepDimensions(from, node.attributes.axes)), from)];
  },
  /** y = Σ|x|: y′ = sign x. */
  ReduceL1: (context) => {
    const { builder, node } = context;
    return [builder.add('Mul', [builder.add('Sign', [node.inputs[0]], {}), kept(context).dy], {})];
  },
  /** y = √Σx²: y′ = x/y. */
  ReduceL2: (context) => {
    const { builder, node } = context;
    const { dy, y } = kept(context);
    const ratio = builder.add('Div', [dy, builder.add('Clip', [y, builder.scalar(TINY)], {})], {});
    return [builder.add('Mul', [node.inputs[0], ratio], {})];
  },
  /** y = Σx²: y′ = 2x. */
  ReduceSumSquare: (context) => {
    const { builder, node } = context;
    const doubled = builder.add('Mul', [kept(context).dy, builder.scalar(2)], {});
    return [builder.add('Mul', [node.inputs[0], doubled], {})];
  },
  /** y = log Σ exp x: y′ = exp(x − y). */
  ReduceLogSumExp: (context) => {
    const { builder, node } = context;
    const { dy, y } = kept(context);
    return [builder.add('Mul', [builder.add('Exp', [builder.add('Sub', [node.inputs[0], y], {})], {}), dy], {})];
  },
  /** y = x − log Σ exp x: dL/dx = dL/dy − exp y · Σ dL/dy, the sum over the axis. */
  LogSoftmax: ({ builder, node: { outputs, attributes }, gradient }) => {
    const axis = positive(attributes.axis, builder.shape(gradient).length);
    const sum = builder.add('ReduceSum', [gradient, builder.integers([axis])], { keepdims: 1 });
    const part = builder.add('Mul', [builder.add('Exp', [outputs[0]], {}), sum], {});
    return [builder.add('Sub', [gradient, part], {})];
  },
} satisfies { [O in OpName]?: Rule<O> };
