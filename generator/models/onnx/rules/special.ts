/** Rules for operators that make constants, choose a branch, or quantise. */
import { checkShape } from '../../../graph/shapes/inference.ts';
import { sizeOf } from '../../../graph/tensor.ts';
import { constant } from '../evaluate/arrays.ts';
import type { Lowered } from '../lowering.ts';
import type { Rule, Step } from '../rule.ts';
import { type Constant, rangeOf } from '../tensors.ts';

const constantNode: Rule = (step) => {
  const { attributes } = step.node;
  const tensor = attributes.get('value')?.t;
  if (tensor) return step.lowering.source.tensor(tensor);
  const single = attributes.get('value_float')?.f ?? attributes.get('value_int')?.i;
  if (single !== undefined) return constant(attributes.has('value_float') ? 'float32' : 'int64', [], [single]);
  const floats = attributes.get('value_floats')?.floats;
  const list = floats ?? attributes.get('value_ints')?.ints;
  if (list) return constant(floats ? 'float32' : 'int64', [list.length], list);
  throw step.refuse('a tensor of numbers', [...attributes.keys()].join(', '));
};

const constantOfShape: Rule = (step) => {
  const shape = step.numbers(0) ?? [];
  const tensor = step.node.attributes.get('value')?.t;
  const value: Constant = tensor ? step.lowering.source.tensor(tensor) : constant('float32', [], [0]);
  checkShape(shape, 'the result', 0);
  step.lowering.limit.take(shape);
  return constant(value.dtype, shape, new Float64Array(sizeOf(shape)).fill(value.data[0] ?? 0));
};

/** A branch whose condition is known here: exporters write them where only the shape decides. */
const conditional: Rule = (step) => {
  const condition = step.operand(0);
  if ('name' in condition)
    throw step.refuse(
      'a condition that the size of the image decides',
      `"${step.node.inputs[0]}", which depends on its pixels`,
      'Export the branch that is taken: a network that chooses by what it sees has no one graph.',
    );
  const graph = step.node.attributes.get(condition.data[0] ? 'then_branch' : 'else_branch')?.g;
  if (!graph) throw step.refuse('two branches', 'one that is missing');
  const { nodes, initializers, outputs } = step.lowering.source.branch(graph);
  for (const [name, tensor] of initializers) step.lowering.set(name, step.lowering.source.tensor(tensor));
  for (const node of nodes) step.lowering.lower(node, true);
  return outputs.map((name): Lowered => step.lowering.get(name, step.node));
};

const QUANTISATION =
  'activations are not rounded as the quantised file rounds them, only kept in the range that its levels have (weights are those of the levels)';

/** Levels keep a range, which exporters use in place of a Relu; between levels the gradient would be zero, so there they are left out. */
const quantize: Rule = (step) => {
  const x = step.value();
  const scale = step.constant(1);
  const zero = step.constant(2);
  if (scale?.data.length !== 1) return { name: x };
  step.lowering.notes.add(QUANTISATION);
  const range = levels(step, zero);
  if (!range) return { name: x };
  const [least, most] = range.map((level) => (level - (zero?.data[0] ?? 0)) * scale.data[0]);
  return step.make('Clip', [x, step.scalar(least), step.scalar(most)], {});
};

function levels(step: Step, zero: Constant | undefined): readonly [number, number] | undefined {
  if (!zero) return rangeOf(step.int('output_dtype', 2) || 2);
  if (zero.data instanceof Int8Array) return rangeOf(3);
  if (zero.data instanceof Uint16Array) return rangeOf(4);
  return zero.data instanceof Uint8Array ? rangeOf(2) : undefined;
}

/** Of an activation: its quantised form is the activation itself here. */
const dequantize: Rule = (step) => {
  const x = step.value();
  if (step.builder.type(x).dtype !== 'float32') throw step.refuse('what QuantizeLinear made', step.builder.type(x).dtype);
  return { name: x };
};

export const SPECIAL = {
  Constant: constantNode,
  ConstantOfShape: constantOfShape,
  If: conditional,
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
} satisfies Record<string, Rule>;
