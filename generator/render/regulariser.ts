/** Penalties on the picture, subtracted from the score. */
import type { RenderSettings } from '../../data/schema.ts';
import type { RuleTable } from '../gradient/rules/table.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { addLucidPenalty } from './regulariser/lucid.ts';

/** Gradient rules for a penalty: an Identity in it stands for what Lucid holds fixed (`tf.stop_gradient`). */
export const FIXED = { Identity: () => [undefined] } satisfies Partial<RuleTable>;

/** Adds the penalties of the settings for `image` `[batch,channels,size,size]`, `[batch]`; nothing where all weights are 0. Differentiate it with {@link FIXED}. */
export function addPenalty(builder: GraphBuilder, image: string, settings: RenderSettings): string | undefined {
  const { l2, total_variation, size, penalties = [] } = settings;
  const parts = [
    ...(l2 > 0 ? [weighted(builder, l2, meanSquareFromGrey(builder, image))] : []),
    ...(total_variation > 0 ? [weighted(builder, total_variation, totalVariation(builder, image, size))] : []),
    ...penalties.map((penalty) => weighted(builder, penalty.weight, addLucidPenalty(builder, image, penalty))),
  ];
  if (parts.length === 0) return undefined;
  if (parts.length > 2) return builder.add('Sum', parts, {});
  return parts.length === 1 ? parts[0] : builder.add('Add', parts, {});
}

function weighted(builder: GraphBuilder, weight: number, penalty: string): string {
  return builder.add('Mul', [penalty, builder.scalar(weight)], {});
}

/** The mean over pixels and colours of (x − ½)². */
function meanSquareFromGrey(builder: GraphBuilder, image: string): string {
  const distance = builder.add('Sub', [image, builder.scalar(0.5)], {});
  return mean(builder, builder.add('Mul', [distance, distance], {}));
}

/** The mean of |x[y,x+1] − x[y,x]| plus that of |x[y+1,x] − x[y,x]| (anisotropic; Rudin, Osher and Fatemi 1992, discretised). */
function totalVariation(builder: GraphBuilder, image: string, size: number): string {
  const differences = [2, 3].map((axis) => {
    const side = (start: number, end: number) =>
      builder.add('Slice', [image, ...[[start], [end], [axis]].map((v) => builder.integers(v))], {});
    return mean(builder, builder.add('Abs', [builder.add('Sub', [side(1, size), side(0, size - 1)], {})], {}));
  });
  return builder.add('Add', differences, {});
}

function mean(builder: GraphBuilder, value: string): string {
  return builder.add('ReduceMean', [value], { axes: [1, 2, 3], keepdims: 0 });
}
