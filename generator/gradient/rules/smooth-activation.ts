/** Non-linearities that do not stop at zero: slopes on the left, exponentials, and their kin. At a kink, the side that PyTorch takes. */
import type { GraphBuilder } from '../../graph/builder.ts';
import type { OpName } from '../../graph/graph.ts';
import { type Rule, unbroadcast } from '../rule.ts';
import { negativePart, stepAbove, stepBelow } from './gate.ts';

const multiply = (builder: GraphBuilder, a: string, b: string) => builder.add('Mul', [a, b], {});

/** g · (a·exp(min(x, 0)) + b·[x > 0]). */
function exponentialSlope(builder: GraphBuilder, x: string, gradient: string, a: number, b: number): string {
  const exponential = builder.add('Exp', [negativePart(builder, x)], {});
  const left = a === 1 ? exponential : multiply(builder, exponential, builder.scalar(a));
  if (b === 0) return multiply(builder, gradient, left);
  const right = multiply(builder, stepAbove(builder, x, 0), builder.scalar(b));
  return multiply(builder, gradient, builder.add('Add', [left, right], {}));
}

export const smoothActivation = {
  /** y = αx for x < 0: y′ = α + (1 − α)·[x > 0]. */
  LeakyRelu: ({ builder, node: { inputs, attributes }, gradient }) => {
    const step = multiply(builder, stepAbove(builder, inputs[0], 0), builder.scalar(1 - attributes.alpha));
    return [multiply(builder, gradient, builder.add('Add', [step, builder.scalar(attributes.alpha)], {}))];
  },
  /** y = sx for x < 0: dy/dx = s + (1 − s)·[x > 0]; dy/ds = min(x, 0). */
  PRelu: ({ builder, node: { inputs }, gradient, wanted }) => {
    const [x, slope] = inputs;
    const byX = () => {
      const rise = builder.add('Sub', [builder.scalar(1), slope], {});
      return multiply(builder, gradient, builder.add('Add', [multiply(builder, stepAbove(builder, x, 0), rise), slope], {}));
    };
    const bySlope = () => unbroadcast(builder, multiply(builder, gradient, negativePart(builder, x)), builder.shape(slope));
    return [wanted[0] ? byX() : undefined, wanted[1] ? bySlope() : undefined];
  },
  /** y = α(eˣ − 1) for x ≤ 0: y′ = αeˣ there, 1 beyond. */
  Elu: ({ builder, node: { inputs, attributes }, gradient }) => [
    exponentialSlope(builder, inputs[0], gradient, attributes.alpha, 1 - attributes.alpha),
  ],
  /** γ times that of Elu. */
  Selu: ({ builder, node: { inputs, attributes }, gradient }) => {
    const { alpha, gamma } = attributes;
    return [exponentialSlope(builder, inputs[0], gradient, gamma * alpha, gamma * (1 - alpha))];
  },
  /** y = α(exp(x/α) − 1) for x ≤ 0: y′ = exp(min(x, 0)/α). */
  Celu: ({ builder, node: { inputs, attributes }, gradient }) => {
    const part = multiply(builder, negativePart(builder, inputs[0]), builder.scalar(1 / attributes.alpha));
    return [multiply(builder, gradient, builder.add('Exp', [part], {}))];
  },
  ThresholdedRelu: ({ builder, node: { inputs, attributes }, gradient }) => [
    multiply(builder, gradient, stepAbove(builder, inputs[0], attributes.alpha)),
  ],
  /** y = x·t with t = clip(x/6 + ½, 0, 1): y′ = t + (x/6)·[0 < t < 1], and x/6 = t − ½ there. */
  HardSwish: ({ builder, node: { inputs }, gradient }) => {
    const t = builder.add('HardSigmoid', [inputs[0]], { alpha: 1 / 6, beta: 0.5 });
    const between = multiply(builder, stepAbove(builder, t, 0), stepBelow(builder, t, 1));
    const rise = multiply(builder, builder.add('Sub', [t, builder.scalar(0.5)], {}), between);
    return [multiply(builder, gradient, builder.add('Add', [t, rise], {}))];
  },
  /** y = log(1 + eˣ): y′ = 1/(1 + e⁻ˣ). */
  Softplus: ({ builder, node: { inputs }, gradient }) => [multiply(builder, gradient, builder.add('Sigmoid', [inputs[0]], {}))],
  /** y = x/(1 + |x|): y′ = (1 − |y|)². */
  Softsign: ({ builder, node: { outputs }, gradient }) => {
    const rest = builder.add('Sub', [builder.scalar(1), builder.add('Abs', [outputs[0]], {})], {});
    return [multiply(builder, gradient, multiply(builder, rest, rest))];
  },
  /** y = (2/√π)·∫₀ˣ exp(−t²)dt: y′ = exp(ln(2/√π) − x²). */
  Erf: ({ builder, node: { inputs }, gradient }) => {
    const logarithm = builder.scalar(Math.log(2 / Math.sqrt(Math.PI)));
    const exponent = builder.add('Sub', [logarithm, multiply(builder, inputs[0], inputs[0])], {});
    return [multiply(builder, gradient, builder.add('Exp', [exponent], {}))];
  },
} satisfies { [O in OpName]?: Rule<O> };
