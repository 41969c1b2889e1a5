/** Named settings of the renderer. */
import type { Plan, PRESETS, RenderSettings } from '../../data/schema.ts';

type Preset = (typeof PRESETS)[number];

export const PRESET_SETTINGS: Record<Preset, RenderSettings> = {
  /** The default, tuned on the default model by eye and by attainment (test/bench/RESULTS.md). Padding equals the mean shift, so that the network sees a picture's size. */
  atlas: {
    size: 128,
    steps: 128,
    objective: 'channel',
    learning_rate: 0.2,
    schedule: 'cosine',
    decay_power: 1.5,
    start_deviation: 0.01,
    decorrelate: true,
    pad: 12,
    border: 'reflect',
    jitter: 16,
    scale: [0.9, 1.1],
    rotate: 10,
    final_jitter: 8,
    redirect_steps: 16,
    l2: 0,
    total_variation: 0,
  },
  /** Lucid's own: `param.image(128)`, `transform.standard_transforms` and Adam at 0.05 for 512 steps (lucid/optvis/render.py). */
  lucid: {
    size: 128,
    steps: 512,
    objective: 'channel',
    learning_rate: 0.05,
    schedule: 'constant',
    decay_power: 1,
    start_deviation: 0.01,
    decorrelate: true,
    pad: 12,
    border: 'grey',
    jitter: 8,
    scale: [0.9, 1.1],
    rotate: 10,
    final_jitter: 4,
    redirect_steps: 16,
    l2: 0,
    total_variation: 0,
  },
};

/** A preset with what the plan and then the layer say otherwise. */
export function resolveSettings(plan: Partial<Plan['render']>, layer: Partial<RenderSettings> = {}): RenderSettings {
  const { preset = 'atlas', ...overrides } = plan;
  return { ...PRESET_SETTINGS[preset], ...overrides, ...layer };
}
