/** Adam (Kingma and Ba 2015, algorithm 1), going uphill, as graph: state in, state out. */
import type { RenderSettings } from '../../data/schema.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { scalar, type Tensor } from '../graph/tensor.ts';

/** β₁ where the settings do not say. */
export const MOMENTUM = 0.9;
/** The share of the steps over which the rate falls, where the settings do not say. */
export const COOLDOWN = 0.3;
export const BETA_2 = 0.999;
export const EPSILON = 1e-8;

/** The names of the state that goes round, each with its output's name. */
export const STATE = { parameters: 'parameters_next', first: 'first_next', second: 'second_next' } as const;

/** The scalars of a step: its rate, and the corrections of the two moments for their start at zero. */
export const RATE = 'rate';
export const CORRECTION = 'correction';

/** Adds one step uphill along `gradient`. The inputs `parameters`, `first` and `second` must be there; returns the outputs' names. */
export function addAdam(
  builder: GraphBuilder,
  gradient: string,
  { momentum = MOMENTUM }: Pick<RenderSettings, 'momentum'>,
): readonly string[] {
  const rate = builder.input(RATE, { dtype: 'float32', shape: [] });
  const correction = builder.input(CORRECTION, { dtype: 'float32', shape: [] });
  const blend = (state: string, beta: number, fresh: string, output: string) =>
    builder.add(
      'Add',
      [builder.add('Mul', [state, builder.scalar(beta)], {}), builder.add('Mul', [fresh, builder.scalar(1 - beta)], {})],
      {},
      { outputs: [output] },
    );
  const first = blend('first', momentum, gradient, STATE.first);
  const second = blend('second', BETA_2, builder.add('Mul', [gradient, gradient], {}), STATE.second);
  const deviation = builder.add('Mul', [builder.add('Sqrt', [second], {}), correction], {});
  const direction = builder.add('Div', [first, builder.add('Add', [deviation, builder.scalar(EPSILON)], {})], {});
  const parameters = builder.add('Add', ['parameters', builder.add('Mul', [direction, rate], {})], {}, { outputs: [STATE.parameters] });
  return [parameters, first, second];
}

/** The scalars of step `step` (from 0): the scheduled rate over 1 − β₁ᵗ, and 1/√(1 − β₂ᵗ). */
export function adamInputs(step: number, settings: RenderSettings): Record<typeof RATE | typeof CORRECTION, Tensor> {
  const { learning_rate, momentum = MOMENTUM } = settings;
  return {
    [RATE]: scalar((learning_rate * scheduledShare(step, settings)) / (1 - momentum ** (step + 1))),
    [CORRECTION]: scalar(1 / Math.sqrt(1 - BETA_2 ** (step + 1))),
  };
}

/**
 * The share of the learning rate that a step takes, 0 to 1. `cooldown` is a constant rate with a linear cooldown (Zhai et al. 2022, "Scaling Vision
 * Transformers"; Hägele et al. 2024, "Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations").
 */
function scheduledShare(step: number, { schedule, steps, cooldown = COOLDOWN }: RenderSettings): number {
  switch (schedule) {
    case 'constant':
      return 1;
    case 'cosine':
      return (1 + Math.cos((Math.PI * step) / steps)) / 2;
    case 'cooldown':
      return Math.min(1, (1 - step / steps) / cooldown);
  }
}
