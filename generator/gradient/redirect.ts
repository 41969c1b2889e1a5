/**
 * Redirected ReLU gradients, for starts where every unit on the way is silent (Lucid, misc/redirected_relu_grad.py): where nothing at all gets
 * through a non-linearity for an image, let through what would wake its units, and block only what would push them further down.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Graph } from '../graph/graph.ts';
import type { RuleTable } from './rules/table.ts';
import { RULES } from './rules/table.ts';

/** Picks, image by image, the plain gradient where any of it is not zero, else the redirected one. */
function whereSilent(builder: GraphBuilder, plain: string, redirected: string): string {
  const axes = builder
    .shape(plain)
    .map((_, i) => i)
    .slice(1);
  const passed = builder.add('ReduceSum', [builder.add('Abs', [plain], {}), builder.integers(axes)], { keepdims: 1 });
  return builder.add('Where', [builder.add('Greater', [passed, builder.scalar(0)], {}), plain, redirected], {});
}

/** Rules to use instead of the plain ones. */
export const REDIRECTED = {
  Relu: (context) => {
    const { builder, gradient } = context;
    const plain = RULES.Relu(context)[0] as string;
    return [whereSilent(builder, plain, builder.add('Relu', [gradient], {}))];
  },
  Clip: (context) => {
    const { builder, node, gradient } = context;
    const plain = RULES.Clip(context)[0] as string;
    const [, low, high] = node.inputs;
    const zero = builder.scalar(0);
    let redirected = gradient;
    if (low) {
      const stuckBelow = builder.add(
        'And',
        [builder.add('Not', [builder.add('Greater', [node.outputs[0], low], {})], {}), builder.add('Less', [gradient, zero], {})],
        {},
      );
      redirected = builder.add('Where', [stuckBelow, zero, redirected], {});
    }
    if (high) {
      const stuckAbove = builder.add(
        'And',
        [builder.add('Not', [builder.add('Less', [node.outputs[0], high], {})], {}), builder.add('Greater', [gradient, zero], {})],
        {},
      );
      redirected = builder.add('Where', [stuckAbove, zero, redirected], {});
    }
    return [whereSilent(builder, plain, redirected)];
  },
} satisfies Partial<RuleTable>;

/** Whether a network's gradients can differ under {@link REDIRECTED}: without such a non-linearity a second program would be the first again. */
export function hasRedirected({ nodes }: Graph): boolean {
  return nodes.some(({ op }) => op in REDIRECTED);
}
