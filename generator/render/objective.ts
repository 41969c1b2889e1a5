/** What is maximised: `score[b] = Σ_c D[b,c] · Σ_hw M[h,w] · act[b,c,h,w]`, one weighted form for channels, neurons and directions. */
import type { RenderSettings } from '../../data/schema.ts';
import { isPointwise } from '../compile/pointwise.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { fault } from '../graph/errors.ts';
import { float32, type Tensor } from '../graph/tensor.ts';

/** The names of the objective's inputs: D `[batch,C]`, unit rows, and M `[h·w,1]`. */
export const DIRECTIONS = 'directions';
export const MASK = 'mask';

/** What an objective's inputs and output are called; a second layer's have names of their own. */
export interface ObjectiveNames {
  readonly directions: string;
  readonly mask: string;
  readonly pooled: string;
  readonly score: string;
}

const NAMES: ObjectiveNames = { directions: DIRECTIONS, mask: MASK, pooled: 'pooled', score: 'score' };

/**
 * Adds the activations pooled by the mask, `[batch,C]`: a matrix product, so that neither it nor its gradient makes a copy of the layer. Where the
 * layer is a 1×1 convolution, what it reads is pooled instead and the weights are applied to that: both are linear, and the mask sums to 1.
 */
export function addPooled(builder: GraphBuilder, layer: string, names: ObjectiveNames = NAMES): string {
  const [batch, channels] = builder.shape(layer);
  const maker = builder.nodes.findLast(({ outputs }) => outputs[0] === layer);
  const pointwise = maker && isPointwise(builder, maker) ? maker : undefined;
  let pooled = addMean(builder, pointwise?.inputs[0] ?? layer, names.mask);
  if (pointwise) {
    const weights = builder.add('Reshape', [pointwise.inputs[1], builder.integers([channels, builder.shape(pooled)[1]])], { allowzero: 0 });
    pooled = builder.add('MatMul', [weights, pooled], {});
    const bias = pointwise.inputs[2];
    if (bias) pooled = builder.add('Add', [pooled, builder.add('Reshape', [bias, builder.integers([channels, 1])], { allowzero: 0 })], {});
  }
  return builder.add('Reshape', [pooled, builder.integers([batch, channels])], { allowzero: 0 }, { outputs: [names.pooled] });
}

/** The mean by the mask, `[batch,C,1]`. */
function addMean(builder: GraphBuilder, value: string, maskName: string): string {
  const [batch, channels, height, width] = builder.shape(value);
  const mask = builder.input(maskName, { dtype: 'float32', shape: [height * width, 1] });
  const flat = builder.add('Reshape', [value, builder.integers([batch, channels, height * width])], { allowzero: 0 });
  // A mask for each image makes a product for each image: one product for all would round by where an image stands in the batch.
  const masks = builder.add('Expand', [mask, builder.integers([batch, height * width, 1])], {});
  return builder.add('MatMul', [flat, masks], {});
}

/** Adds the score, `[batch]`. */
export function addScore(builder: GraphBuilder, layer: string, names: ObjectiveNames = NAMES): string {
  const [batch, channels] = builder.shape(layer);
  const directions = builder.input(names.directions, { dtype: 'float32', shape: [batch, channels] });
  // As a product for each image, too: a sum along a row rounds by where in memory the row begins.
  const rows = builder.add('Reshape', [directions, builder.integers([batch, 1, channels])], { allowzero: 0 });
  const columns = builder.add('Reshape', [addPooled(builder, layer, names), builder.integers([batch, channels, 1])], { allowzero: 0 });
  return builder.add(
    'Reshape',
    [builder.add('MatMul', [rows, columns], {}), builder.integers([batch])],
    { allowzero: 0 },
    { outputs: [names.score] },
  );
}

/**
 * M: one position for `neuron`, every position alike for the others. Throws for a position that the layer does not have, and for a
 * `class-logit` of a layer with several.
 */
export function objectiveMask({ objective, position }: ObjectiveSettings, height: number, width: number): Tensor<'float32'> {
  const mask = new Float32Array(height * width);
  if (objective === 'class-logit' && mask.length !== 1)
    throw wrongPlace(
      'objective',
      'a layer with one position, as logits have,',
      `${height}×${width}`,
      'Use "channel", or a layer further on.',
    );
  if (objective === 'neuron') mask[placeOf(position, height, width)] = 1;
  else mask.fill(1 / mask.length);
  return float32([mask.length, 1], mask);
}

type ObjectiveSettings = Pick<RenderSettings, 'objective' | 'position'>;

/** The index of a position: the centre is right and below of the middle for even sides, as Lucid has it. */
function placeOf(position: RenderSettings['position'], height: number, width: number): number {
  if (position === undefined || position === 'centre') return (height >> 1) * width + (width >> 1);
  if (typeof position === 'number') {
    if (width !== 1)
      throw wrongPlace('position', `[y,x] on a layer of ${height}×${width}`, position, 'One number names a token of a layer [C,T,1].');
    if (position < height) return position;
    throw wrongPlace('position', `a token from 0 to ${height - 1}`, position, 'The layer has no more tokens.');
  }
  const [y, x] = position;
  if (y < height && x < width) return y * width + x;
  throw wrongPlace('position', `y below ${height} and x below ${width}`, position, 'The layer has no more positions at this size.');
}

function wrongPlace(name: string, expected: string, received: unknown, remedy: string): Error {
  return fault({ where: 'the plan', expected, name: `render.${name}`, received, remedy, exitCode: 2 });
}
