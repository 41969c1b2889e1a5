/** What is maximised: `score[b] = Σ_c D[b,c] · Σ_hw M[h,w] · act[b,c,h,w]`, one weighted form for channels, neurons and directions. */
import type { RenderSettings } from '../../data/schema.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { float32, type Tensor } from '../graph/tensor.ts';

/** The names of the objective's inputs: D `[batch,C]`, unit rows, and M `[h·w,1]`. */
export const DIRECTIONS = 'directions';
export const MASK = 'mask';

/** Adds the activations pooled by the mask, `[batch,C]`: a matrix product, so that neither it nor its gradient makes a copy of the layer. */
export function addPooled(builder: GraphBuilder, layer: string): string {
  const [batch, channels, height, width] = builder.shape(layer);
  const mask = builder.input(MASK, { dtype: 'float32', shape: [height * width, 1] });
  const flat = builder.add('Reshape', [layer, builder.integers([batch, channels, height * width])], { allowzero: 0 });
  // A mask for each image makes a product for each image: one product for all would round by where an image stands in the batch.
  const masks = builder.add('Expand', [mask, builder.integers([batch, height * width, 1])], {});
  const pooled = builder.add('MatMul', [flat, masks], {});
  return builder.add('Reshape', [pooled, builder.integers([batch, channels])], { allowzero: 0 }, { outputs: ['pooled'] });
}

/** Adds the score, `[batch]`. */
export function addScore(builder: GraphBuilder, layer: string): string {
  const [batch, channels] = builder.shape(layer);
  const directions = builder.input(DIRECTIONS, { dtype: 'float32', shape: [batch, channels] });
  // As a product for each image, too: a sum along a row rounds by where in memory the row begins.
  const rows = builder.add('Reshape', [directions, builder.integers([batch, 1, channels])], { allowzero: 0 });
  const columns = builder.add('Reshape', [addPooled(builder, layer), builder.integers([batch, channels, 1])], { allowzero: 0 });
  return builder.add(
    'Reshape',
    [builder.add('MatMul', [rows, columns], {}), builder.integers([batch])],
    { allowzero: 0 },
    { outputs: ['score'] },
  );
}

/** M for an objective: every position alike for `channel`, the one at the centre for `neuron`. */
export function objectiveMask(objective: RenderSettings['objective'], height: number, width: number): Tensor<'float32'> {
  const mask = new Float32Array(height * width);
  if (objective === 'channel') mask.fill(1 / mask.length);
  else mask[(height >> 1) * width + (width >> 1)] = 1;
  return float32([mask.length, 1], mask);
}
