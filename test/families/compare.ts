/** Comparing our activations, scores and input gradients with PyTorch's, layer by layer. */
import { float32 } from '../../generator/graph/tensor.ts';
import type { Model } from '../../generator/models/model.ts';
import { type CheckResult, checkLayer } from '../../generator/render/check.ts';
import type { Runtime } from '../../generator/runtime/runtime.ts';
import { fill, POSITION_TENSOR, PROJECTION_TENSOR, uniform } from './formula.ts';
import type { Fixture, ReferenceLayer } from './instance.ts';

/** The largest relative errors of a network: max |a − b| / max |b|, a being ours and b PyTorch's. */
export interface Errors {
  layers: number;
  activations: number;
  gradients: number;
}

/** Checks the fixture's layers as `atlas check --raw` does. */
export async function compare(model: Model, runtime: Runtime, fixture: Fixture, variant: string): Promise<Errors> {
  const { size, batch, picture } = fixture;
  const shape = [batch, 3, size, size];
  const input = float32(shape, fill(picture, batch * 3 * size * size, 1, 0));
  const errors: Errors = { layers: 0, activations: 0, gradients: 0 };
  for (const reference of fixture.layers) {
    for (const gradient of reference.gradients) {
      const result = await checkLayer({ model, runtime, layer: reference.values[variant], input, raw: true, channel: gradient.channel });
      errors.activations = Math.max(errors.activations, activationError(result, reference, gradient.score));
      errors.gradients = Math.max(errors.gradients, gradientError(result, gradient));
    }
    errors.layers++;
  }
  return errors;
}

function activationError(result: CheckResult, reference: ReferenceLayer, score: readonly number[]): number {
  const means = result.channel_means.flat();
  const expected = reference.channelMeans.flat();
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(distance(means, expected), distance([result.score].flat(), score)) / largest;
}

/** Of 64 values of the gradient, of its length, and of its projections on fixed directions, which all of its values have a part in. */
function gradientError({ gradient, gradient_l2 }: CheckResult, reference: ReferenceLayer['gradients'][number]): number {
  const { data } = gradient;
  const positions = uniform(POSITION_TENSOR, reference.samples.length);
  const samples = [...positions].map((value) => data[Math.floor(((value + 1) / 2) * data.length)]);
  const projections = reference.projections.map((_, i) => dot(data, uniform(PROJECTION_TENSOR + i, data.length)));
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Math.max(
    distance(samples, reference.samples) / reference.max,
    distance([largest], [reference.max]) / reference.max,
    distance([gradient_l2], [reference.l2]) / reference.l2,
    distance(projections, reference.projections) / reference.l2,
  );
}

/** The largest difference; infinite for lists of different lengths and for NaN. */
function distance(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const largest = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
  return Number.isNaN(largest) ? Number.POSITIVE_INFINITY : largest;
}

function dot(a: Float32Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
