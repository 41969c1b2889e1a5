/** Presets: what a plan changes, and settings that contradict each other. */
import { expect, test } from 'vitest';
import { PRESET_SETTINGS, resolveSettings } from '../../generator/render/presets.ts';
import { canvasSize } from '../../generator/render/transformation.ts';

test('the layer goes before the plan, and the plan before its preset', () => {
  const settings = resolveSettings({ preset: 'lucid', steps: 7, size: 64 }, { size: 96 });
  expect(settings).toEqual({ ...PRESET_SETTINGS.lucid, steps: 7, size: 96 });
});

test('the default preset shows the network a canvas of the picture’s size, Lucid’s one that is 12 pixels larger', () => {
  expect(canvasSize(resolveSettings({}))).toBe(128);
  expect(canvasSize(resolveSettings({ preset: 'lucid' }))).toBe(140);
});

test('shifts that leave too little of the picture are refused with the padding that would do', () => {
  expect(() => resolveSettings({ size: 24, pad: 2, jitter: 16, final_jitter: 8 })).toThrow(
    'the plan: expected at least 6, so that the shifts leave half of 24 pixels in view for render.pad, received 2\nRaise the padding, or lower jitter and final_jitter.',
  );
  expect(canvasSize(resolveSettings({ size: 24, pad: 6, jitter: 16, final_jitter: 8 }))).toBe(12);
});

test('a range of magnifications upside down is refused', () => {
  expect(() => resolveSettings({ scale: [1.2, 0.9] })).toThrow(
    'the plan: expected the smaller magnification first for render.scale, received [1.2,0.9]\nSwap the two.',
  );
});
