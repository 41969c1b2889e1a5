/** Reductions. */
import type { Case } from '../case.ts';

type Reduction = 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceL1' | 'ReduceL2' | 'ReduceSumSquare' | 'ReduceLogSumExp';

const reduction = (op: Reduction): Case[] => [
  { about: 'height and width, dropped', x: [2, 3, 4, 5], values: 'apart', build: (b, x) => b.add(op, [x], { axes: [2, 3], keepdims: 0 }) },
  { about: 'the middle axis, kept', x: [2, 3, 4], values: 'apart', build: (b, x) => b.add(op, [x], { axes: [-2], keepdims: 1 }) },
  { about: 'axes apart and out of order', x: [2, 3, 4], values: 'apart', build: (b, x) => b.add(op, [x], { axes: [-1, 0], keepdims: 0 }) },
];

const along = (op: 'Softmax' | 'LogSoftmax'): Case[] => [
  { about: 'last axis', x: [2, 5], build: (b, x) => b.add(op, [x], { axis: -1 }) },
  { about: 'first axis', x: [3, 2, 2], build: (b, x) => b.add(op, [x], { axis: 0 }) },
  { about: 'channels', x: [2, 4, 3, 2], build: (b, x) => b.add(op, [x], { axis: 1 }) },
];

export const reductions = {
  ReduceSum: [
    { about: 'kept', x: [2, 3, 4], build: (b, x) => b.add('ReduceSum', [x, b.integers([1])], { keepdims: 1 }) },
    { about: 'dropped', x: [2, 3, 4], build: (b, x) => b.add('ReduceSum', [x, b.integers([0, -1])], { keepdims: 0 }) },
  ],
  ReduceMean: reduction('ReduceMean'),
  ReduceMax: reduction('ReduceMax'),
  ReduceMin: reduction('ReduceMin'),
  ReduceL1: reduction('ReduceL1'),
  ReduceL2: reduction('ReduceL2'),
  ReduceSumSquare: reduction('ReduceSumSquare'),
  ReduceLogSumExp: reduction('ReduceLogSumExp'),
  Softmax: along('Softmax'),
  LogSoftmax: along('LogSoftmax'),
} satisfies Record<string, Case[]>;
