/** Rules for arithmetic, comparisons and choices, element by element. */
import { ELEMENT_TYPES } from '../../../graph/shapes/inference.ts';
import { castTo } from '../evaluate/evaluate.ts';
import type { Rule, Step } from '../rule.ts';
import { dtypeOf, typeName } from '../tensors.ts';

type Plain =
  | 'Neg'
  | 'Reciprocal'
  | 'Sqrt'
  | 'Exp'
  | 'Log'
  | 'Erf'
  | 'Sin'
  | 'Cos'
  | 'Atan'
  | 'Abs'
  | 'Sign'
  | 'Ceil'
  | 'Floor'
  | 'Round'
  | 'Not';
type Binary = 'Add' | 'Sub' | 'Mul' | 'Div';
type Truth = 'Equal' | 'Greater' | 'GreaterOrEqual' | 'Less' | 'LessOrEqual' | 'And' | 'Or' | 'Xor';

const unary =
  (op: Plain): Rule =>
  (step) =>
    step.make(op, [step.value()], {});

/** Two operands that broadcast. Where one is constant and changes nothing, the other is the result. */
const binary =
  (op: Binary): Rule =>
  (step) => {
    const neutral = op === 'Add' || op === 'Sub' ? 0 : 1;
    for (const [index, other] of [
      [1, 0],
      [0, 1],
    ]) {
      if (index === 0 && (op === 'Sub' || op === 'Div')) break;
      const operand = step.operand(index);
      const value = step.operand(other);
      const scalar = !('name' in operand) && operand.data.length === 1 && operand.data[0] === neutral;
      if (scalar && 'name' in value && operand.shape.length <= step.shape(value.name).length) return value;
    }
    return step.make(op, [step.value(0), step.value(1)], {});
  };

const truth =
  (op: Truth): Rule =>
  (step) =>
    step.make(op, [step.value(0), step.value(1)], {});

const variadic =
  (op: 'Sum' | 'Max' | 'Min'): Rule =>
  (step) => {
    const inputs = step.node.inputs.map((_, i) => step.value(i));
    if (inputs.length === 1) return { name: inputs[0] };
    return step.make(op === 'Sum' && inputs.length === 2 ? 'Add' : op, inputs, {});
  };

const mean: Rule = (step) => {
  const inputs = step.node.inputs.map((_, i) => step.value(i));
  const sum = inputs.length === 1 ? inputs[0] : step.add('Sum', inputs, {});
  return step.make('Mul', [sum, step.scalar(1 / inputs.length)], {});
};

/** Powers that are something simpler are written so. */
const pow: Rule = (step) => {
  const base = step.value();
  const exponent = step.operand(1);
  if ('name' in exponent) return step.make('Pow', [base, exponent.name], {});
  const value = exponent.data.length === 1 ? exponent.data[0] : Number.NaN;
  if (exponent.shape.length <= step.shape(base).length) {
    if (value === 1) return { name: base };
    if (value === 2) return step.make('Mul', [base, base], {});
    if (value === 0.5) return step.make('Sqrt', [base], {});
    if (value === -1) return step.make('Reciprocal', [base], {});
  }
  return step.make('Pow', [base, step.nameOf(castTo(exponent, 'float32'))], {});
};

/** Bounds are attributes before version 11. */
const clip: Rule = (step) => {
  const x = step.value();
  const bound = (index: number, name: string) => {
    const attribute = step.node.attributes.get(name)?.f;
    const value = step.numbers(index)?.[0] ?? attribute;
    // Exporters write the largest float where there is no bound.
    return value === undefined || Math.abs(value) > 3e38 ? '' : step.scalar(value);
  };
  const [least, most] = [bound(1, 'min'), bound(2, 'max')];
  if (least === '' && most === '') return { name: x };
  if (most === '' && least === step.scalar(0)) return step.make('Relu', [x], {});
  return step.make('Clip', most === '' ? [x, least] : [x, least, most], {});
};

const where: Rule = (step) => {
  const condition = step.operand(0);
  if (!('name' in condition) && condition.data.length === 1) {
    const chosen = step.operand(condition.data[0] ? 1 : 2);
    const other = step.operand(condition.data[0] ? 2 : 1);
    const rank = (lowered: typeof chosen) => ('name' in lowered ? step.shape(lowered.name) : lowered.shape).length;
    const size = 'name' in other ? 2 : other.data.length;
    if (size === 1 && rank(chosen) >= Math.max(rank(other), condition.shape.length)) return chosen;
  }
  return step.make('Where', [step.value(0), step.value(1), step.value(2)], {});
};

function converted(step: Step, x: string, to: number) {
  const dtype = dtypeOf(to);
  if (!dtype) throw step.refuse('a type of floats, integers or truth values', typeName(to));
  // Every float is float32 here, every integer int64.
  if (dtype === step.builder.type(x).dtype) return { name: x };
  return step.make('Cast', [x], { to: ELEMENT_TYPES[dtype] });
}

const cast: Rule = (step) => converted(step, step.value(), step.int('to', 0));

const castLike: Rule = (step) => {
  const like = step.operand(1);
  const dtype = 'name' in like ? step.builder.type(like.name).dtype : like.dtype;
  return converted(step, step.value(), ELEMENT_TYPES[dtype]);
};

export const ELEMENTWISE = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div'),
  Sum: variadic('Sum'),
  Max: variadic('Max'),
  Min: variadic('Min'),
  Mean: mean,
  Pow: pow,
  Clip: clip,
  Where: where,
  Cast: cast,
  CastLike: castLike,
  Neg: unary('Neg'),
  Reciprocal: unary('Reciprocal'),
  Sqrt: unary('Sqrt'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  Erf: unary('Erf'),
  Sin: unary('Sin'),
  Cos: unary('Cos'),
  Atan: unary('Atan'),
  Abs: unary('Abs'),
  Sign: unary('Sign'),
  Ceil: unary('Ceil'),
  Floor: unary('Floor'),
  Round: unary('Round'),
  Not: unary('Not'),
  Equal: truth('Equal'),
  Greater: truth('Greater'),
  GreaterOrEqual: truth('GreaterOrEqual'),
  Less: truth('Less'),
  LessOrEqual: truth('LessOrEqual'),
  And: truth('And'),
  Or: truth('Or'),
  Xor: truth('Xor'),
} satisfies Record<string, Rule>;
