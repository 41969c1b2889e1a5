/** Rules for matrix products and for reductions, whose axes moved from attributes to inputs over the versions. */
import { positive } from '../../../graph/shapes/inference.ts';
import type { Rule, Step } from '../rule.ts';

type Reduction = 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceL1' | 'ReduceL2' | 'ReduceSumSquare' | 'ReduceLogSumExp';

/** The axes of a reduction of a value, every one where none is given; nothing where that means to do nothing. */
function axesOf(step: Step, rank: number): readonly number[] | undefined {
  const told = step.listed(1, 'axes') ?? [];
  if (told.length > 0) return told.map((axis) => positive(axis, rank));
  return step.int('noop_with_empty_axes', 0) === 1 ? undefined : Array.from({ length: rank }, (_, axis) => axis);
}

const reduce =
  (op: Reduction): Rule =>
  (step) => {
    const x = step.value();
    const axes = axesOf(step, step.shape(x).length);
    return axes === undefined ? { name: x } : step.make(op, [x], { axes, keepdims: step.int('keepdims', 1) });
  };

const reduceSum: Rule = (step) => {
  const x = step.value();
  const axes = axesOf(step, step.shape(x).length);
  return axes === undefined ? { name: x } : step.make('ReduceSum', [x, step.integers(axes)], { keepdims: step.int('keepdims', 1) });
};

const reduceLogSum: Rule = (step) => {
  const x = step.value();
  const axes = axesOf(step, step.shape(x).length);
  const sum = axes === undefined ? x : step.add('ReduceSum', [x, step.integers(axes)], { keepdims: step.int('keepdims', 1) });
  return step.make('Log', [sum], {});
};

const matmul: Rule = (step) => step.make('MatMul', [step.value(0), step.value(1)], {});

const gemm: Rule = (step) => {
  const [transA, transB] = [step.int('transA', 0), step.int('transB', 0)];
  const inputs = [step.value(0), step.value(1), ...(step.has(2) ? [step.value(2)] : [])];
  return step.make('Gemm', inputs, { alpha: step.float('alpha', 1), beta: step.float('beta', 1), transA, transB });
};

const einsum: Rule = (step) =>
  step.make(
    'Einsum',
    step.node.inputs.map((_, i) => step.value(i)),
    { equation: step.text('equation', '').replaceAll(' ', '') },
  );

export const REDUCTIONS = {
  MatMul: matmul,
  Gemm: gemm,
  Einsum: einsum,
  ReduceSum: reduceSum,
  ReduceLogSum: reduceLogSum,
  ReduceMean: reduce('ReduceMean'),
  ReduceMax: reduce('ReduceMax'),
  ReduceMin: reduce('ReduceMin'),
  ReduceL1: reduce('ReduceL1'),
  ReduceL2: reduce('ReduceL2'),
  ReduceSumSquare: reduce('ReduceSumSquare'),
  ReduceLogSumExp: reduce('ReduceLogSumExp'),
} satisfies Record<string, Rule>;
