/** Presets: what a plan changes, and settings that contradict each other. */
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RenderSettings } from '../../data/schema.ts';
import { renderKey } from '../../generator/batch/key.ts';
import { formatNpy } from '../../generator/graph/npy.ts';
import { float32 } from '../../generator/graph/tensor.ts';
import { PRESET_SETTINGS, resolveSettings } from '../../generator/render/presets.ts';
import { canvasSize } from '../../generator/render/transformation.ts';
import { temporaryFolder } from '../temporary.ts';

test('the layer goes before the plan, and the plan before its preset', () => {
  const settings = resolveSettings({ preset: 'lucid', steps: 7, size: 64 }, { size: 96 });
  expect(settings).toEqual({ ...PRESET_SETTINGS.lucid, steps: 7, size: 96 });
});

test('the presets show the network a canvas of the picture’s size, Lucid’s one that is 12 pixels larger', () => {
  expect(canvasSize(resolveSettings({}))).toBe(128);
  expect(canvasSize(resolveSettings({ preset: 'vivid' }))).toBe(128);
  expect(canvasSize(resolveSettings({ preset: 'lucid' }))).toBe(140);
});

test('shifts that leave too little of the picture are refused with the padding that would do', () => {
  expect(() => resolveSettings({ size: 24, pad: 2, jitter: 16, final_jitter: 8 })).toThrow(
    'the plan: expected at least 6, so that the shifts leave half of 24 pixels in view for render.pad, received 2\nRaise the padding, or lower jitter and final_jitter.',
  );
  expect(canvasSize(resolveSettings({ size: 24, pad: 6, jitter: 16, final_jitter: 8 }))).toBe(12);
});

test('what a preset does not say, a plan may: another schedule beside its momentum', () => {
  const { cooldown, ...settings } = resolveSettings({ preset: 'vivid', schedule: 'cosine', momentum: 0.9 });
  expect(cooldown).toBeUndefined();
  expect(settings).toMatchObject({ schedule: 'cosine', steps: PRESET_SETTINGS.vivid.steps });
  expect(settings).not.toHaveProperty('momentum');
});

test('a range of magnifications upside down is refused', () => {
  expect(() => resolveSettings({ scale: [1.2, 0.9] })).toThrow(
    'the plan: expected the smaller magnification first for render.scale, received [1.2,0.9]\nSwap the two.',
  );
});

describe('further settings', () => {
  test('are left out where they change nothing, so that a render’s key stays', () => {
    const plain = { parameterisation: 'fourier', grey_scale: false, position: 'centre', cosine_power: 0, momentum: 0.9 } as const;
    expect(resolveSettings({ ...plain, objective: 'neuron' })).toEqual(resolveSettings({ objective: 'neuron' }));
    expect(Object.keys(resolveSettings({ ...plain, objective: 'neuron' }))).toHaveLength(Object.keys(PRESET_SETTINGS.atlas).length);
    expect(resolveSettings({ schedule: 'cooldown', cooldown: 0.3 })).toEqual(resolveSettings({ schedule: 'cooldown' }));
    expect(resolveSettings({ momentum: 0 })).toEqual({ ...resolveSettings({}), momentum: 0 });
  });

  test('a parameterisation brings its own rate, unless the plan says one', () => {
    expect(resolveSettings({ parameterisation: 'pixel' }).learning_rate).not.toBe(resolveSettings({}).learning_rate);
    expect(resolveSettings({ parameterisation: 'pixel', learning_rate: 0.3 }).learning_rate).toBe(0.3);
    expect(resolveSettings({}, { parameterisation: 'maco' })).toMatchObject({ parameterisation: 'maco', decay_power: 1.2 });
  });

  test('an array is pinned to what it holds, and refused when it holds something else', async () => {
    const file = path.join(temporaryFolder('pin'), 'picture.npy');
    await writeFile(file, formatNpy(float32([3, 2, 2], new Float32Array(12))));
    const { reference } = resolveSettings({ objective: 'caricature', reference: file });
    expect(reference).toMatchObject({ file, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const elsewhere = `${file}.copy.npy`;
    await copyFile(file, elsewhere);
    const sha256 = typeof reference === 'object' ? reference.sha256 : '';
    const key = (settings: RenderSettings) => renderKey({ weights: '', layer: '', settings }, 'channel-0', new Float32Array(1), 0);
    const [here, there] = [file, elsewhere].map((of) => resolveSettings({ objective: 'caricature', reference: of }));
    expect(key(there)).toBe(key(here));
    expect(key({ ...here, reference: { file, sha256: '0'.repeat(64) } })).not.toBe(key(here));
    await writeFile(file, formatNpy(float32([3, 2, 2], new Float32Array(12).fill(1))));
    expect(() => resolveSettings({ objective: 'caricature', reference: { file, sha256 } })).toThrow(
      `${file}: expected the array with SHA-256 ${sha256} for the array, received`,
    );
    expect(() => resolveSettings({ objective: 'caricature', reference: 'no/such.npy' })).toThrow(
      'no/such.npy: expected a file that can be read',
    );
  });

  test.each<[Partial<RenderSettings>, string]>([
    [{ cooldown: 0.2 }, 'nothing without that schedule for render.cooldown, received 0.2'],
    [{ levels: 3 }, 'nothing without the parameterisation "laplacian-pyramid" for render.levels, received 3'],
    [{ cppn: { layers: 4 } }, 'nothing without the parameterisation "cppn" for render.cppn, received {"layers":4}'],
    [{ low_resolution: [{ factor: 2 }] }, 'nothing without the parameterisation "low-resolution" for render.low_resolution'],
    [{ parameterisation: 'pixel', levels: 3 }, 'nothing without the parameterisation "laplacian-pyramid"'],
    [{ parameterisation: 'low-resolution' }, 'the smaller pictures of "low-resolution" for render.low_resolution, received nothing'],
    [
      { parameterisation: 'laplacian-pyramid', levels: 8, size: 64 },
      'pictures of one pixel or more, moved by 64 at most for render.levels',
    ],
    [
      { parameterisation: 'low-resolution', low_resolution: [{ factor: 2, offset: 200 }] },
      'pictures of one pixel or more, moved by 128 at most for render.low_resolution',
    ],
    [{ parameterisation: 'maco', transparency: { mean_alpha: 0.5 } }, 'no weights, since the alpha of "maco" is not optimised'],
    [{ penalties: [{ kind: 'boundary', weight: 1, width: 65 }] }, 'a boundary of at most 64 pixels for render.penalties'],
    [{ position: [0, 0] }, 'nothing without the objective "neuron" for render.position, received [0,0]'],
    [{ objective: 'deepdream', cosine_power: 2 }, 'nothing with "deepdream", which has no direction for render.cosine_power, received 2'],
    [{ objective: 'cosine', cosine_power: 2 }, 'nothing with "cosine", which is one for render.cosine_power'],
    [{ objective: 'caricature' }, 'the picture of the caricature for render.reference, received nothing'],
    [{ group: { pictures: 4 } }, 'a diversity, an alignment or a share for render.group, received {"pictures":4}'],
    [{ group: { pictures: 4, diversity: 1, decay_ratio: 2 } }, 'no decay_ratio without an alignment for render.group'],
  ])('that contradict each other are refused: %o', (said, message) => {
    expect(() => resolveSettings(said)).toThrow(`the plan: expected ${message}`);
  });
});
