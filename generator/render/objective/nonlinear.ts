/** Scores that are not linear in the activations (lucid/optvis/objectives.py and lucid/recipes/caricature.py). */
import type { GraphBuilder } from '../../graph/builder.ts';
import { sizeOf } from '../../graph/tensor.ts';
import { addImageProducts } from '../image-sums.ts';
import type { ObjectiveNames } from '../objective.ts';

/** Lucid's: added to the lengths that a cosine is divided by, and below which a cosine does not fall. */
const COSINE_EPSILON = 1e-4;
const CARICATURE_EPSILON = 1e-6;
const COSINE_FLOOR = 0.1;
/** Under a root, where Lucid has nothing: a position where all is silent would have no gradient. */
const TINY = 1e-12;

/**
 * `_dot_cossim`: Σ_hw M · dot · max(0.1, cosine)^power, with dot = D·act at a position and cosine = dot / (1e-4 + |act|) / (1e-4 + |D|), `[batch]`.
 */
export function addCosine(builder: GraphBuilder, layer: string, names: ObjectiveNames, power: number): string {
  const { flat, batch, channels, positions } = flatten(builder, layer);
  const directions = builder.input(names.directions, { dtype: 'float32', shape: [batch, channels] });
  const rows = builder.add('Reshape', [directions, builder.integers([batch, 1, channels])], { allowzero: 0 });
  const dot = builder.add('MatMul', [rows, flat], {});
  const ones = builder.add('Expand', [builder.scalar(1), builder.integers([batch, 1, channels])], {});
  const squares = builder.add('MatMul', [ones, builder.add('Mul', [flat, flat], {})], {});
  const lengths = builder.add('Reshape', [addImageProducts(builder, directions, directions), builder.integers([batch, 1, 1])], {
    allowzero: 0,
  });
  const over = (value: string, length: string) =>
    builder.add('Div', [value, builder.add('Add', [root(builder, length), builder.scalar(COSINE_EPSILON)], {})], {});
  const value = builder.add('Mul', [dot, raised(builder, floored(builder, over(over(dot, squares), lengths)), power)], {});
  return masked(builder, value, names, batch, positions);
}

/** Σ_hw M · Σ_c D_c · act². With D = 1/C everywhere it is `deepdream`, the mean of the squares (Mordvintsev et al. 2015). */
export function addDeepdream(builder: GraphBuilder, layer: string, names: ObjectiveNames): string {
  const { flat, batch, channels, positions } = flatten(builder, layer);
  const directions = builder.input(names.directions, { dtype: 'float32', shape: [batch, channels] });
  const rows = builder.add('Reshape', [directions, builder.integers([batch, 1, channels])], { allowzero: 0 });
  return masked(builder, builder.add('MatMul', [rows, builder.add('Mul', [flat, flat], {})], {}), names, batch, positions);
}

/**
 * `dot_compare`: dot · max(0.1, dot / (1e-6 + |act|))^power with dot = Σ act · reference over channels and positions, `[batch]`. What Lucid calls
 * a cosine there is not divided by the length of the reference, and neither is it here.
 */
export function addCaricature(builder: GraphBuilder, layer: string, reference: string, power: number): string {
  const shape = builder.shape(layer);
  const dot = addImageProducts(builder, layer, builder.add('Expand', [reference, builder.integers(shape)], {}));
  if (power === 0) return dot;
  const length = builder.add('Add', [root(builder, addImageProducts(builder, layer, layer)), builder.scalar(CARICATURE_EPSILON)], {});
  return builder.add('Mul', [dot, raised(builder, floored(builder, builder.add('Div', [dot, length], {})), power)], {});
}

function flatten(builder: GraphBuilder, layer: string) {
  const [batch, channels, ...sides] = builder.shape(layer);
  const positions = sizeOf(sides);
  const flat = builder.add('Reshape', [layer, builder.integers([batch, channels, positions])], { allowzero: 0 });
  return { flat, batch, channels, positions };
}

/** Σ_hw M · value, for `value` `[batch,1,h·w]`. */
function masked(builder: GraphBuilder, value: string, { mask, score }: ObjectiveNames, batch: number, positions: number): string {
  const weights = builder.input(mask, { dtype: 'float32', shape: [positions, 1] });
  const masks = builder.add('Expand', [weights, builder.integers([batch, positions, 1])], {});
  const sums = builder.add('MatMul', [value, masks], {});
  return builder.add('Reshape', [sums, builder.integers([batch])], { allowzero: 0 }, { outputs: [score] });
}

function root(builder: GraphBuilder, squares: string): string {
  return builder.add('Sqrt', [builder.add('Add', [squares, builder.scalar(TINY)], {})], {});
}

/** max(0.1, x). Not a Clip, whose gradient is redirected at the start as the network's are. */
function floored(builder: GraphBuilder, value: string): string {
  const floor = builder.scalar(COSINE_FLOOR);
  return builder.add('Where', [builder.add('Greater', [value, floor], {}), value, floor], {});
}

/** x^power for a whole power of 1 or more. */
function raised(builder: GraphBuilder, value: string, power: number): string {
  let result = value;
  for (let i = 1; i < power; i++) result = builder.add('Mul', [result, value], {});
  return result;
}
