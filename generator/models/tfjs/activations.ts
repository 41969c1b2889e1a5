/** Rules for non-linearities that take several ONNX operators, or attributes, each from its formula. */
import type { Lower, Lowering } from './lowering.ts';
import { number } from './topology.ts';

/** Operators in between have names that no layer can have. */
const between = (output: string, part: string) => ({ name: `${output}~${part}`, outputs: [`${output}~${part}`] });

/** `alpha·(exp x − 1)` where x < 0 (Clevert et al. 2016). */
export const elu: Lower = (node, lowering, output) =>
  lowering.add('Elu', [lowering.value(node)], { alpha: number(node, 'alpha', 1) }, output);

/** Klambauer et al. 2017, with the constants of its appendix. */
export const selu: Lower = (node, lowering, output) =>
  lowering.add('Selu', [lowering.value(node)], { alpha: 1.6732632423543772, gamma: 1.0507009873554805 }, output);

/** `max(0, min(1, 0.2·x + 0.5))`, as Keras has it. */
export const hardSigmoid: Lower = (node, lowering, output) =>
  lowering.add('HardSigmoid', [lowering.value(node)], { alpha: 0.2, beta: 0.5 }, output);

/** x where it is greater than alpha. */
export const thresholdedRelu: Lower = (node, lowering, output) =>
  lowering.add('ThresholdedRelu', [lowering.value(node)], { alpha: number(node, 'alpha', 1) }, output);

/** `x·sigmoid(x)` (Ramachandran et al. 2017). */
export const swish: Lower = (node, lowering, output) => {
  const input = lowering.value(node);
  return lowering.add('Mul', [input, lowering.builder.add('Sigmoid', [input], {}, between(output, 'gate'))], {}, output);
};

/** `x·tanh(softplus(x))` (Misra 2019). */
export const mish: Lower = (node, lowering, output) => {
  const { builder } = lowering;
  const input = lowering.value(node);
  const soft = builder.add('Softplus', [input], {}, between(output, 'softplus'));
  return lowering.add('Mul', [input, builder.add('Tanh', [soft], {}, between(output, 'gate'))], {}, output);
};

/** `x/2·(1 + erf(x/√2))` (Hendrycks & Gimpel 2016). */
export const gelu: Lower = (node, lowering, output) => {
  const { builder } = lowering;
  const input = lowering.value(node);
  const scaled = builder.add('Mul', [input, builder.scalar(Math.SQRT1_2)], {}, between(output, 'scaled'));
  return gate(lowering, input, builder.add('Erf', [scaled], {}, between(output, 'erf')), output);
};

/** The same by way of `tanh(√(2/π)·(x + 0.044715·x³))`. */
export const geluNew: Lower = (node, lowering, output) => {
  const { builder } = lowering;
  const input = lowering.value(node);
  const square = builder.add('Mul', [input, input], {}, between(output, 'square'));
  const third = builder.add('Mul', [square, builder.scalar(0.044715)], {}, between(output, 'third'));
  const factor = builder.add('Add', [third, builder.scalar(1)], {}, between(output, 'factor'));
  const inner = builder.add('Mul', [factor, input], {}, between(output, 'inner'));
  const scaled = builder.add('Mul', [inner, builder.scalar(Math.sqrt(2 / Math.PI))], {}, between(output, 'scaled'));
  return gate(lowering, input, builder.add('Tanh', [scaled], {}, between(output, 'tanh')), output);
};

/** `x/2·(1 + curve)`. */
function gate({ builder }: Lowering, input: string, curve: string, output: string) {
  const half = builder.add('Mul', [input, builder.scalar(0.5)], {}, between(output, 'half'));
  const raised = builder.add('Add', [curve, builder.scalar(1)], {}, between(output, 'raised'));
  return { name: builder.add('Mul', [half, raised], {}, { name: output, outputs: [output] }) };
}

/** Keras's ReLU: `max_value` at most, x from `threshold` on, `negative_slope·(x − threshold)` below. */
export const kerasRelu: Lower = (node, lowering, output) => {
  const { builder } = lowering;
  const input = lowering.value(node);
  const [most, slope, threshold] = [number(node, 'max_value', Infinity), number(node, 'negative_slope', 0), number(node, 'threshold', 0)];
  const steps: ((x: string, names: ReturnType<typeof between>) => string)[] = [
    (x, names) =>
      threshold === 0 ? builder.add('Relu', [x], {}, names) : builder.add('ThresholdedRelu', [x], { alpha: threshold }, names),
  ];
  if (most !== Infinity) steps.push((x, names) => builder.add('Clip', [x, '', builder.scalar(most)], {}, names));
  if (slope !== 0)
    steps.push((x, names) => {
      const shifted = builder.add('Sub', [input, builder.scalar(threshold)], {}, between(output, 'shifted'));
      const below = builder.add('Clip', [shifted, '', builder.scalar(0)], {}, between(output, 'below'));
      return builder.add('Add', [x, builder.add('Mul', [below, builder.scalar(slope)], {}, between(output, 'slope'))], {}, names);
    });
  const last = steps.length - 1;
  return {
    name: steps.reduce((x, step, i) => step(x, i === last ? { name: output, outputs: [output] } : between(output, `step${i}`)), input),
  };
};
