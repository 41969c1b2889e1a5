/** Whatever the settings: a picture is the same to the byte alone and among others, at any place and at any batch size. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { RenderSettings } from '../../data/schema.ts';
import { formatNpy } from '../../generator/graph/npy.ts';
import { float32 } from '../../generator/graph/tensor.ts';
import { openRenderer } from '../../generator/render/open.ts';
import { resolveSettings } from '../../generator/render/presets.ts';
import { openOnnxRuntime } from '../../generator/runtime/onnxruntime.ts';
import { temporaryFolder } from '../temporary.ts';
import { draws, tinyModel } from './tiny-model.ts';

const SIZE = 16;
const PICTURE = path.join(temporaryFolder('neighbours'), 'picture.npy');
await writeFile(
  PICTURE,
  formatNpy(
    float32(
      [3, SIZE, SIZE],
      draws('picture', 3 * SIZE * SIZE, 0.1).map((value) => value + 0.5),
    ),
  ),
);

const CASES: [string, Partial<RenderSettings>, number][] = [
  ['fourier', {}, 3],
  ['without momentum, with a cooldown', { momentum: 0, schedule: 'cooldown' }, 3],
  ['pixel', { parameterisation: 'pixel' }, 3],
  ['laplacian-pyramid', { parameterisation: 'laplacian-pyramid' }, 3],
  ['low-resolution', { parameterisation: 'low-resolution', low_resolution: [{ factor: 2 }, { factor: 3, offset: 1 }] }, 3],
  ['maco', { parameterisation: 'maco' }, 3],
  ['maco with alpha', { parameterisation: 'maco', transparency: {} }, 3],
  ['cppn', { parameterisation: 'cppn' }, 3],
  ['grey', { grey_scale: true }, 3],
  ['transparency', { transparency: {} }, 3],
  ['one channel', {}, 1],
  ['thirteen channels', {}, 13],
  ['a cosine to the second power', { cosine_power: 2 }, 3],
  ['a neuron at a place', { objective: 'neuron', position: [1, 2] }, 3],
  ['the cosine', { objective: 'cosine' }, 3],
  ['a dream', { objective: 'deepdream' }, 3],
  ['a caricature', { objective: 'caricature', reference: PICTURE, cosine_power: 1 }, 3],
  [
    'penalties',
    {
      penalties: [
        { kind: 'l1', weight: 0.1 },
        { kind: 'l2', weight: 0.1 },
        { kind: 'total-variation', weight: 0.1 },
        { kind: 'blur', weight: 0.1 },
        { kind: 'boundary', weight: 0.1, width: 3 },
        { kind: 'input-difference', weight: 0.1, picture: PICTURE },
      ],
    },
    3,
  ],
  ['diversity', { group: { pictures: 2, diversity: 1 } }, 3],
  ['a share', { group: { pictures: 2, share: 2 } }, 3],
  ['penalties on layers', { penalties: [{ kind: 'l2', weight: 0.1, layer: 'third' }] }, 3],
  ['alignment', { group: { pictures: 3, alignment: 1, layer: 'third' } }, 3],
];

test.each(CASES)('%s', async (_, said, colours) => {
  const moves = { size: SIZE, steps: 4, pad: 2, jitter: 2, final_jitter: 1, redirect_steps: 1 };
  const settings = resolveSettings({ ...moves, ...said });
  const pictures = settings.group?.pictures ?? 1;
  const unit = (channel: number) =>
    Array.from({ length: pictures }, (_, seed) => {
      const direction = new Float32Array(6);
      direction[channel] = 1;
      return { unit: `channel-${channel}`, direction, seed };
    });
  const open = (units: number) =>
    openRenderer({
      model: tinyModel(colours),
      runtime: openOnnxRuntime({ threads: 2 }),
      layer: 'first',
      settings,
      batch: units * pictures,
    });
  const [several, one] = await Promise.all([open(3), open(1)]);
  const among = await several.render([1, 2, 4].flatMap(unit));
  const turned = await several.render([4, 1, 2].flatMap(unit));
  const few = await several.render(unit(2));
  const alone = await one.render(unit(2));
  await Promise.all([several.dispose(), one.dispose()]);
  const expected = among.slice(pictures, 2 * pictures);
  expect(expected.map(({ state }) => state)).not.toContain('diverged');
  expect(turned.slice(2 * pictures)).toEqual(expected);
  expect(few).toEqual(expected);
  expect(alone).toEqual(expected);
  if (settings.objective !== 'caricature') expect(among[0].pixels).not.toEqual(expected[0].pixels);
});
