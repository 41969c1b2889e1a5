/** Pooling. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { OpName } from '../../graph/graph.ts';
import { sizeOf } from '../../graph/tensor.ts';
import { type Rule, reshape } from '../rule.ts';
import { averagePool } from './average-pool.ts';
import { maxPoolGradient } from './max-pool.ts';

export const pooling = {
  /** Each window's gradient goes to its maximum. For windows that {@link maxPoolGradient} has no form for, it is found by pooling with indices. */
  MaxPool: ({ builder, node, gradient }) => {
    const [x] = node.inputs;
    const plain = maxPoolGradient(builder, x, node.outputs[0], gradient, node.attributes);
    if (plain) return [plain];
    const shape = builder.shape(x);
    const indices = `${node.outputs[0]}~indices`;
    builder.add('MaxPool', [x], node.attributes, { name: `${node.name}/indices`, outputs: [`${node.outputs[0]}~again`, indices] });
    const size = sizeOf(shape);
    const zeros = builder.add('Expand', [builder.scalar(0), builder.integers([size])], {});
    const flat = sizeOf(builder.shape(gradient));
    const scattered = builder.add('ScatterElements', [zeros, reshape(builder, indices, [flat]), reshape(builder, gradient, [flat])], {
      axis: 0,
      reduction: 'add',
    });
    return [reshape(builder, scattered, shape)];
  },
  AveragePool: averagePool,
  /** Every position has an equal share. */
  GlobalAveragePool: ({ builder, node, gradient }) => [spread(builder, gradient, builder.shape(node.inputs[0]))],
} satisfies { [O in OpName]?: Rule<O> };

/** A mean's gradient: divided by the number of values, and broadcast back to `shape`. */
export function spread(builder: GraphBuilder, gradient: string, shape: readonly number[]): string {
  const share = builder.scalar(sizeOf(builder.shape(gradient)) / sizeOf(shape));
  return builder.add('Expand', [builder.add('Mul', [gradient, share], {}), builder.integers(shape)], {});
}
