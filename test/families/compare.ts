/** Comparing our activations, scores and input gradients with PyTorch's, layer by layer. */
import { float32, float32Data, type Tensor } from '../../generator/graph/tensor.ts';
import { INPUT, type Model } from '../../generator/models/model.ts';
import { checkLayer } from '../../generator/render/check.ts';
import type { Runtime } from '../../generator/runtime/runtime.ts';
import { fill, POSITION_TENSOR, PROJECTION_TENSOR, uniform } from './formula.ts';
import type { Figures, Fixture } from './instance.ts';

/** The largest relative errors of a network: max |a − b| / max |b|, a being ours and b PyTorch's. */
export interface Errors {
  layers: number;
  activations: number;
  gradients: number;
}

/** Runs the network up to the fixture's layers, and checks each as `atlas check --raw` does. */
export async function compare(model: Model, runtime: Runtime, fixture: Fixture, variant: string): Promise<Errors> {
  const { size, batch, picture, layers } = fixture;
  const input = float32([batch, 3, size, size], fill(picture, batch * 3 * size * size, 1, 0));
  const names = layers.map(({ values }) => values[variant]);
  const program = await runtime.compile(model.graph({ layers: names, batch, height: size, width: size }));
  const outputs = await program.run({ [INPUT]: input });
  const errors: Errors = { layers: 0, activations: 0, gradients: 0 };
  for (const [i, { activations, gradients }] of layers.entries()) {
    errors.activations = Math.max(errors.activations, distance(float32Data(outputs[names[i]] as Tensor, names[i]), activations));
    for (const reference of gradients) {
      const result = await checkLayer({ model, runtime, layer: names[i], input, raw: true, channel: reference.channel });
      const means = relative([result.channel_means, result.score].flat(2), [activations.channelMeans, reference.score].flat(2));
      errors.activations = Math.max(errors.activations, means);
      errors.gradients = Math.max(errors.gradients, distance(result.gradient.data, reference));
    }
    errors.layers++;
  }
  await program.dispose();
  return errors;
}

/** How far values are from those that the figures are of: the worst of the figures. */
function distance(values: Float32Array, { l2, max, samples, projections }: Figures): number {
  const positions = uniform(POSITION_TENSOR, samples.length);
  const sampled = [...positions].map((value) => values[Math.floor(((value + 1) / 2) * values.length)]);
  const projected = projections.map((_, i) => dot(values, uniform(PROJECTION_TENSOR + i, values.length)));
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Math.max(
    relative(sampled, samples, max),
    relative([largest], [max]),
    relative([Math.sqrt(dot(values, values))], [l2]),
    relative(projected, projections, l2),
  );
}

/** The largest difference over `scale`, the largest magnitude of `b` if left out; infinite for lists of different lengths and for NaN. */
function relative(a: readonly number[], b: readonly number[], scale = Math.max(...b.map(Math.abs))): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const largest = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) / scale;
  return Number.isNaN(largest) ? Number.POSITIVE_INFINITY : largest;
}

function dot(a: Float32Array, b: ArrayLike<number>): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
