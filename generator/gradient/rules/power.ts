/** Powers, logarithms and reciprocals. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { OpName } from '../../graph/graph.ts';
import { type Rule, unbroadcast } from '../rule.ts';

export const power = {
  /** y = 1/x: y′ = −y². */
  Reciprocal: ({ builder, node: { outputs }, gradient }) => {
    const square = builder.add('Mul', [outputs[0], outputs[0]], {});
    return [builder.add('Neg', [builder.add('Mul', [gradient, square], {})], {})];
  },
  /** y = ln x: y′ = 1/x. */
  Log: ({ builder, node: { inputs }, gradient }) => [builder.add('Div', [gradient, inputs[0]], {})],
  /** y = aᵇ: dy/da = b·aᵇ⁻¹; dy/db = y·ln a, 0 where a = 0 (as in PyTorch). */
  Pow: ({ builder, node: { inputs, outputs }, gradient, wanted }) => {
    const [a, b] = inputs;
    const byBase = () => {
      const slope = baseSlope(builder, a, b);
      return unbroadcast(builder, builder.add('Mul', [gradient, slope], {}), builder.shape(a));
    };
    const byExponent = () => {
      const zero = builder.scalar(0);
      const logarithm = builder.add('Log', [a], {});
      const kept = builder.add('Where', [builder.add('Equal', [a, zero], {}), zero, logarithm], {});
      const slope = builder.add('Mul', [outputs[0], kept], {});
      return unbroadcast(builder, builder.add('Mul', [gradient, slope], {}), builder.shape(b));
    };
    return [wanted[0] ? byBase() : undefined, wanted[1] ? byExponent() : undefined];
  },
} satisfies { [O in OpName]?: Rule<O> };

/** b·aᵇ⁻¹. Where b is 0 the slope is 0 for every a, also for a = 0, so that b − 1 is not used there. */
function baseSlope(builder: GraphBuilder, a: string, b: string): string {
  const tensor = builder.constantValue(b);
  if (tensor) {
    const exponents = Array.from<bigint | number, number>(tensor.data, Number);
    const held = (values: number[]) =>
      tensor.shape.length === 0
        ? builder.scalar(values[0])
        : builder.constant({ dtype: 'float32', shape: tensor.shape, data: Float32Array.from(values) });
    const factor = held(exponents);
    if (exponents.every((exponent) => exponent === 2)) return builder.add('Mul', [a, factor], {});
    const lowered = held(exponents.map((exponent) => (exponent === 0 ? 0 : exponent - 1)));
    return builder.add('Mul', [builder.add('Pow', [a, lowered], {}), factor], {});
  }
  const zero = builder.scalar(0);
  const lowered = builder.add('Where', [builder.add('Equal', [b, zero], {}), zero, builder.add('Sub', [b, builder.scalar(1)], {})], {});
  return builder.add('Mul', [builder.add('Pow', [a, lowered], {}), b], {});
}
