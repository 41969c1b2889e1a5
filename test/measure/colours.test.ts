/** Networks of other than three colours are measured on pictures as they would see them. */
import { expect, test } from 'vitest';
import { writePlanar } from '../../generator/measure/picture.ts';
import { pooledRows } from '../../generator/measure/pooled-rows.ts';
import { PRESET_SETTINGS } from '../../generator/render/presets.ts';
import { openProbe } from '../../generator/render/probe.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { tinyModel } from '../render/tiny-model.ts';
import { deadLeaves } from './dead-leaves.ts';

const SIZE = 16;
const runtime = openOnnxRuntime({ threads: 1 });
const open = (colours: number) =>
  openProbe({ model: tinyModel(colours), runtime, layer: 'first', settings: { ...PRESET_SETTINGS.atlas, size: SIZE }, batch: 2 });

test('one channel sees the mean of the colours, two see red and green', () => {
  const picture = { size: 1, pixels: Uint8Array.of(255, 102, 0) };
  const seen = (colours: number) => {
    const out = new Float32Array(colours);
    writePlanar(picture, out, 0, colours);
    return [...out].map((value) => Number(value.toFixed(6)));
  };
  expect([seen(1), seen(2), seen(3)]).toEqual([[0.466667], [1, 0.4], [1, 0.4, 0]]);
});

test.each([1, 2])('a network of %i channels sees pictures as they are read one by one', async (colours) => {
  const probe = await open(colours);
  const rows: number[] = [];
  for await (const some of pooledRows(
    probe,
    [0, 1, 2].map((i) => deadLeaves(i, SIZE)),
  ))
    rows.push(...some);
  const planar = new Float32Array(colours * SIZE * SIZE);
  writePlanar(deadLeaves(2, SIZE), planar, 0, colours);
  const alone = await probe.pooled(planar, 1);
  await probe.dispose();
  expect(rows).toHaveLength(3 * alone.length);
  expect(rows.slice(2 * alone.length)).toEqual([...alone]);
  expect(new Set(alone).size).toBeGreaterThan(1);
});

test('more than three channels, which no picture holds, are refused with what is left', async () => {
  const probe = await open(4);
  await expect(pooledRows(probe, [deadLeaves(0, SIZE)]).next()).rejects.toThrow(
    /received "4 channels"\nThe pictures are rendered and kept/,
  );
  await probe.dispose();
});
