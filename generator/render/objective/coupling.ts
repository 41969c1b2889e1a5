/** What couples the pictures of one unit (lucid/optvis/objectives.py): diversity drives them apart, alignment keeps neighbours together. */
import type { RenderSettings } from '../../../data/schema.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { AtlasError } from '../../graph/errors.ts';
import { float32, sizeOf } from '../../graph/tensor.ts';
import { addImageProducts } from '../image-sums.ts';

type Group = NonNullable<RenderSettings['group']>;

/** Lucid's: under the norm of a Gram matrix, the furthest pictures that are aligned, and how their weight falls. */
const GRAM_EPSILON = 1e-10;
const ALIGNED = 4;
const DECAY_RATIO = 2;

/**
 * Adds each picture's share of the penalties of its group, `[batch]`: a batch is group after group of `pictures` pictures, and pictures of
 * different groups do not meet. Summed over a group they are n times Lucid's, as the sum of the pictures' scores is n times its mean.
 */
export function addCoupling(builder: GraphBuilder, layer: string, group: Group): string {
  const [batch] = builder.shape(layer);
  if (batch % group.pictures !== 0)
    throw new AtlasError(
      `render: expected a batch that is a multiple of ${group.pictures}, the pictures of a group, received ${batch}\nGive such a --batch.`,
    );
  const scaled = (value: string, weight: number) => builder.add('Mul', [value, builder.scalar(weight)], {});
  const parts = [
    ...(group.diversity ? [scaled(addDiversity(builder, layer, group.pictures), group.diversity)] : []),
    ...(group.alignment ? [scaled(addAlignment(builder, layer, group), group.alignment)] : []),
  ];
  return parts.length === 1 ? parts[0] : builder.add('Add', parts, {});
}

/** Σ_{j≠i} cosine(G_i, G_j) for every picture i, with G = A·Aᵀ and A the activations `[C, h·w]`. */
export function addDiversity(builder: GraphBuilder, layer: string, pictures: number): string {
  const [batch, channels, ...sides] = builder.shape(layer);
  const positions = sizeOf(sides);
  const flat = builder.add('Reshape', [layer, builder.integers([batch, channels, positions])], { allowzero: 0 });
  const gram = builder.add('MatMul', [flat, builder.add('Transpose', [flat], { perm: [0, 2, 1] })], {});
  const squares = builder.add('Add', [addImageProducts(builder, gram, gram), builder.scalar(GRAM_EPSILON)], {});
  const norms = builder.add('Reshape', [builder.add('Sqrt', [squares], {}), builder.integers([batch, 1, 1])], { allowzero: 0 });
  const groups = batch / pictures;
  const rows = builder.add('Reshape', [builder.add('Div', [gram, norms], {}), builder.integers([groups, pictures, channels ** 2])], {
    allowzero: 0,
  });
  const cosines = builder.add('MatMul', [rows, builder.add('Transpose', [rows], { perm: [0, 2, 1] })], {});
  const others = Array.from({ length: pictures ** 2 }, (_, i) => (i % (pictures + 1) === 0 ? 0 : 1));
  const apart = builder.add('Mul', [cosines, builder.constant(float32([1, pictures, pictures], others))], {});
  const sums = builder.add('MatMul', [apart, builder.constant(float32([pictures, 1], others.slice(0, pictures).fill(1)))], {});
  return builder.add('Reshape', [sums, builder.integers([batch])], { allowzero: 0 });
}

/** n · Σ_d Σ_i mean (a_i − a_{i+d})² / ratio^d for d = 1 … 4, half of each pair's to either picture. */
function addAlignment(builder: GraphBuilder, layer: string, { pictures, decay_ratio = DECAY_RATIO }: Group): string {
  const [batch, ...rest] = builder.shape(layer);
  const groups = batch / pictures;
  const values = sizeOf(rest);
  const grouped = builder.add('Reshape', [layer, builder.integers([groups, pictures, values])], { allowzero: 0 });
  const side = (start: number, end: number) =>
    builder.add('Slice', [grouped, ...[[start], [end], [1]].map((bound) => builder.integers(bound))], {});
  const parts = Array.from({ length: Math.min(ALIGNED, pictures - 1) }, (_, i) => {
    const d = i + 1;
    const pairs = pictures - d;
    const difference = builder.add('Sub', [side(0, pairs), side(d, pictures)], {});
    const flat = builder.add('Reshape', [difference, builder.integers([groups * pairs, values])], { allowzero: 0 });
    const squares = builder.add('Reshape', [addImageProducts(builder, flat, flat), builder.integers([groups, 1, pairs])], { allowzero: 0 });
    const share = pictures / values / decay_ratio ** d / 2;
    const shares = Float32Array.from({ length: pairs * pictures }, (_, at) => {
      const [pair, picture] = [Math.floor(at / pictures), at % pictures];
      return picture === pair || picture === pair + d ? share : 0;
    });
    return builder.add('MatMul', [squares, builder.constant(float32([pairs, pictures], shares))], {});
  });
  const total = parts.length === 1 ? parts[0] : builder.add('Sum', parts, {});
  return builder.add('Reshape', [total, builder.integers([batch])], { allowzero: 0 });
}
