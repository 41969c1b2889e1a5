/** Average pooling: each position of a window gets its share of the window's gradient. */
import type { GraphBuilder } from '../../graph/builder.ts';
import { fault } from '../../graph/errors.ts';
import type { Operators } from '../../graph/graph.ts';
import { sizeOf, type Tensor } from '../../graph/tensor.ts';
import type { Rule } from '../rule.ts';

type Window = Operators['AveragePool'];

/**
 * The transposed convolution of the shares with a kernel of ones, channel by channel; where windows do not overlap that is an enlargement, and
 * at stride 1 a plain convolution, both of which runtimes have faster kernels for.
 */
export const averagePool: Rule<'AveragePool'> = ({ builder, node, gradient }) => {
  const { kernel_shape, strides, pads } = node.attributes;
  const shape = builder.shape(node.inputs[0]);
  checkEntries(shape[1] * sizeOf(kernel_shape), `the windows of "${node.name}"`);
  checkEntries(sizeOf(builder.shape(gradient).slice(2)), `the shares of "${node.name}"`);
  const scaled = addShares(builder, gradient, windowShares(shape.slice(2), builder.shape(gradient).slice(2), node.attributes));
  if (kernel_shape.every((kernel, i) => kernel === strides[i]) && pads.every((pad) => pad === 0) && node.attributes.ceil_mode === 0)
    return [enlarge(builder, scaled, shape, kernel_shape)];
  const kernel = onesFor(builder, shape[1], kernel_shape);
  const axes = kernel_shape.length;
  const dilations = kernel_shape.map(() => 1);
  const windows = builder.shape(gradient).slice(2);
  const [before, spatial] = [pads.slice(0, axes), shape.slice(2)];
  // Windows may run past the padding (ceil mode) or stop short of it; the result is made as long as the input.
  const reached = windows.map((extent, i) => strides[i] * (extent - 1) + kernel_shape[i] - pads[i]);
  if (strides.every((stride) => stride === 1)) {
    const around = [
      ...before.map((pad, i) => kernel_shape[i] - 1 - pad),
      ...reached.map((extent, i) => kernel_shape[i] - 1 - (extent - spatial[i])),
    ];
    return [builder.add('Conv', [scaled, kernel], { strides, pads: around, dilations, group: shape[1] })];
  }
  const after = reached.map((extent, i) => Math.max(0, extent - spatial[i]));
  const output_padding = reached.map((extent, i) => Math.max(0, spatial[i] - extent));
  const attributes = { strides, pads: [...before, ...after], dilations, group: shape[1], output_padding };
  return [builder.add('ConvTranspose', [scaled, kernel], attributes)];
};

/** More entries than this make no constant worth multiplying by. */
const MOST_ENTRIES = 2 ** 24;

function checkEntries(count: number, name: string): void {
  if (count <= MOST_ENTRIES) return;
  throw fault({
    where: 'the gradient',
    expected: `at most ${MOST_ENTRIES} values`,
    name,
    received: count,
    remedy: 'Choose a smaller image, or tap a layer before this node.',
  });
}

/** Every value repeated over its window, and zeros where no window lay. */
function enlarge(builder: GraphBuilder, value: string, shape: readonly number[], kernel: readonly number[]): string {
  const sizes = builder.shape(value).map((extent, i) => extent * (kernel[i - 2] ?? 1));
  const large = builder.add('Resize', [value, '', '', builder.integers(sizes)], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
    cubic_coeff_a: -0.75,
    exclude_outside: 0,
  });
  if (sizes.every((extent, i) => extent === shape[i])) return large;
  const pads = [...shape.map(() => 0), ...shape.map((extent, i) => extent - sizes[i])];
  return builder.add('Pad', [large, builder.integers(pads), builder.scalar(0)], { mode: 'constant' });
}

function onesFor(builder: GraphBuilder, channels: number, kernel: readonly number[]): string {
  const shape = [channels, 1, ...kernel];
  return builder.constant({ dtype: 'float32', shape, data: new Float32Array(sizeOf(shape)).fill(1) });
}

function addShares(builder: GraphBuilder, gradient: string, shares: Tensor<'float32'>): string {
  const [share] = shares.data;
  const equal = shares.data.every((other) => other === share);
  return builder.add('Mul', [gradient, equal ? builder.scalar(share) : builder.constant(shares)], {});
}

/** One over the number of values that each window averages, of the spatial axes. */
function windowShares(
  spatial: readonly number[],
  windows: readonly number[],
  { kernel_shape, strides, pads, count_include_pad }: Window,
): Tensor<'float32'> {
  const counts = spatial.map((extent, axis) =>
    Array.from({ length: windows[axis] }, (_, i) => {
      const start = i * strides[axis] - pads[axis];
      const low = count_include_pad ? -pads[axis] : 0;
      const high = count_include_pad ? extent + pads[axis + kernel_shape.length] : extent;
      return Math.min(start + kernel_shape[axis], high) - Math.max(start, low);
    }),
  );
  const data = new Float32Array(sizeOf(windows));
  for (let i = 0; i < data.length; i++) {
    let [rest, count] = [i, 1];
    for (let axis = counts.length - 1; axis >= 0; axis--) {
      count *= counts[axis][rest % windows[axis]];
      rest = Math.floor(rest / windows[axis]);
    }
    data[i] = 1 / count;
  }
  return { dtype: 'float32', shape: windows, data };
}
