/** Rules for operators that work element by element, with constants brought into NCHW. */
import type { Constant } from './constants.ts';
import type { Lower, Lowered, Lowering } from './lowering.ts';

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
function operands(node: Parameters<Lower>[0], lowering: Lowering): string[] {
  const lowered = node.inputs.map((_, index) => lowering.operand(node, index));
  const ranks = lowered.map((operand) => ('name' in operand ? lowering.builder.shape(operand.name).length : 0));
  const rank = Math.max(...ranks);
  // Axes are matched from the last in NHWC but from the first in ours: only equal ranks are the same in both.
  if (lowered.some((operand, i) => ('name' in operand ? ranks[i] !== rank : operand.shape.length > rank)))
    throw lowering.refuse(node, `operands with ${rank} axes`, ranks.join(' and '));
  return lowered.map((operand) => ('name' in operand ? operand.name : constantOperand(operand, rank, lowering)));
}

/** An operator of two operands. */
export function binary(op: 'Add' | 'Sub' | 'Mul' | 'Div'): Lower {
  return (node, lowering, output) => lowering.add(op, operands(node, lowering), {}, output);
}

/** AddN: a sum of any number of values. */
export const sum: Lower = (node, lowering, output) => {
  const inputs = operands(node, lowering);
  return lowering.add(inputs.length === 2 ? 'Add' : 'Sum', inputs, {}, output);
};

/** An operator of one operand that ONNX names alike. */
export function unary(op: 'Relu' | 'Sigmoid' | 'Tanh' | 'Exp' | 'Sqrt' | 'Abs' | 'Neg'): Lower {
  return (node, lowering, output) => lowering.add(op, [lowering.value(node)], {}, output);
}

/** Relu6 and the like. */
export function clip(min: number, max: number): Lower {
  return (node, lowering, output) => clipped(lowering.value(node), min, max, lowering, output);
}

function clipped(input: string, min: number, max: number, lowering: Lowering, output: string): Lowered {
  return lowering.add('Clip', [input, lowering.builder.scalar(min), lowering.builder.scalar(max)], {}, output);
}

/** The non-linearity at the end of a fused operator; nothing for one that is not known. */
export function activate(activation: string, input: string, lowering: Lowering, output: string): Lowered | undefined {
  if (activation === 'Relu6') return clipped(input, 0, 6, lowering, output);
  if (activation === 'Relu' || activation === 'Sigmoid' || activation === 'Tanh') return lowering.add(activation, [input], {}, output);
  return undefined;
}
