/** Pooling. */
import type { GraphBuilder } from '../../graph/builder.ts';
import { fault } from '../../graph/errors.ts';
import type { OpName } from '../../graph/graph.ts';
import { sizeOf } from '../../graph/tensor.ts';
import { type Rule, reshape } from '../rule.ts';
import { maxPoolGradient } from './max-pool.ts';

export const pooling = {
  /** Each window's gradient goes to its maximum. For windows that {@link maxPoolGradient} has no form for, it is found by pooling with indices. */
  MaxPool: ({ builder, node, gradient }) => {
    const [x] = node.inputs;
    const plain = maxPoolGradient(builder, x, node.outputs[0], gradient, node.attributes);
    if (plain) return [plain];
    const shape = builder.shape(x);
    const indices = `${node.outputs[0]}~indices`;
    builder.add('MaxPool', [x], node.attributes, { name: `${node.name}/indices`, outputs: [`${node.outputs[0]}~again`, indices] });
    const size = sizeOf(shape);
    const zeros = builder.add('Expand', [builder.scalar(0), builder.integers([size])], {});
    const flat = sizeOf(builder.shape(gradient));
    const scattered = builder.add('ScatterElements', [zeros, reshape(builder, indices, [flat]), reshape(builder, gradient, [flat])], {
      axis: 0,
      reduction: 'add',
    });
    return [reshape(builder, scattered, shape)];
  },
  /** Each position of a window gets its share: a transposed convolution with a kernel of ones, channel by channel, of the gradient over the count. */
  AveragePool: ({ builder, node, gradient }) => {
    const { kernel_shape, strides, pads } = node.attributes;
    const shape = builder.shape(node.inputs[0]);
    const [channels, spatial] = [shape[1], shape.slice(2)];
    checkEntries(channels * sizeOf(kernel_shape), `the windows of "${node.name}"`);
    checkEntries(sizeOf(builder.shape(gradient).slice(2)), `the shares of "${node.name}"`);
    const shares = builder.constant(windowShares(spatial, builder.shape(gradient).slice(2), node.attributes));
    const kernel = builder.constant({
      dtype: 'float32',
      shape: [channels, 1, ...kernel_shape],
      data: new Float32Array(channels * sizeOf(kernel_shape)).fill(1),
    });
    const scaled = builder.add('Mul', [gradient, shares], {});
    const reached = builder
      .shape(gradient)
      .slice(2)
      .map((extent, i) => strides[i] * (extent - 1) + kernel_shape[i] - pads[i]);
    // Windows may run past the padding (ceil mode) or stop short of it; the transposed convolution is made as long as the input.
    const after = reached.map((extent, i) => Math.max(0, extent - spatial[i]));
    const output_padding = reached.map((extent, i) => Math.max(0, spatial[i] - extent));
    return [
      builder.add('ConvTranspose', [scaled, kernel], {
        strides,
        pads: [...pads.slice(0, kernel_shape.length), ...after],
        dilations: kernel_shape.map(() => 1),
        group: channels,
        output_padding,
      }),
    ];
  },
  /** Every position has an equal share. */
  GlobalAveragePool: ({ builder, node, gradient }) => [spread(builder, gradient, builder.shape(node.inputs[0]))],
} satisfies { [O in OpName]?: Rule<O> };

/** A mean's gradient: divided by the number of values, and broadcast back to `shape`. */
export function spread(builder: GraphBuilder, gradient: string, shape: readonly number[]): string {
  const share = builder.scalar(sizeOf(builder.shape(gradient)) / sizeOf(shape));
  return builder.add('Expand', [builder.add('Mul', [gradient, share], {}), builder.integers(shape)], {});
}

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

/** One over the number of values that each window averages, of the spatial axes. */
function windowShares(
  spatial: readonly number[],
  windows: readonly number[],
  {
    kernel_shape,
    strides,
    pads,
    count_include_pad,
  }: { kernel_shape: readonly number[]; strides: readonly number[]; pads: readonly number[]; count_include_pad: number },
) {
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
  return { dtype: 'float32' as const, shape: windows, data };
}
