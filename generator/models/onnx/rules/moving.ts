/** Rules that join, cut, repeat and pad values. */
import { positive } from '../../../graph/shapes/inference.ts';
import { sliceBounds } from '../../../graph/shapes/slice-bounds.ts';
import { int64 } from '../../../graph/tensor.ts';
import { splitParts } from '../evaluate/extents.ts';
import type { Lowered } from '../lowering.ts';
import type { Rule, Step } from '../rule.ts';

const identity: Rule = (step) => step.operand(0);

/** At inference nothing is dropped; older files say which mode they mean, and inference is what is meant here. */
const dropout: Rule = (step) => {
  const x = step.operand(0);
  return step.node.outputs.length > 1 && step.node.outputs[1] !== '' ? [x, { dtype: 'bool', shape: [], data: Uint8Array.of(1) }] : x;
};

const concat: Rule = (step) => {
  const operands = step.node.inputs.map((_, i) => step.operand(i));
  const rank = Math.max(...operands.map((operand) => ('name' in operand ? step.shape(operand.name) : operand.shape).length));
  const axis = positive(step.int('axis', 0), rank);
  const names = operands.map((operand) => step.nameOf('name' in operand ? operand : repeated(step, operand, operands, axis)));
  return names.length === 1 ? { name: names[0] } : step.make('Concat', names, { axis });
};

/** A constant beside values of the image, such as a class token: one for each image of the batch, where the file has it for its own batch. */
function repeated(step: Step, constant: Lowered, operands: readonly Lowered[], axis: number): Lowered {
  const { fixedBatch, batch } = step.lowering;
  const value = operands.find((operand) => 'name' in operand);
  if (fixedBatch === undefined || fixedBatch === batch || 'name' in constant || !value || !('name' in value)) return constant;
  const at = step.lowering.labels(value.name).indexOf('N');
  if (at < 0 || at === axis || constant.shape[at] !== 1) return constant;
  const extents = constant.shape.with(at, batch);
  return { name: step.add('Expand', [step.nameOf(constant), step.integers(extents)], {}) };
}

const slice: Rule = (step) => {
  const x = step.value();
  const shape = step.shape(x);
  const starts = step.listed(1, 'starts') ?? [];
  const ends = step.listed(2, 'ends') ?? [];
  const axes = step.listed(3, 'axes') ?? starts.map((_, i) => i);
  const steps = step.numbers(4) ?? starts.map(() => 1);
  const lists = [starts, ends, axes, steps].map((values) => [...values]);
  const bounds = sliceBounds(shape, [undefined, ...lists.map((values) => int64([values.length], values))]);
  if (bounds.every(({ start, step: by, count }, axis) => start === 0 && by === 1 && count === shape[axis])) return { name: x };
  return step.make('Slice', [x, ...lists.map((values) => step.integers(values))], {});
};

const split: Rule = (step) => {
  const x = step.value();
  const shape = step.shape(x);
  const axis = positive(step.int('axis', 0), shape.length);
  const parts = splitParts(shape[axis], step.listed(1, 'split'), step.node);
  if (parts.length === 1) return { name: x };
  return step.makeAll('Split', [x, step.integers(parts)], { axis });
};

const pad: Rule = (step) => {
  const x = step.value();
  const rank = step.shape(x).length;
  const told = step.listed(1, 'pads') ?? [];
  const axes = (step.numbers(3) ?? Array.from({ length: rank }, (_, axis) => axis)).map((axis) => positive(axis, rank));
  if (told.length !== 2 * axes.length) throw step.refuse(`${2 * axes.length} pads`, `[${told}]`);
  const pads = new Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    pads[axis] = told[i];
    pads[axis + rank] = told[i + axes.length];
  });
  if (pads.every((amount) => amount === 0)) return { name: x };
  const mode = step.text('mode', 'constant');
  if (mode !== 'constant' && mode !== 'reflect' && mode !== 'edge') throw step.refuse('constant, reflect or edge', mode);
  const fill = step.numbers(2)?.[0] ?? step.float('value', 0);
  return step.make('Pad', [x, step.integers(pads), step.scalar(fill)], { mode });
};

const expand: Rule = (step) => {
  const x = step.value();
  const shape = step.shape(x);
  const target = step.numbers(1) ?? [];
  const changes =
    target.length > shape.length || target.some((extent, i) => extent !== 1 && extent !== shape[i - target.length + shape.length]);
  return changes ? step.make('Expand', [x, step.integers(target)], {}) : { name: x };
};

const tile: Rule = (step) => {
  const repeats = step.numbers(1) ?? [];
  const x = step.value();
  return repeats.every((count) => count === 1) ? { name: x } : step.make('Tile', [x, step.integers(repeats)], {});
};

const gather =
  (op: 'Gather' | 'GatherElements'): Rule =>
  (step) =>
    step.make(op, [step.value(0), step.value(1)], { axis: step.int('axis', 0) });

const depthToSpace: Rule = (step) => {
  const mode = step.text('mode', 'DCR');
  if (mode !== 'DCR' && mode !== 'CRD') throw step.refuse('DCR or CRD', mode);
  return step.make('DepthToSpace', [step.value()], { blocksize: step.int('blocksize', 0), mode });
};

const spaceToDepth: Rule = (step) => step.make('SpaceToDepth', [step.value()], { blocksize: step.int('blocksize', 0) });

export const MOVING_RULES = {
  Identity: identity,
  Dropout: dropout,
  Concat: concat,
  Slice: slice,
  Split: split,
  Pad: pad,
  Expand: expand,
  Tile: tile,
  Gather: gather('Gather'),
  GatherElements: gather('GatherElements'),
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
} satisfies Record<string, Rule>;
