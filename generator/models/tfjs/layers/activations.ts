/** Keras's non-linearities by name, as steps of a layer. */
import { z } from 'zod';
import { field, type Step, Unreadable } from './build.ts';
import type { LayerConfig } from './config.ts';

/** By Keras's name in lower case without underscores; the operation that computes it, and its attributes. */
const ACTIVATIONS: Readonly<Record<string, readonly Omit<Step, 'activation'>[]>> = {
  linear: [],
  relu: [{ op: 'Relu' }],
  relu6: [{ op: 'Relu6' }],
  elu: [{ op: 'Elu' }],
  selu: [{ op: 'Selu' }],
  sigmoid: [{ op: 'Sigmoid' }],
  hardsigmoid: [{ op: 'HardSigmoid' }],
  tanh: [{ op: 'Tanh' }],
  softmax: [{ op: 'Softmax' }],
  softplus: [{ op: 'Softplus' }],
  softsign: [{ op: 'Softsign' }],
  swish: [{ op: 'Swish' }],
  silu: [{ op: 'Swish' }],
  gelu: [{ op: 'Gelu' }],
  gelunew: [{ op: 'GeluNew' }],
  mish: [{ op: 'Mish' }],
  leakyrelu: [{ op: 'LeakyRelu', attributes: { alpha: { f: 0.2 } } }],
  exponential: [{ op: 'Exp' }],
};

/** A string, or the dictionary that newer versions write for the same. */
const named = z.union([
  z.string(),
  z.looseObject({ config: z.string() }).transform(({ config }) => config),
  z.looseObject({ class_name: z.string() }).transform(({ class_name }) => class_name),
]);

/** The steps of the layer's `activation`; none for the linear one. Throws {@link Unreadable} for one that is not known. */
export function activationOf(layer: LayerConfig): readonly Step[] {
  const name = field(layer, 'activation', named, 'linear');
  const key = name.toLowerCase().replaceAll('_', '');
  if (!Object.hasOwn(ACTIVATIONS, key)) throw new Unreadable(`one of the activations ${Object.keys(ACTIVATIONS).join(', ')}`, name);
  return ACTIVATIONS[key].map((step) => ({ ...step, activation: true }));
}
