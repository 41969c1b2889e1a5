/** Normalisations, by their statistics in the input itself or fixed ones. Scales and biases are weights: their own gradients are not made. */
import type { GraphBuilder } from '../../graph/builder.ts';
import { fault } from '../../graph/errors.ts';
import type { OpName } from '../../graph/graph.ts';
import { positive } from '../../graph/shapes.ts';
import { sizeOf } from '../../graph/tensor.ts';
import { type Rule, type RuleContext, reshape } from '../rule.ts';

/** Throws where a parameter of a normalisation depends on the image. */
function checkFixed({ node, wanted }: RuleContext<OpName>): void {
  const computed = wanted.findIndex((want, i) => want && i > 0);
  if (computed < 0) return;
  throw fault({
    where: `gradient of "${node.name}"`,
    expected: 'fixed parameters',
    name: `${node.op}'s input ${computed}`,
    received: 'one that depends on the image',
    remedy: 'Write the operator as a normalisation without scale and bias, and Mul and Add.',
  });
}

/**
 * The gradient through x̂ = (x − μ)/σ, with μ and σ² = var x + ε over the axes, given h = dL/dx̂:
 * `(h − mean h)/σ − (x − μ)·mean(h·(x − μ))/σ³` (Ioffe and Szegedy 2015, §3, with the sums of that page's chain rule worked out).
 * `scale`, of a shape that broadcasts to the statistics' shape, multiplies the result.
 */
function throughStatistics(builder: GraphBuilder, x: string, h: string, axes: readonly number[], epsilon: number, scale?: string): string {
  const mean = (value: string) => builder.add('ReduceMean', [value], { axes, keepdims: 1 });
  const multiply = (a: string, b: string) => builder.add('Mul', [a, b], {});
  const centred = builder.add('Sub', [x, mean(x)], {});
  const variance = builder.add('Add', [mean(multiply(centred, centred)), builder.scalar(epsilon)], {});
  const inverse = builder.add('Reciprocal', [builder.add('Sqrt', [variance], {})], {});
  const factor = scale ? multiply(inverse, scale) : inverse;
  const slope = multiply(builder.add('Div', [mean(multiply(h, centred)), variance], {}), factor);
  const straight = multiply(builder.add('Sub', [h, mean(h)], {}), factor);
  return builder.add('Sub', [straight, multiply(centred, slope)], {});
}

/** Parameters `[C]` as `[C,1,…]`, to broadcast to `[N,C,…]`. */
function byChannel(builder: GraphBuilder, value: string, rank: number): string {
  return reshape(builder, value, [...builder.shape(value), ...Array.from({ length: rank - 2 }, () => 1)]);
}

export const normalisation = {
  /** y = s·(x − μ)/√(σ² + ε) + b with fixed μ and σ²: y′ = s/√(σ² + ε). */
  BatchNormalization: (context) => {
    checkFixed(context);
    const { builder, node, gradient } = context;
    const [x, scale, , , variance] = node.inputs;
    const deviation = builder.add('Sqrt', [builder.add('Add', [variance, builder.scalar(node.attributes.epsilon)], {})], {});
    const slope = byChannel(builder, builder.add('Div', [scale, deviation], {}), builder.shape(x).length);
    return [builder.add('Mul', [gradient, slope], {})];
  },
  /** Statistics over height and width, of each channel of each image. */
  InstanceNormalization: (context) => {
    checkFixed(context);
    const { builder, node, gradient } = context;
    const [x, scale] = node.inputs;
    const rank = builder.shape(x).length;
    const axes = Array.from({ length: rank - 2 }, (_, i) => i + 2);
    return [throughStatistics(builder, x, gradient, axes, node.attributes.epsilon, byChannel(builder, scale, rank))];
  },
  /** Statistics over every axis from `axis` on (Ba et al. 2016). */
  LayerNormalization: (context) => {
    checkFixed(context);
    const { builder, node, gradient } = context;
    const [x, scale] = node.inputs;
    const rank = builder.shape(x).length;
    const start = positive(node.attributes.axis, rank);
    const axes = Array.from({ length: rank - start }, (_, i) => i + start);
    const h = builder.add('Mul', [gradient, scale], {});
    return [throughStatistics(builder, x, h, axes, node.attributes.epsilon)];
  },
  /**
   * y = x·s^−β with s = bias + α·(mean of x² over the window, zeros outside): dL/dx = g·s^−β − 2αβ·x·mean′(g·y/s), where mean′ is the mean over
   * the windows that the value lies in: the same windows, since they are of odd size.
   */
  LRN: ({ builder, node: { inputs, outputs, attributes }, gradient }) => {
    const [x] = inputs;
    const { alpha, beta, bias, size } = attributes;
    const multiply = (a: string, b: string) => builder.add('Mul', [a, b], {});
    const scaled = multiply(channelMeans(builder, multiply(x, x), size), builder.scalar(alpha));
    const s = builder.add('Add', [scaled, builder.scalar(bias)], {});
    const shares = channelMeans(builder, multiply(gradient, builder.add('Div', [outputs[0], s], {})), size);
    const straight = multiply(gradient, builder.add('Pow', [s, builder.scalar(-beta)], {}));
    return [builder.add('Sub', [straight, multiply(multiply(x, builder.scalar(2 * alpha * beta)), shares)], {})];
  },
} satisfies { [O in OpName]?: Rule<O> };

/** Sums over windows of neighbouring channels, over the window's size: average pooling of `[N,1,C,H·W]` along its rows. */
function channelMeans(builder: GraphBuilder, value: string, size: number): string {
  const shape = builder.shape(value);
  const rows = reshape(builder, value, [shape[0], 1, shape[1], sizeOf(shape.slice(2))]);
  const half = (size - 1) / 2;
  const window = { kernel_shape: [size, 1], strides: [1, 1], pads: [half, 0, half, 0], ceil_mode: 0, count_include_pad: 1 };
  return reshape(builder, builder.add('AveragePool', [rows], window), shape);
}
