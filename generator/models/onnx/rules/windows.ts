/** Rules for convolutions and pooling: padding made explicit, defaults written out. */
import { beginsBehind, slide } from '../../../graph/shapes.ts';
import type { Rule, Step } from '../rule.ts';

interface Window {
  strides: readonly number[];
  dilations: readonly number[];
  pads: readonly number[];
}

/** A node's window over the spatial axes of `input`, its padding worked out for the size that the input has here. */
function windowOf(step: Step, input: string, kernel: readonly number[]): Window {
  const extents = step.shape(input).slice(2);
  if (kernel.length !== extents.length || kernel.length === 0)
    throw step.refuse(`an input with ${kernel.length} spatial axes`, `[${step.shape(input)}]`);
  const ones = kernel.map(() => 1);
  const strides = listOf(step, 'strides', ones);
  const dilations = listOf(step, 'dilations', ones);
  return { strides, dilations, pads: padsOf(step, extents, kernel, strides, dilations) };
}

function listOf(step: Step, name: string, otherwise: readonly number[]): readonly number[] {
  const values = step.ints(name);
  if (!values || values.length === 0) return otherwise;
  if (values.length !== otherwise.length) throw step.refuse(`${otherwise.length} ${name}`, `[${values}]`);
  return values;
}

function padsOf(
  step: Step,
  extents: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
) {
  const mode = step.text('auto_pad', 'NOTSET');
  const none = [...kernel, ...kernel].map(() => 0);
  if (mode === 'VALID') return none;
  if (mode === 'NOTSET' || mode === '') return listOf(step, 'pads', none);
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') throw step.refuse('NOTSET, VALID, SAME_UPPER or SAME_LOWER for auto_pad', mode);
  // As many positions as strides fit; the odd pixel goes after (UPPER) or before (LOWER).
  const totals = extents.map((extent, i) => {
    const reach = dilations[i] * (kernel[i] - 1) + 1;
    return Math.max((Math.ceil(extent / strides[i]) - 1) * strides[i] + reach - extent, 0);
  });
  const before = totals.map((total) => (mode === 'SAME_UPPER' ? Math.floor : Math.ceil)(total / 2));
  return [...before, ...totals.map((total, i) => total - before[i])];
}

/** Kernel and bias, which must be constant: what is rendered is a picture, not a kernel. */
function weights(step: Step): { kernel: readonly number[]; names: string[] } {
  const kernel = step.constant(1);
  if (kernel?.dtype !== 'float32') throw step.refuse('a kernel of floats', kernel?.dtype);
  const names = [step.value(1)];
  if (step.has(2)) {
    step.constant(2);
    names.push(step.value(2));
  }
  return { kernel: kernel.shape, names };
}

const conv: Rule = (step) => {
  const x = step.value();
  const { kernel, names } = weights(step);
  const { strides, pads, dilations } = windowOf(step, x, kernel.slice(2));
  return step.make('Conv', [x, ...names], { strides, pads, dilations, group: step.int('group', 1) });
};

const convTranspose: Rule = (step) => {
  const x = step.value();
  const { kernel, names } = weights(step);
  const spatial = kernel.slice(2);
  const ones = spatial.map(() => 1);
  const strides = listOf(step, 'strides', ones);
  const dilations = listOf(step, 'dilations', ones);
  const padding = [
    ...listOf(
      step,
      'output_padding',
      ones.map(() => 0),
    ),
  ];
  const extents = step.shape(x).slice(2);
  if (extents.length !== spatial.length) throw step.refuse(`an input with ${spatial.length} spatial axes`, `[${step.shape(x)}]`);
  const mode = step.text('auto_pad', 'NOTSET');
  const told = step.ints('output_shape')?.slice(-spatial.length);
  let pads: readonly number[] =
    mode === 'VALID'
      ? [...ones, ...ones].map(() => 0)
      : listOf(
          step,
          'pads',
          [...ones, ...ones].map(() => 0),
        );
  if (told || mode.startsWith('SAME')) {
    // The padding is whatever makes the output as large as told, or the input times the strides.
    const totals = extents.map((extent, i) => {
      const whole = strides[i] * (extent - 1) + padding[i] + dilations[i] * (spatial[i] - 1) + 1;
      return whole - (told?.[i] ?? extent * strides[i]);
    });
    for (const [i, total] of totals.entries()) if (total < 0) padding[i] -= total;
    const some = totals.map((total) => Math.max(total, 0));
    const before = some.map((total) => (mode === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2)));
    pads = [...before, ...some.map((total, i) => total - before[i])];
  }
  return step.make('ConvTranspose', [x, ...names], { strides, pads, dilations, group: step.int('group', 1), output_padding: padding });
};

/**
 * A pool's window and `ceil_mode`. Where rounding up would count a window that begins behind the input, which is left out, the padding ends where
 * the last one does, and nothing is left to round. `pads` may be longer than they were only where padding has no value of its own.
 */
function pooling(step: Step, input: string, kernel: readonly number[], padded: boolean): Window & { ceil_mode: number } {
  const window = windowOf(step, input, kernel);
  const { strides, pads, dilations } = window;
  const ceil_mode = step.int('ceil_mode', 0);
  const extents = step.shape(input).slice(2);
  const along = (axis: number) =>
    [extents[axis], kernel[axis], strides[axis], pads[axis], pads[axis + kernel.length], dilations[axis]] as const;
  if (ceil_mode !== 1 || !kernel.some((_, axis) => beginsBehind(...along(axis)))) return { ...window, ceil_mode };
  const ends = kernel.map((taps, axis) => {
    const reach = dilations[axis] * (taps - 1) + 1;
    const last = (slide(...along(axis), true) - 1) * strides[axis];
    return Math.max(0, last + reach - extents[axis] - pads[axis]);
  });
  const longer = ends.some((end, axis) => end > pads[axis + kernel.length]);
  if (longer && (padded || ends.some((end, axis) => end >= kernel[axis])))
    throw step.refuse('windows that begin in the input, with ceil_mode', `pads of [${pads}] around [${extents}]`);
  return { strides, dilations, pads: [...pads.slice(0, kernel.length), ...ends], ceil_mode: 0 };
}

const maxPool: Rule = (step) => {
  const x = step.value();
  const kernel_shape = step.ints('kernel_shape') ?? [];
  return step.make('MaxPool', [x], { kernel_shape, ...pooling(step, x, kernel_shape, false) });
};

const averagePool: Rule = (step) => {
  const x = step.value();
  const kernel_shape = step.ints('kernel_shape') ?? [];
  const count_include_pad = step.int('count_include_pad', 0);
  const { dilations, ...window } = pooling(step, x, kernel_shape, count_include_pad === 1);
  if (dilations.some((dilation) => dilation !== 1)) throw step.refuse('dilations of 1', `[${dilations}]`);
  return step.make('AveragePool', [x], { kernel_shape, ...window, count_include_pad });
};

/** Axes of height and width. */
export function spatialAxes(shape: readonly number[]): number[] {
  return shape.slice(2).map((_, i) => i + 2);
}

const globalLpPool: Rule = (step) => {
  const x = step.value();
  const p = step.int('p', 2);
  if (p !== 1 && p !== 2) throw step.refuse('p of 1 or 2', p);
  return step.make(p === 1 ? 'ReduceL1' : 'ReduceL2', [x], { axes: spatialAxes(step.shape(x)), keepdims: 1 });
};

const globalAveragePool: Rule = (step) => step.make('GlobalAveragePool', [step.value()], {});
const globalMaxPool: Rule = (step) => step.make('GlobalMaxPool', [step.value()], {});

export const WINDOWS = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
  GlobalLpPool: globalLpPool,
} satisfies Record<string, Rule>;
