/** Named settings of the renderer. */
import type { Plan, PRESETS, RenderSettings } from '../../data/schema.ts';
import { fault } from '../graph/errors.ts';
import { canvasSize } from './transformation.ts';

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

/** A preset with what the plan and then the layer say otherwise. Throws where the settings contradict each other. */
export function resolveSettings(plan: Partial<Plan['render']>, layer: Partial<RenderSettings> = {}): RenderSettings {
  const { preset = 'atlas', ...overrides } = plan;
  const settings = { ...PRESET_SETTINGS[preset], ...overrides, ...layer };
  const { size, jitter, final_jitter, scale } = settings;
  const wrong = (name: string, expected: string, received: unknown, remedy: string) =>
    fault({ where: 'the plan', expected, name: `render.${name}`, received, remedy, exitCode: 2 });
  if (2 * canvasSize(settings) < size) {
    const least = Math.ceil((jitter + final_jitter - size / 2) / 2);
    throw wrong(
      'pad',
      `at least ${least}, so that the shifts leave half of ${size} pixels in view`,
      settings.pad,
      'Raise the padding, or lower jitter and final_jitter.',
    );
  }
  if (scale[0] > scale[1]) throw wrong('scale', 'the smaller magnification first', scale, 'Swap the two.');
  return settings;
}
