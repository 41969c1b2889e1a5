/** Rules for resizing, whose meaning changed with most versions. */

import type { Operators } from '../../../graph/graph.ts';
import { positive } from '../../../graph/shapes/inference.ts';
import type { Rule, Step } from '../rule.ts';

type Attributes = Operators['Resize'];

/** Before version 11: scales alone, positions scaled from the corner, nearest rounded down. */
const OLD: Attributes = {
  mode: 'nearest',
  coordinate_transformation_mode: 'asymmetric',
  nearest_mode: 'floor',
  cubic_coeff_a: -0.75,
  exclude_outside: 0,
};

function modeOf(step: Step): Attributes['mode'] {
  const mode = step.text('mode', 'nearest');
  // `bilinear` is what version 7 may say.
  if (mode === 'nearest' || mode === 'linear' || mode === 'cubic') return mode;
  if (mode === 'bilinear') return 'linear';
  throw step.refuse('nearest, linear or cubic', mode);
}

function scaled(step: Step, x: string, scales: readonly number[], attributes: Attributes) {
  const rank = step.shape(x).length;
  if (scales.length !== rank || scales.some((scale) => !(scale > 0))) throw step.refuse(`${rank} positive scales`, `[${scales}]`);
  if (scales.every((scale) => scale === 1)) return { name: x };
  const factors = step.nameOf({ dtype: 'float32', shape: [rank], data: Float32Array.from(scales) });
  return step.make('Resize', [x, '', factors], attributes);
}

const upsample: Rule = (step) => {
  const x = step.value();
  const scales = step.numbers(1) ?? step.node.attributes.get('scales')?.floats ?? [];
  return scaled(step, x, scales, { ...OLD, mode: modeOf(step) });
};

const TRANSFORMATIONS = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'] as const;
const ROUNDINGS = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const;

const resize: Rule = (step) => {
  const x = step.value();
  const shape = step.shape(x);
  if (step.opset < 11) return scaled(step, x, step.numbers(1) ?? [], { ...OLD, mode: modeOf(step) });
  const told = step.text('coordinate_transformation_mode', 'half_pixel');
  const rounding = step.text('nearest_mode', 'round_prefer_floor');
  const coordinates = TRANSFORMATIONS.find((name) => name === told);
  const nearest = ROUNDINGS.find((name) => name === rounding);
  if (!coordinates || !nearest) throw step.refuse(`one of ${TRANSFORMATIONS.join(', ')}`, coordinates ? rounding : told);
  if (step.int('antialias', 0) === 1) throw step.refuse('no antialiasing', 'antialias 1');
  if (step.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch')
    throw step.refuse('a size for every axis', step.text('keep_aspect_ratio_policy', ''));
  const attributes: Attributes = {
    mode: modeOf(step),
    coordinate_transformation_mode: coordinates,
    nearest_mode: nearest,
    cubic_coeff_a: step.float('cubic_coeff_a', -0.75),
    exclude_outside: step.int('exclude_outside', 0),
  };
  const axes = (step.ints('axes') ?? shape.map((_, axis) => axis)).map((axis) => positive(axis, shape.length));
  const sizes = step.numbers(3) ?? [];
  const scales = step.numbers(2) ?? [];
  if (sizes.length === 0)
    return scaled(
      step,
      x,
      shape.map((_, axis) => (axes.includes(axis) ? scales[axes.indexOf(axis)] : 1)),
      attributes,
    );
  if (sizes.length !== axes.length) throw step.refuse(`${axes.length} sizes`, `[${sizes}]`);
  // A size for the batch is the file's batch, not ours; nothing resizes images or channels.
  const extents = shape.map((extent, axis) => (axis > 1 && axes.includes(axis) ? sizes[axes.indexOf(axis)] : extent));
  if (extents.every((extent, axis) => extent === shape[axis])) return { name: x };
  return step.make('Resize', [x, '', '', step.integers(extents)], attributes);
};

export const RESIZING = { Resize: resize, Upsample: upsample } satisfies Record<string, Rule>;
