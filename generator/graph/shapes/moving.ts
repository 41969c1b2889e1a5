/** Types of operators that move values about. */
import type { OpName, ValueType } from '../graph.ts';
import { resizedExtents } from '../resize.ts';
import { sizeOf, type Tensor } from '../tensor.ts';
import {
  at,
  broadcast,
  checkWhole,
  checkWholes,
  checkWord,
  first,
  type Infer,
  type InferTable,
  integers,
  integersFor,
  positive,
  positiveAxes,
} from './inference.ts';
import { sliceBounds } from './slice-bounds.ts';

/** Blocks of depth to space and back: `[N,C,H,W]` alone. */
function imageShape(shape: readonly number[], blocksize: number): readonly number[] {
  if (shape.length !== 4) throw new Error(`[N,C,H,W] is needed, not rank ${shape.length}`);
  checkWhole(blocksize, 'blocksize');
  return shape;
}

/** Throws for indices that are no integers or, where they are known, lie outside. */
function checkIndices({ dtype }: ValueType, constant: Tensor | undefined, extent: number): void {
  if (dtype !== 'int64' && dtype !== 'int32') throw new Error(`indices must be integers, not ${dtype}`);
  if (!constant) return;
  for (const index of constant.data)
    if (index < -extent || index >= extent) throw new Error(`index ${index} is outside an axis of ${extent} values`);
}

const padded: Infer<'Pad'> = (inputs, { mode }) => {
  const { dtype, shape } = first(inputs);
  checkWord(mode, ['constant', 'reflect', 'edge'], 'mode');
  const pads = integersFor(inputs.constants[1], 'pads', 2 * shape.length);
  const filling = inputs.types[2];
  if (filling && (filling.dtype !== dtype || filling.shape.length > 1)) throw new Error(`a filling must be one ${dtype} value`);
  if (mode !== 'constant' && pads.some((pad) => pad < 0)) throw new Error(`pads of [${pads}] cut, which goes with mode constant alone`);
  if (mode === 'reflect' && shape.some((extent, i) => Math.max(pads[i], pads[i + shape.length]) >= extent))
    throw new Error(`[${shape}] has too few values to reflect for pads of [${pads}]`);
  return [{ dtype, shape: shape.map((extent, i) => extent + pads[i] + pads[i + shape.length]) }];
};

export const moving = {
  Concat: ({ types }, { axis }) => {
    const { dtype, shape } = at(types, 0);
    const along = positive(axis, shape.length);
    for (const type of types) {
      if (type?.dtype !== dtype) throw new Error(`${dtype} and ${type?.dtype} do not mix`);
      if (type.shape.length !== shape.length) throw new Error(`ranks ${shape.length} and ${type.shape.length} differ`);
      if (type.shape.some((extent, i) => i !== along && extent !== shape[i])) throw new Error(`all extents but axis ${along} must agree`);
    }
    const total = types.reduce((sum, type) => sum + (type?.shape[along] ?? 0), 0);
    return [{ dtype, shape: shape.map((extent, i) => (i === along ? total : extent)) }];
  },
  Split: (inputs, { axis }) => {
    const { dtype, shape } = first(inputs);
    const along = positive(axis, shape.length);
    const parts = integers(inputs.constants[1], 'split');
    if (parts.reduce((sum, part) => sum + part, 0) !== shape[along])
      throw new Error(`parts of [${parts}] do not make up axis ${along} of [${shape}]`);
    return parts.map((part) => ({ dtype, shape: shape.map((extent, i) => (i === along ? part : extent)) }));
  },
  Pad: padded,
  Resize: (inputs, attributes) => [
    { dtype: first(inputs).dtype, shape: resizedExtents(first(inputs).shape, inputs.constants, attributes) },
  ],
  Reshape: (inputs, { allowzero }) => {
    const { dtype, shape } = first(inputs);
    const target = integers(inputs.constants[1], 'shape').map((extent, i) => (extent === 0 && !allowzero ? shape[i] : extent));
    const total = sizeOf(shape);
    const known = sizeOf(target.filter((extent) => extent !== -1));
    const result = target.map((extent) => (extent === -1 ? total / known : extent));
    if (target.filter((extent) => extent === -1).length > 1 || sizeOf(result) !== total)
      throw new Error(`${total} values do not fit [${target}]`);
    return [{ dtype, shape: result }];
  },
  Transpose: (inputs, { perm }) => {
    const { dtype, shape } = first(inputs);
    if (perm.length !== shape.length || new Set(perm).size !== perm.length || perm.some((axis) => !(axis in shape)))
      throw new Error(`[${perm}] does not put the axes of rank ${shape.length} in order`);
    return [{ dtype, shape: perm.map((axis) => shape[axis]) }];
  },
  Slice: (inputs) => [{ dtype: first(inputs).dtype, shape: sliceBounds(first(inputs).shape, inputs.constants).map(({ count }) => count) }],
  Squeeze: (inputs) => {
    const { dtype, shape } = first(inputs);
    const gone = new Set(positiveAxes(integers(inputs.constants[1], 'axes'), shape.length));
    // No axes at all means every axis of one value to ONNX; an importer writes them out.
    if (gone.size === 0) throw new Error('axes are needed');
    for (const axis of gone) if (shape[axis] !== 1) throw new Error(`axis ${axis} of [${shape}] has more than one value`);
    return [{ dtype, shape: shape.filter((_, i) => !gone.has(i)) }];
  },
  Unsqueeze: (inputs) => {
    const { dtype, shape } = first(inputs);
    const axes = integers(inputs.constants[1], 'axes');
    const rank = shape.length + axes.length;
    const added = new Set(positiveAxes(axes, rank));
    const rest = [...shape];
    return [{ dtype, shape: Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.shift() ?? 1))) }];
  },
  Expand: (inputs) => {
    const { dtype, shape } = first(inputs);
    const target = integers(inputs.constants[1], 'shape');
    checkWholes(target, 'shape', target.length);
    return [{ dtype, shape: broadcast(shape, target) }];
  },
  Tile: (inputs) => {
    const { dtype, shape } = first(inputs);
    const repeats = integersFor(inputs.constants[1], 'repeats', shape.length);
    checkWholes(repeats, 'repeats', shape.length);
    return [{ dtype, shape: shape.map((extent, i) => extent * repeats[i]) }];
  },
  Gather: ({ types, constants }, { axis }) => {
    const { dtype, shape } = at(types, 0);
    const along = positive(axis, shape.length);
    checkIndices(at(types, 1), constants[1], shape[along]);
    return [{ dtype, shape: [...shape.slice(0, along), ...at(types, 1).shape, ...shape.slice(along + 1)] }];
  },
  GatherElements: ({ types, constants }, { axis }) => {
    const { dtype, shape } = at(types, 0);
    const indices = at(types, 1).shape;
    const along = positive(axis, shape.length);
    checkIndices(at(types, 1), constants[1], shape[along]);
    if (indices.length !== shape.length || indices.some((extent, i) => i !== along && extent > shape[i]))
      throw new Error(`indices of [${indices}] do not fit [${shape}]`);
    return [{ dtype, shape: indices }];
  },
  ScatterElements: ({ types, constants }, { axis, reduction }) => {
    checkWord(reduction, ['none', 'add'], 'reduction');
    const { dtype, shape } = at(types, 0);
    const along = positive(axis, shape.length);
    checkIndices(at(types, 1), constants[1], shape[along]);
    if (at(types, 2).dtype !== dtype) throw new Error(`${dtype} and ${at(types, 2).dtype} do not mix`);
    const indices = at(types, 1).shape;
    if (indices.length !== shape.length || indices.some((extent, i) => i !== along && extent > shape[i]))
      throw new Error(`indices of [${indices}] do not fit [${shape}]`);
    const updates = at(types, 2).shape;
    if (updates.length !== indices.length || updates.some((extent, i) => extent !== indices[i]))
      throw new Error(`updates of [${updates}] do not fit indices of [${indices}]`);
    return [at(types, 0)];
  },
  DepthToSpace: (inputs, { blocksize, mode }) => {
    checkWord(mode, ['DCR', 'CRD'], 'mode');
    const { dtype } = first(inputs);
    const [n, c, h, w] = imageShape(first(inputs).shape, blocksize);
    if (c % blocksize ** 2 !== 0) throw new Error(`${c} channels are not blocks of ${blocksize} × ${blocksize}`);
    return [{ dtype, shape: [n, c / blocksize ** 2, h * blocksize, w * blocksize] }];
  },
  SpaceToDepth: (inputs, { blocksize }) => {
    const { dtype } = first(inputs);
    const [n, c, h, w] = imageShape(first(inputs).shape, blocksize);
    if (h % blocksize !== 0 || w % blocksize !== 0) throw new Error(`${h} × ${w} does not divide into blocks of ${blocksize}`);
    return [{ dtype, shape: [n, c * blocksize ** 2, h / blocksize, w / blocksize] }];
  },
} satisfies Partial<InferTable<OpName>>;
