/** Rules for operators that work element by element, with constants brought into NCHW. */
import type { Constant } from './constants.ts';
import type { Lower, Lowered, Lowering } from './lowering.ts';
import { type FileNode, number } from './topology.ts';

/** A constant as an operand beside a value of `rank` axes. */
export function constantOperand(constant: Constant, rank: number, lowering: Lowering): string {
  const { builder } = lowering;
  if (constant.dtype === 'float32' && constant.data.length === 1) return builder.scalar(constant.data[0]);
  if (rank !== 4) return builder.constant(constant);
  const [n, h, w, c] = [...new Array<number>(4 - constant.shape.length).fill(1), ...constant.shape];
  if (n * h * w === 1) return builder.constant({ ...constant, shape: [1, c, 1, 1] });
  const data = constant.data.slice();
  for (let i = 0; i < n; i++)
    for (let j = 0; j < h * w; j++) for (let k = 0; k < c; k++) data[(i * c + k) * h * w + j] = constant.data[(i * h * w + j) * c + k];
  return builder.constant({ ...constant, shape: [n, c, h, w], data } as Constant);
}

/** The names of a node's inputs as operands of an operator that broadcasts. */
function operands(node: FileNode, lowering: Lowering): string[] {
  const lowered = node.inputs.map((_, index) => lowering.operand(node, index));
  const ranks = lowered.map((operand) => ('name' in operand ? lowering.builder.shape(operand.name).length : 0));
  const rank = Math.max(...ranks);
  // Axes are matched from the last in NHWC but from the first in ours: only equal ranks are the same in both.
  if (lowered.some((operand, i) => ('name' in operand ? ranks[i] !== rank : operand.shape.length > rank)))
    throw lowering.refuse(node, `operands with ${rank} axes`, ranks.join(' and '));
  return lowered.map((operand) => ('name' in operand ? operand.name : constantOperand(operand, rank, lowering)));
}

/** An operator of two operands; of more, one after another, where the order does not matter. */
export function binary(op: 'Add' | 'Sub' | 'Mul' | 'Div'): Lower {
  return (node, lowering, output) => {
    const [first, second, ...rest] = operands(node, lowering);
    if (rest.length > 0 && op !== 'Add' && op !== 'Mul') throw lowering.refuse(node, 'two inputs', `${rest.length + 2}`);
    const [last = second, ...others] = rest.toReversed();
    const before = rest.length === 0 ? [] : [second, ...others.toReversed()];
    return lowering.add(op, [before.reduce((product, value) => lowering.builder.add(op, [product, value], {}), first), last], {}, output);
  };
}

/** AddN: a sum of any number of values. */
export const sum: Lower = (node, lowering, output) => {
  const inputs = operands(node, lowering);
  return lowering.add(inputs.length === 2 ? 'Add' : 'Sum', inputs, {}, output);
};

/** The mean of any number of values. */
export const average: Lower = (node, lowering, output) => {
  const inputs = operands(node, lowering);
  const total = lowering.builder.add('Sum', inputs, {}, { name: `${output}~sum` });
  return lowering.add('Mul', [total, lowering.builder.scalar(1 / inputs.length)], {}, output);
};

/** An operator of one operand that ONNX names alike. */
export function unary(op: 'Exp' | 'Sqrt' | 'Abs' | 'Neg' | 'Softplus' | 'Softsign'): Lower {
  return (node, lowering, output) => lowering.add(op, [lowering.value(node)], {}, output);
}

/** A bound given as a constant scalar, as in `Minimum(x, 6)`; or the greater or smaller of any number of values. */
export function bound(side: 'min' | 'max'): Lower {
  return (node, lowering, output) => {
    if (node.inputs.every((_, index) => 'name' in lowering.operand(node, index)))
      return lowering.add(side === 'min' ? 'Max' : 'Min', operands(node, lowering), {}, output);
    const first = 'name' in lowering.operand(node, 0);
    const limit = lowering.constant(node, first ? 1 : 0);
    if (limit.dtype !== 'float32' || limit.data.length !== 1)
      throw lowering.refuse(node, 'a float32 scalar as the bound', `[${limit.shape}]`);
    const value = lowering.builder.scalar(limit.data[0]);
    const input = lowering.value(node, first ? 0 : 1);
    return lowering.add('Clip', side === 'min' ? [input, value] : [input, '', value], {}, output);
  };
}

/** A non-linearity that stands alone. */
export const nonlinearity: Lower = (node, lowering, output) => {
  return activate(node.op, node, lowering.value(node), 1, lowering, output);
};

/**
 * The non-linearity `activation` of `input`, alone or at the end of a fused operator; its own constant, if it has one, is the node's input
 * `parameter`. Throws for one that is not known.
 */
export function activate(
  activation: string,
  node: FileNode,
  input: string,
  parameter: number,
  lowering: Lowering,
  output: string,
): Lowered {
  const { builder } = lowering;
  if (activation === 'Relu6') return lowering.add('Clip', [input, builder.scalar(0), builder.scalar(6)], {}, output);
  if (activation === 'Relu' || activation === 'Sigmoid' || activation === 'Tanh') return lowering.add(activation, [input], {}, output);
  if (activation !== 'Prelu' && activation !== 'LeakyRelu') throw unknown(activation, node, lowering);
  // max(x, 0) − α·max(−x, 0)
  const slope =
    activation === 'LeakyRelu'
      ? builder.scalar(number(node, node.op === 'LeakyRelu' ? 'alpha' : 'leakyrelu_alpha', 0.2))
      : constantOperand(lowering.constant(node, parameter), builder.shape(input).length, lowering);
  const part = (name: string) => ({ name: `${output}~${name}`, outputs: [`${output}~${name}`] });
  const above = builder.add('Relu', [input], {}, part('above'));
  const negated = builder.add('Neg', [input], {}, part('negated'));
  const below = builder.add('Relu', [negated], {}, part('below'));
  return lowering.add('Sub', [above, builder.add('Mul', [below, slope], {}, part('scaled'))], {}, output);
}

const ACTIVATIONS = ['Relu', 'Relu6', 'Sigmoid', 'Tanh', 'Prelu', 'LeakyRelu'];

/** Throws where a fused operator ends with a non-linearity that {@link activate} does not know. */
export function requireActivation(activation: string | undefined, node: FileNode, lowering: Lowering): void {
  if (activation !== undefined && !ACTIVATIONS.includes(activation)) throw unknown(activation, node, lowering);
}

function unknown(activation: string, node: FileNode, lowering: Lowering): Error {
  return lowering.refuse(node, `one of ${ACTIVATIONS.join(', ')}`, activation);
}
