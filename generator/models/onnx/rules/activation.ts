/** Rules for non-linearities: those of the table with their defaults written out, the others by what they are made of. */
import { castTo } from '../evaluate/evaluate.ts';
import type { Rule } from '../rule.ts';

const plain =
  (op: 'Relu' | 'Sigmoid' | 'Tanh' | 'HardSwish' | 'Softplus' | 'Softsign'): Rule =>
  (step) =>
    step.make(op, [step.value()], {});

const withAlpha =
  (op: 'LeakyRelu' | 'Elu' | 'Celu' | 'ThresholdedRelu', otherwise: number): Rule =>
  (step) =>
    step.make(op, [step.value()], { alpha: step.float('alpha', otherwise) });

const selu: Rule = (step) =>
  step.make('Selu', [step.value()], {
    alpha: step.float('alpha', 1.6732631921768188),
    gamma: step.float('gamma', 1.0507010221481323),
  });

const hardSigmoid: Rule = (step) =>
  step.make('HardSigmoid', [step.value()], { alpha: step.float('alpha', 0.2), beta: step.float('beta', 0.5) });

const prelu: Rule = (step) => {
  const slope = step.constant(1);
  if (!slope) throw step.refuse('a slope', 'none');
  return step.make('PRelu', [step.value(), step.nameOf(castTo(slope, 'float32'))], {});
};

/** x · tanh(softplus(x)) (Misra 2019). */
const mish: Rule = (step) => {
  const x = step.value();
  return step.make('Mul', [x, step.add('Tanh', [step.add('Softplus', [x], {})], {})], {});
};

/** x · sigmoid(alpha · x) (Ramachandran, Zoph & Le 2017). */
const swish: Rule = (step) => {
  const x = step.value();
  const alpha = step.float('alpha', 1);
  const scaled = alpha === 1 ? x : step.add('Mul', [x, step.scalar(alpha)], {});
  return step.make('Mul', [x, step.add('Sigmoid', [scaled], {})], {});
};

/** x · Φ(x), exactly or by its tanh approximation (Hendrycks & Gimpel 2016). */
const gelu: Rule = (step) => {
  const x = step.value();
  const half = step.add('Mul', [x, step.scalar(0.5)], {});
  let curve: string;
  if (step.text('approximate', 'none') === 'tanh') {
    const cube = step.add('Mul', [step.add('Mul', [x, x], {}), x], {});
    const inner = step.add('Add', [x, step.add('Mul', [cube, step.scalar(0.044715)], {})], {});
    curve = step.add('Tanh', [step.add('Mul', [inner, step.scalar(Math.sqrt(2 / Math.PI))], {})], {});
  } else curve = step.add('Erf', [step.add('Mul', [x, step.scalar(Math.SQRT1_2)], {})], {});
  return step.make('Mul', [half, step.add('Add', [curve, step.scalar(1)], {})], {});
};

/** x + bias below −lambd, x − bias above lambd, 0 between. */
const shrink: Rule = (step) => {
  const x = step.value();
  const [lambd, bias] = [step.float('lambd', 0.5), step.float('bias', 0)];
  const above = step.add(
    'Where',
    [step.add('Greater', [x, step.scalar(lambd)], {}), step.add('Sub', [x, step.scalar(bias)], {}), step.scalar(0)],
    {},
  );
  return step.make('Where', [step.add('Less', [x, step.scalar(-lambd)], {}), step.add('Add', [x, step.scalar(bias)], {}), above], {});
};

/** Before version 13 everything from the axis on counts as one. */
const softmax =
  (op: 'Softmax' | 'LogSoftmax'): Rule =>
  (step) => {
    const x = step.value();
    const shape = step.shape(x);
    const axis = step.int('axis', step.opset < 13 ? 1 : -1);
    const at = axis < 0 ? axis + shape.length : axis;
    if (!(at >= 0 && at < shape.length)) throw step.refuse(`an axis below ${shape.length}`, axis);
    const rest = shape.slice(at);
    if (step.opset >= 13 || rest.slice(1).every((extent) => extent === 1)) return step.make(op, [x], { axis: at });
    const flat = [...shape.slice(0, at), rest.reduce((product, extent) => product * extent, 1)];
    const made = step.add(op, [step.add('Reshape', [x, step.integers(flat)], { allowzero: 0 })], { axis: at });
    return step.make('Reshape', [made, step.integers(shape)], { allowzero: 0 });
  };

export const ACTIVATIONS = {
  Relu: plain('Relu'),
  Sigmoid: plain('Sigmoid'),
  Tanh: plain('Tanh'),
  HardSwish: plain('HardSwish'),
  Softplus: plain('Softplus'),
  Softsign: plain('Softsign'),
  LeakyRelu: withAlpha('LeakyRelu', 0.01),
  Elu: withAlpha('Elu', 1),
  Celu: withAlpha('Celu', 1),
  ThresholdedRelu: withAlpha('ThresholdedRelu', 1),
  Selu: selu,
  HardSigmoid: hardSigmoid,
  PRelu: prelu,
  Mish: mish,
  Swish: swish,
  Gelu: gelu,
  Shrink: shrink,
  Softmax: softmax('Softmax'),
  LogSoftmax: softmax('LogSoftmax'),
} satisfies Record<string, Rule>;
