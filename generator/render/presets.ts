/** Named settings of the renderer. */
import { type Plan, type PRESETS, type RenderSettings, renderSettings } from '../../data/schema.ts';
import { COOLDOWN, MOMENTUM } from './adam.ts';
import { pinArray } from './array-file.ts';
import { checkSettings } from './contradictions.ts';

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
  /** As strong as Lucid's 512 steps in a third of the time of so many of our own; deep layers are blown out (test/bench/RESULTS.md, "Fewer steps"). */
  vivid: {
    size: 128,
    steps: 160,
    objective: 'channel',
    learning_rate: 0.3,
    schedule: 'cooldown',
    momentum: 0.2,
    decay_power: 1.35,
    start_deviation: 0.01,
    decorrelate: true,
    pad: 6,
    border: 'reflect',
    jitter: 8,
    scale: [0.9, 1.1],
    rotate: 10,
    final_jitter: 4,
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

/** What a parameterisation changes of a preset, unless the plan says otherwise: the size of a step depends on what is stepped. Tuned by eye. */
const PARAMETERISATION_SETTINGS: Partial<Record<NonNullable<RenderSettings['parameterisation']>, Partial<RenderSettings>>> = {
  pixel: { learning_rate: 0.1 },
  'laplacian-pyramid': { learning_rate: 0.05 },
  'low-resolution': { learning_rate: 0.08 },
  maco: { learning_rate: 0.3, decay_power: 1.2 },
  cppn: { learning_rate: 0.005, start_deviation: 0.1, decorrelate: false },
};

/**
 * A preset with what the plan and then the layer say otherwise. Further settings that change nothing are left out, and arrays are pinned to what
 * they hold. Throws where the settings contradict each other.
 */
export function resolveSettings(plan: Partial<Plan['render']>, layer: Partial<RenderSettings> = {}): RenderSettings {
  const { preset = 'atlas', ...overrides } = plan;
  const said = { ...overrides, ...layer };
  const tuned = said.parameterisation ? PARAMETERISATION_SETTINGS[said.parameterisation] : undefined;
  const settings = canonical({ ...PRESET_SETTINGS[preset], ...tuned, ...said });
  checkSettings(settings);
  return settings;
}

/** What a further setting is where it is left out. */
const LEFT_OUT: Partial<RenderSettings> = {
  parameterisation: 'fourier',
  grey_scale: false,
  position: 'centre',
  cosine_power: 0,
  momentum: MOMENTUM,
  cooldown: COOLDOWN,
};

function canonical(settings: RenderSettings): RenderSettings {
  const kept = Object.entries(settings).filter(([name, value]) => value !== undefined && value !== LEFT_OUT[name as keyof RenderSettings]);
  const result = renderSettings.parse(Object.fromEntries(kept));
  const { magnitude, reference, penalties } = result;
  return {
    ...result,
    ...(magnitude ? { magnitude: pinArray(magnitude) } : {}),
    ...(reference ? { reference: pinArray(reference) } : {}),
    ...(penalties
      ? { penalties: penalties.map((one) => (one.kind === 'input-difference' ? { ...one, picture: pinArray(one.picture) } : one)) }
      : {}),
  };
}
