/** Pictures of the way there: kept without changing what is made, and what they say they are. */
import { describe, expect, test } from 'vitest';
import type { RenderSettings } from '../../data/schema.ts';
import { openRenderer } from '../../generator/render/open.ts';
import { resolveSettings } from '../../generator/render/presets.ts';
import type { RenderOptions } from '../../generator/render/renderer.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import type { Runtime } from '../../generator/runtime/runtime.ts';
import { tinyModel } from './tiny-model.ts';

const MOVES = { size: 16, steps: 9, pad: 2, jitter: 2, final_jitter: 1, redirect_steps: 2 };

interface Case {
  said?: Partial<RenderSettings>;
  colours?: number;
  runtime?: Runtime;
  options?: RenderOptions;
}

async function render({ said = {}, colours = 3, runtime = openOnnxRuntime({ threads: 2 }), options }: Case) {
  const settings = resolveSettings({ ...MOVES, ...said });
  const pictures = settings.group?.pictures ?? 1;
  const jobs = Array.from({ length: 4 }, (_, i) => {
    const channel = Math.floor(i / pictures);
    return { unit: `channel-${channel}`, direction: Float32Array.from({ length: 6 }, (_, c) => Number(c === channel)), seed: i % pictures };
  });
  const renderer = await openRenderer({ model: tinyModel(colours), runtime, layer: 'second', settings, batch: 4 });
  try {
    return await renderer.render(jobs, options);
  } finally {
    await renderer.dispose();
  }
}

describe.each<[string, Case]>([
  ['on two threads', {}],
  ['on one thread', { runtime: openOnnxRuntime({ threads: 1 }) }],
  ['with transparency', { said: { transparency: {} } }],
  ['with the gradient’s alpha', { said: { parameterisation: 'maco', transparency: {} } }],
  ['of thirteen channels', { colours: 13 }],
  ['of groups', { said: { group: { pictures: 2, diversity: 1 } } }],
])('frames %s', (_, kind) => {
  test('change no picture and no curve; the last is the picture itself', async () => {
    const without = await render(kind);
    const withFrames = await render({ ...kind, options: { frames: [0, 2, 9] } });
    expect(withFrames.map(({ frames: __, ...rest }) => rest)).toEqual(without);
    for (const { pixels, frames = [] } of withFrames) {
      expect(frames).toHaveLength(3);
      expect(frames[2]).toEqual(pixels);
      expect(frames[1]).not.toEqual(pixels);
      expect(frames[0]).not.toEqual(frames[1]);
    }
  });
});

test('a frame after some steps is the picture of a render that stops there', async () => {
  const whole = await render({ said: { schedule: 'constant' }, options: { frames: [1, 5] } });
  for (const [k, steps] of [1, 5].entries()) {
    const short = await render({ said: { schedule: 'constant', steps } });
    expect(whole.map(({ frames }) => frames?.[k])).toEqual(short.map(({ pixels }) => pixels));
  }
});
